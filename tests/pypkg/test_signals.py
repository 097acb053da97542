# SPDX-License-Identifier: GPL-2.0
"""Signals while the main thread waits, as with threading's locks."""

import os
import signal
import threading
import time

import kgil
from helpers import PATIENCE, TestCase, wait_until


class Stop(Exception):
    """What the handler raises."""


def kinds():
    """A lock of each kind, to be taken by another thread."""
    return [
        kgil.Lock(),
        kgil.Lock(shared=True),
        kgil.RLock(),
        kgil.RLock(shared=True),
        kgil.Semaphore(),
        kgil.BoundedSemaphore(shared=True),
        kgil.GIL(),
    ]


class Signals(TestCase):
    def setUp(self):
        self.signals = 0
        self.most = 1
        for number in (signal.SIGALRM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)

    def handle(self, _number, _frame):
        """Let it happen so often, then raise."""
        self.signals += 1
        if self.signals >= self.most:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Stop

    def every(self, seconds):
        """A signal again and again: one that comes before the wait is no use."""
        signal.signal(signal.SIGALRM, self.handle)
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)

    def check_interrupted(self, lock, function):
        self.signals = 0
        owner = self.contend(lock)
        self.assertTrue(owner.has.wait(PATIENCE))
        self.every(0.02)
        self.assertRaises(Stop, function)
        self.assertEqual(lock.waiters, 0)
        self.assertGreater(lock.interrupts, 0)
        owner.let()
        # Nothing of the wait is left: it is free, and can be taken once.
        self.assertTrue(lock.acquire(False))
        lock.release()

    def test_acquire(self):
        for lock in kinds():
            with self.subTest(lock=lock):
                self.check_interrupted(lock, lock.acquire)

    def test_acquire_with_a_timeout(self):
        for lock in kinds():
            with self.subTest(lock=lock):
                self.check_interrupted(lock, lambda lock=lock: lock.acquire(timeout=PATIENCE))

    def test_with(self):
        for lock in kinds():
            with self.subTest(lock=lock):
                self.check_interrupted(lock, lock.__enter__)

    def test_ctrl_c(self):
        """Python's own handler, which raises KeyboardInterrupt."""
        lock = kgil.Lock()
        lock.acquire()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        done = threading.Event()

        def press():
            wait_until(lambda: lock.waiters)
            # It may be about to wait only, and a second press would be one too many.
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
            done.set()

        thread = threading.Thread(target=press)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            lock.acquire(timeout=PATIENCE)
        thread.join()
        self.assertTrue(done.is_set())
        self.assertTrue(lock.locked())
        self.assertEqual(lock.timeouts, 0)

    def test_a_handler_that_returns(self):
        """The wait goes on, and the timeout does not begin anew."""
        self.most = 10**9
        for lock in kinds():
            with self.subTest(lock=lock):
                self.contend(lock)
                self.signals = 0
                self.every(0.05)
                begin = time.monotonic()
                self.assertIs(lock.acquire(timeout=0.5), False)
                waited = time.monotonic() - begin
                signal.setitimer(signal.ITIMER_REAL, 0)
                self.assertGreaterEqual(waited, 0.5)
                self.assertLess(waited, 5)
                self.assertGreater(self.signals, 0)
                self.assertEqual(lock.timeouts, 1)

    def test_a_handler_that_releases(self):
        """The handler runs in the thread that waits, while it waits."""
        lock = kgil.Lock()
        lock.acquire()
        signal.signal(signal.SIGALRM, lambda *_: lock.locked() and lock.release())
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        self.assertTrue(lock.acquire(timeout=PATIENCE))
        signal.setitimer(signal.ITIMER_REAL, 0)

    def test_a_gil_is_owned_after_yield(self):
        """Also if a signal ended the wait, and its handler raised."""
        gil = kgil.GIL()
        gil.acquire()
        other = self.contend(gil)
        self.every(0.05)
        threading.Timer(0.5, other.may_end.set).start()
        self.assertRaises(Stop, gil.yield_)
        self.assertTrue(gil.owned())
        self.assertTrue(other.result)
        gil.release()
