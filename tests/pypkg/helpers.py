# SPDX-License-Identifier: GPL-2.0
"""What the tests of the package share."""

import os
import subprocess
import sys
import threading
import time
import unittest

import kgil

# The guest is emulated, and may be slow; nothing takes so long unless it hangs.
PATIENCE = 60

on_module = kgil.backend == "module"


def wait_until(condition):
    """Wait until a condition is true, as it will be soon."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it never came true")
        time.sleep(0.005)


def descriptors():
    """The descriptors that are open, but for the one that tells."""
    return {fd for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")}


def python(code, *args, status=0, **environ):
    """Run a program in another Python; its output and errors as one text."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **environ},
        check=False,
    )
    if done.returncode != status:
        raise AssertionError(f"exit status {done.returncode}, not {status}: {done.stdout}")
    return done.stdout


def in_child(function):
    """Fork; True if function() returned something true in the child."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            status = 0 if function() else 1
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


class Contender(threading.Thread):
    """Waits for a lock in a thread of its own, then has it until let()."""

    def __init__(self, lock, **arguments):
        super().__init__(daemon=True)
        self.lock = lock
        self.arguments = arguments
        self.result = None
        self.has = threading.Event()
        self.may_end = threading.Event()
        self.start()

    def run(self):
        self.result = self.lock.acquire(**self.arguments)
        self.has.set()
        self.may_end.wait(PATIENCE)
        if self.result:
            self.lock.release()

    def let(self):
        self.may_end.set()
        self.join(PATIENCE)
        assert not self.is_alive()


class TestCase(unittest.TestCase):
    """With threads that wait for a lock, and end with the test."""

    def contend(self, lock, **arguments):
        """A thread that waits for a lock which is taken."""
        before = lock.waiters
        contender = Contender(lock, **arguments)
        self.addCleanup(contender.let)
        wait_until(lambda: lock.waiters > before or contender.has.is_set())
        return contender

    def assertFails(self, exception, message, function, *args, **kwargs):
        """It raises exactly this."""
        with self.assertRaises(exception) as caught:
            function(*args, **kwargs)
        self.assertIs(type(caught.exception), exception)
        self.assertEqual(str(caught.exception), message)

    def assertRaisesErrno(self, number, function, *args, **kwargs):
        """It raises OSError with this errno."""
        with self.assertRaises(OSError) as caught:
            function(*args, **kwargs)
        self.assertEqual(caught.exception.errno, number)
