# SPDX-License-Identifier: GPL-2.0
"""Locks that several processes share."""

import errno
import mmap
import multiprocessing
import os
import pickle
import signal
import socket
import struct
import warnings

import kgil
from helpers import PATIENCE, TestCase, descriptors, in_child, on_module, wait_until

CLASSES = (kgil.Lock, kgil.RLock, kgil.Semaphore, kgil.BoundedSemaphore, kgil.GIL)


def make(cls):
    return cls() if cls is kgil.GIL else cls(shared=True)


def add_in_child(lock, connection):
    """What a process does that multiprocessing started."""
    received = connection.recv()
    with lock:
        connection.send((type(lock).__name__, lock.object_id, received.object_id))
    received.release()
    connection.recv()


class Processes(TestCase):
    def test_fork(self):
        """Each adds 1 many times to the same number in memory."""
        for cls in CLASSES:
            lock = make(cls)
            memory = mmap.mmap(-1, 8)

            def add(lock=lock, memory=memory):
                for _ in range(300):
                    with lock:
                        value = struct.unpack("q", memory[:])[0]
                        memory[:] = struct.pack("q", value + 1)
                return True

            pids = []
            for _ in range(3):
                pid = os.fork()
                if not pid:
                    os._exit(0 if add() else 1)
                pids.append(pid)
            for pid in pids:
                self.assertEqual(os.waitpid(pid, 0)[1], 0)
            self.assertEqual(struct.unpack("q", memory[:])[0], 900)
            self.assertEqual(lock.acquisitions, 900)

    def test_a_private_lock_is_not_shared(self):
        lock = kgil.Lock()
        self.assertTrue(in_child(lambda: lock.acquire(False)))
        self.assertFalse(lock.locked())
        self.assertFails(
            ValueError, "kgil.Lock is private and has no descriptor to share; shared=True",
            lock.fileno,
        )

    def test_release_by_another_process(self):
        lock = kgil.Lock(shared=True)
        lock.acquire()
        self.assertTrue(in_child(lambda: lock.locked() and lock.release() is None))
        self.assertFalse(lock.locked())
        rlock = kgil.RLock(shared=True)
        rlock.acquire()
        self.assertTrue(
            in_child(lambda: not rlock._is_owned() and not rlock.acquire(False) and rlock.locked())
        )
        rlock.release()

    def test_a_descriptor_sent(self):
        """With SCM_RIGHTS, as any program can."""
        for cls in CLASSES:
            lock = make(cls)
            lock.acquire()
            here, there = socket.socketpair()

            def child(cls=lock.__class__, there=there):
                fd = socket.recv_fds(there, 1, 1)[1][0]
                got = cls.from_fd(fd)
                there.send(b"x")
                return got.acquire(timeout=PATIENCE)

            pid = os.fork()
            if not pid:
                os._exit(0 if child() else 1)
            socket.send_fds(here, [b"x"], [lock.fileno()])
            here.recv(1)
            lock.release()
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
            here.close()
            there.close()

    def test_multiprocessing(self):
        """As an argument of a process that is spawned, and by a connection."""
        context = multiprocessing.get_context("spawn")
        lock, sent = kgil.Lock(shared=True), kgil.Semaphore(0, shared=True)
        here, there = context.Pipe()
        process = context.Process(target=add_in_child, args=(lock, there))
        process.start()
        here.send(sent)
        self.assertEqual(here.recv(), ("Lock", lock.object_id, sent.object_id))
        self.assertTrue(sent.acquire(timeout=PATIENCE))
        here.send(None)
        process.join(PATIENCE)
        self.assertEqual(process.exitcode, 0)
        self.assertFails(TypeError, "cannot pickle 'kgil.Lock' object", pickle.dumps, lock)
        self.assertRaises(TypeError, here.send, kgil.Lock())

    def test_from_fd(self):
        for cls in CLASSES:
            for other in CLASSES:
                lock = make(other)
                fd = os.dup(lock.fileno())
                same = {cls, other} <= {kgil.Semaphore, kgil.BoundedSemaphore} or cls is other
                if same:
                    got = cls.from_fd(fd)
                    self.assertEqual(got.object_id, lock.object_id)
                    got.acquire()
                    del got
                    self.assertRaises(OSError, os.fstat, fd)
                else:
                    self.assertRaises(ValueError, cls.from_fd, fd)
                    os.close(fd)

    def test_open(self):
        """By a name: another descriptor of the same object, until nobody has it."""
        name = f"test of {os.getpid()}"
        for cls in kgil.Lock, kgil.RLock, kgil.GIL:
            if kgil.backend == "futex":
                self.assertRaisesErrno(errno.ENOTSUP, cls.open, name)
                continue
            self.assertRaisesErrno(errno.ENOENT, cls.open, name, create=False)
            lock = cls.open(name, mode=0o644)
            other = cls.open(name, create=False)
            self.assertNotEqual(lock.fileno(), other.fileno())
            self.assertEqual(lock.object_id, other.object_id)
            self.assertIs(type(lock), cls)
            lock.acquire()
            pid = os.fork()
            if not pid:
                os._exit(not cls.open(name).acquire(timeout=PATIENCE))
            wait_until(lambda lock=lock: lock.waiters == 1)
            lock.release()
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
            self.assertRaisesErrno(errno.EEXIST, cls.open, name, exclusive=True)
            wrong = kgil.GIL if cls is kgil.Lock else kgil.Lock
            self.assertRaisesErrno(errno.EINVAL, wrong.open, name)
            del lock
            self.assertEqual(cls.open(name).object_id, other.object_id)
            del other
            self.assertRaisesErrno(errno.ENOENT, cls.open, name, create=False)

    def test_open_of_what_is_no_name(self):
        before = descriptors()
        for bad in "", "x" * 64, "x\0y":
            self.assertRaises(ValueError, kgil.Lock.open, bad)
        self.assertRaises(ValueError, kgil.Lock.open, "x", create=False, exclusive=True)
        self.assertRaises(TypeError, kgil.Lock.open)
        self.assertRaises(TypeError, kgil.Lock.open, 1)
        if kgil.backend == "module":
            self.assertRaisesErrno(errno.EINVAL, kgil.Lock.open, "a/b")
            self.assertRaisesErrno(errno.EINVAL, kgil.Lock.open, "x", mode=0o777)
        self.assertEqual(descriptors(), before)

    def test_what_is_no_lock(self):
        with open("/dev/null", "rb") as null:
            self.assertRaises(OSError, kgil.Lock.from_fd, null.fileno())
            self.assertTrue(os.fstat(null.fileno()))
        self.assertRaises(OSError, kgil.Lock.from_fd, 10**6)
        self.assertFails(
            ValueError, "a descriptor is a number from 0, not -1", kgil.Lock.from_fd, -1
        )
        self.assertRaises(TypeError, kgil.Lock.from_fd, "x")
        self.assertRaises(OverflowError, kgil.Lock.from_fd, 2**70)

    def test_the_end_of_a_shared_lock(self):
        before = descriptors()
        for cls in CLASSES:
            locks = [make(cls) for _ in range(20)]
            self.assertEqual(len(descriptors() - before), 20)
            self.assertEqual(len({lock.fileno() for lock in locks}), 20)
            del locks
            self.assertEqual(descriptors(), before)


class Death(TestCase):
    """Of a process that owns a lock."""

    def die_with(self, lock):
        pid = os.fork()
        if not pid:
            lock.acquire()
            os.kill(os.getpid(), signal.SIGKILL)
        self.assertEqual(os.waitpid(pid, 0)[1], signal.SIGKILL)

    def test_the_next_owner_is_told(self):
        for lock in (kgil.RLock(shared=True), kgil.GIL()):
            self.assertFalse(lock.owner_died)
            self.die_with(lock)
            with self.assertWarnsRegex(RuntimeWarning, "the last owner died holding this lock"):
                self.assertTrue(lock.acquire(timeout=PATIENCE))
            self.assertTrue(lock.locked())
            self.assertTrue(lock.owner_died)
            self.assertEqual(lock.owner_deaths, 1)
            lock.owner_died = False
            lock.release()
            with warnings.catch_warnings(record=True) as caught, lock:
                pass
            self.assertEqual(caught, [])
            self.assertFalse(lock.owner_died)

    def test_a_deadlock_is_refused(self):
        for cls in (kgil.GIL, lambda: kgil.RLock(shared=True)):
            mine, other = cls(), cls()
            mine.acquire()
            here, there = os.pipe()
            pid = os.fork()
            if not pid:
                other.acquire()
                os.write(there, b"x")
                mine.acquire()
                os._exit(0)
            os.read(here, 1)
            wait_until(lambda: mine.waiters)
            self.assertFalse(other.acquire(blocking=False))
            for arguments in ({}, {"timeout": PATIENCE}) if on_module else ():
                with self.assertRaisesRegex(RuntimeError, "^deadlock: the owner waits"):
                    other.acquire(**arguments)
            if not on_module:
                self.assertFalse(other.acquire(timeout=0.05))
            self.assertEqual(other.deadlocks, 2 if on_module else 0)
            self.assertEqual(mine.deadlocks, 0)
            mine.release()
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
            os.close(here)
            os.close(there)

    def test_a_waiter_is_told(self):
        for lock in (kgil.RLock(shared=True), kgil.GIL()):
            here, there = os.pipe()
            pid = os.fork()
            if not pid:
                lock.acquire()
                os.write(there, b"x")
                signal.pause()
            os.read(here, 1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                waiter = self.contend(lock)
                os.kill(pid, signal.SIGKILL)
                self.assertTrue(waiter.has.wait(PATIENCE))
            os.waitpid(pid, 0)
            self.assertTrue(waiter.result)
            self.assertTrue(lock.owner_died)
            os.close(here)
            os.close(there)

    def test_where_warnings_are_errors(self):
        """It is not held by who got an exception instead."""
        for lock in (kgil.RLock(shared=True), kgil.GIL()):
            self.die_with(lock)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                self.assertRaises(RuntimeWarning, lock.acquire, timeout=PATIENCE)
            self.assertFalse(lock.locked())
            self.assertTrue(lock.owner_died)
            with lock:
                pass

    def test_owner_died_is_an_attribute(self):
        lock = kgil.RLock()
        lock.owner_died = True
        self.assertTrue(lock.owner_died)
        self.assertRaises(AttributeError, delattr, lock, "owner_died")
