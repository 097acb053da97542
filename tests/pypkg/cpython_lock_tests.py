# SPDX-License-Identifier: GPL-2.0
"""CPython's own tests of its locks, test.lock_tests, on the locks of kgil.

usage: cpython_lock_tests.py TEST-DIRECTORY

TEST-DIRECTORY is where the package test of this Python's test suite is, as
scripts/python-tests says.  Condition, Event and Barrier are threading's, but all
locks that threading makes are kgil's, those of Thread too.
"""

import functools
import sys
import threading
import unittest

import test

import kgil
import tap

test.__path__.append(sys.argv[1])
from test import lock_tests  # noqa: E402

ORIGINAL = threading.Lock, threading.RLock, threading._allocate_lock, threading._CRLock


def setUpModule():
    threading.Lock = threading._allocate_lock = kgil.Lock
    threading.RLock = threading._CRLock = kgil.RLock


def tearDownModule():
    threading.Lock, threading.RLock, threading._allocate_lock, threading._CRLock = ORIGINAL


class LockTests(lock_tests.LockTests):
    locktype = kgil.Lock


class SharedLockTests(lock_tests.LockTests):
    locktype = staticmethod(functools.partial(kgil.Lock, shared=True))
    # It is the parent's, too, and a fork leaves it as it is.
    test_at_fork_reinit = None


class RLockTests(lock_tests.RLockTests):
    locktype = kgil.RLock


class SharedRLockTests(lock_tests.RLockTests):
    locktype = staticmethod(functools.partial(kgil.RLock, shared=True))


class ConditionAsRLockTests(lock_tests.RLockTests):
    locktype = staticmethod(threading.Condition)


class SemaphoreTests(lock_tests.SemaphoreTests):
    semtype = kgil.Semaphore


class SharedSemaphoreTests(lock_tests.SemaphoreTests):
    semtype = staticmethod(functools.partial(kgil.Semaphore, shared=True))


class BoundedSemaphoreTests(lock_tests.BoundedSemaphoreTests):
    semtype = kgil.BoundedSemaphore


class SharedBoundedSemaphoreTests(lock_tests.BoundedSemaphoreTests):
    semtype = staticmethod(functools.partial(kgil.BoundedSemaphore, shared=True))


class ConditionTests(lock_tests.ConditionTests):
    condtype = staticmethod(threading.Condition)


class SharedConditionTests(lock_tests.ConditionTests):
    @staticmethod
    def condtype(lock=None):
        return threading.Condition(lock or kgil.RLock(shared=True))


class EventTests(lock_tests.EventTests):
    eventtype = staticmethod(threading.Event)


class BarrierTests(lock_tests.BarrierTests):
    barriertype = staticmethod(threading.Barrier)


if __name__ == "__main__":
    found = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    sys.exit(tap.run(found, f"{kgil.backend}: lock_tests."))
