# SPDX-License-Identifier: GPL-2.0
"""Kernel objects: when a lock has one, what it tells, what if there is none."""

import threading
import time

import kgil
from helpers import PATIENCE, TestCase, descriptors, on_module, python, wait_until

FEW_DESCRIPTORS = """
import os, resource, threading, time, warnings
warnings.simplefilter("ignore")
import kgil
lock = kgil.Lock()
lock.acquire()
taken = [os.open("/dev/null", os.O_RDONLY)]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        taken.append(os.dup(taken[0]))
except OSError:
    pass
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for i in range(3):
        thread = threading.Thread(target=lock.acquire)
        thread.start()
        while not lock.waiters:
            pass
        time.sleep(0.3)         # until it waits indeed
        lock.release()
        thread.join()
        assert lock.locked()
    try:
        kgil.Lock(shared=True)
    except OSError as error:
        print(type(error).__name__, error.errno)
print(lock.object_id, [str(warning.message)[:54] for warning in caught])
"""


class Descriptors(TestCase):
    def test_from_the_first_contention_on(self):
        for make in (kgil.Lock, kgil.RLock, lambda: kgil.Semaphore(1), kgil.BoundedSemaphore):
            before = descriptors()
            lock = make()
            for _ in range(5):
                with lock:
                    thread = threading.Thread(target=lock.acquire, args=(False,))
                    thread.start()
                    thread.join()
            self.assertEqual(descriptors(), before)
            self.assertIsNone(lock.object_id)

            lock = make()
            lock.acquire()
            waiter = self.contend(lock)
            if on_module:
                wait_until(lambda lock=lock: lock.object_id is not None)
                self.assertEqual(len(descriptors() - before), 1)
            lock.release()
            self.assertTrue(waiter.has.wait(PATIENCE))
            waiter.let()
            for _ in range(100):
                lock.acquire()
                lock.release()
            self.assertEqual(len(descriptors() - before), 1 if on_module else 0)
            del lock, waiter
            self.doCleanups()
            self.assertEqual(descriptors(), before)

    def test_ids(self):
        one, other = kgil.Lock(shared=True), kgil.GIL()
        self.assertNotEqual(one.object_id, other.object_id)
        self.assertGreater(one.object_id, 0)

    def test_without_descriptors(self):
        """A contended lock works, and says once that it has no kernel object."""
        said = python(FEW_DESCRIPTORS)
        warning = "['kgil: a contended lock got no kernel object, and waits']"
        self.assertEqual(said, f"OSError 24\nNone {warning if on_module else '[]'}\n")


class Statistics(TestCase):
    def test_of_a_new_lock(self):
        for lock in (kgil.Lock(), kgil.Lock(shared=True), kgil.RLock(), kgil.Semaphore()):
            self.assertEqual(lock.stats, (0, 0, 0, 0, None, None, 0, 0, 0, 0, 0, 0, 0, 0))
            self.assertEqual(lock.waiters, 0)

    def test_attributes_are_fields(self):
        fields = [name for name in dir(kgil.Stats) if not name.startswith(("_", "n_"))]
        for name in ("count", "index"):
            fields.remove(name)
        self.assertEqual(len(fields), 14)
        for lock in (kgil.Lock(), kgil.RLock(), kgil.Semaphore(), kgil.GIL()):
            for name in fields:
                self.assertEqual(getattr(lock, name), getattr(lock.stats, name))
        self.assertRaises(AttributeError, setattr, kgil.Lock(), "acquisitions", 1)

    def test_of_a_wait(self):
        for lock in (
            kgil.Lock(),
            kgil.Lock(shared=True),
            kgil.RLock(),
            kgil.RLock(shared=True),
            kgil.Semaphore(),
            kgil.Semaphore(shared=True),
            kgil.GIL(),
        ):
            with self.subTest(lock=lock):
                begin = time.monotonic_ns()
                lock.acquire()
                waiter = self.contend(lock)
                wait_until(lambda lock=lock: lock.waiters == 1)
                time.sleep(0.05)
                lock.release()
                self.assertTrue(waiter.has.wait(PATIENCE))
                most = time.monotonic_ns() - begin
                waiter.let()
                self.assertEqual(lock.waiters, 0)
                self.assertEqual(lock.acquisitions, 2)
                self.assertEqual(lock.contentions, 1)
                self.assertEqual(lock.wait_total_ns, lock.wait_max_ns)
                self.assertGreaterEqual(lock.wait_max_ns, 40_000_000)
                self.assertLessEqual(lock.wait_max_ns, most)
                self.assertEqual(lock.timeouts, 0)

    def test_of_a_timeout(self):
        for lock in (kgil.Lock(), kgil.Lock(shared=True)):
            lock.acquire()
            self.assertFalse(lock.acquire(timeout=0.02))
            self.assertFalse(lock.acquire(False))
            self.assertEqual((lock.contentions, lock.timeouts, lock.acquisitions), (1, 1, 1))
            self.assertGreaterEqual(lock.wait_total_ns, 20_000_000)

    def test_of_holds(self):
        for lock in (
            kgil.Lock(timed=True),
            kgil.Lock(shared=True, timed=True),
            kgil.RLock(timed=True),
            kgil.RLock(shared=True, timed=True),
            kgil.GIL(timed=True),
        ):
            with self.subTest(lock=lock):
                self.assertEqual((lock.hold_total_ns, lock.hold_max_ns), (0, 0))
                begin = time.monotonic_ns()
                for seconds in (0.01, 0.03):
                    with lock:
                        time.sleep(seconds)
                most = time.monotonic_ns() - begin
                self.assertGreaterEqual(lock.hold_max_ns, 30_000_000)
                self.assertGreaterEqual(lock.hold_total_ns, lock.hold_max_ns + 10_000_000)
                self.assertLessEqual(lock.hold_total_ns, most)

    def test_a_release_that_fails_is_no_hold(self):
        lock = kgil.Lock(timed=True)
        self.assertRaises(RuntimeError, lock.release)
        self.assertEqual(lock.hold_total_ns, 0)
