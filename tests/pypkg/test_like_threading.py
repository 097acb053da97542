# SPDX-License-Identifier: GPL-2.0
"""The classes are like threading's: what is compared is what both do."""

import copy
import gc
import inspect
import pickle
import queue
import re
import threading
import weakref

import kgil
from helpers import PATIENCE, TestCase, in_child, python

TEXTBOOK = """
import threading

count = 0

def shared_resource():
    global count
    count += 1

lock = threading.Lock()
lock.acquire()
shared_resource()
lock.release()
print("count", count)
try:
    lock.release()
except threading.ThreadError as error:
    print("ThreadError:", error)
"""

LOCKS = [
    (threading.Lock, kgil.Lock),
    (threading.Lock, lambda: kgil.Lock(shared=True)),
    (threading.RLock, kgil.RLock),
    (threading.RLock, lambda: kgil.RLock(shared=True)),
]

SEMAPHORES = [
    (threading.Semaphore, kgil.Semaphore),
    (threading.Semaphore, lambda *args: kgil.Semaphore(*args, shared=True)),
    (threading.BoundedSemaphore, kgil.BoundedSemaphore),
    (threading.BoundedSemaphore, lambda *args: kgil.BoundedSemaphore(*args, shared=True)),
]

# Arguments of acquire() of a lock.
LOCK_ARGUMENTS = [
    ((), {}),
    ((True,), {}),
    ((False,), {}),
    ((0,), {}),
    ((None,), {}),
    ((1.5,), {}),
    (("a",), {}),
    ((2**40,), {}),
    ((False, 1), {}),
    ((False, 0), {}),
    ((False, -1), {}),
    ((True, -1), {}),
    ((True, -2), {}),
    ((True, -0.5), {}),
    ((1, 2, 3), {}),
    ((), {"blocking": False}),
    ((), {"timeout": 0}),
    ((), {"timeout": 0.001}),
    ((), {"timeout": True}),
    ((), {"timeout": None}),
    ((), {"timeout": "x"}),
    ((), {"timeout": 1j}),
    ((), {"timeout": float("nan")}),
    ((), {"timeout": float("inf")}),
    ((), {"timeout": float("-inf")}),
    ((), {"timeout": 1e10}),
    ((), {"timeout": 10**10}),
    ((), {"timeout": -(10**30)}),
    ((), {"timeout": threading.TIMEOUT_MAX}),
    ((), {"timeout": threading.TIMEOUT_MAX + 0.5}),
    ((), {"timeout": threading.TIMEOUT_MAX + 1}),
    ((), {"foo": 1}),
]

SEMAPHORE_ARGUMENTS = [
    ((), {}),
    ((True,), {}),
    ((False,), {}),
    ((None,), {}),
    (("",), {}),
    ((False, 1), {}),
    ((False, None), {}),
    ((True, 0.001), {}),
    ((), {"timeout": 0}),
    ((), {"timeout": -1}),
    ((), {"timeout": None}),
]


def outcome(function, *args, **kwargs):
    """What a call does: its result, or its exception and message."""
    try:
        return function(*args, **kwargs)
    except Exception as error:  # pylint: disable=broad-except
        return type(error), str(error)


def named_alike(text):
    """A text in which the classes of kgil have threading's names, and no address."""
    text = text.replace("kgil.", "_thread.").replace("_thread.Lock", "_thread.lock")
    return re.sub("0x[0-9a-f]+", "0x", text)


class Textbook(TestCase):
    def test_only_the_import_changes(self):
        expected = "count 1\nThreadError: release unlocked lock\n"
        self.assertEqual(python(TEXTBOOK), expected)
        changed = TEXTBOOK.replace("import threading", "import kgil as threading")
        self.assertEqual(python("import warnings; warnings.simplefilter('ignore')\n" + changed), expected)

    def test_a_second_release(self):
        lock = kgil.Lock()
        lock.acquire()
        lock.release()
        self.assertFails(kgil.ThreadError, "release unlocked lock", lock.release)
        self.assertFalse(lock.locked())
        self.assertTrue(lock.acquire(False))

    def test_kgil_as_threading(self):
        self.assertIs(kgil.Thread, threading.Thread)
        self.assertIs(kgil.ThreadError, threading.ThreadError)
        self.assertIs(kgil.get_ident, threading.get_ident)
        self.assertEqual(kgil.TIMEOUT_MAX, threading.TIMEOUT_MAX)
        self.assertEqual([name for name in threading.__all__ if not hasattr(kgil, name)], [])
        self.assertEqual([name for name in threading.__all__ if name not in dir(kgil)], [])
        self.assertFails(
            AttributeError, "module 'kgil' has no attribute 'nothing'", lambda: kgil.nothing
        )
        self.assertFails(
            AttributeError, "module 'kgil' has no attribute '_active'", lambda: kgil._active
        )

    def test_names_that_import_all_brings(self):
        names = {}
        exec("from kgil import *", names)  # pylint: disable=exec-used
        names.pop("__builtins__")
        self.assertEqual(sorted(names), sorted(kgil.__all__))


class Locks(TestCase):
    def test_acquire_of_a_free_lock(self):
        for theirs, ours in LOCKS:
            for args, kwargs in LOCK_ARGUMENTS:
                with self.subTest(lock=ours(), args=args, kwargs=kwargs):
                    self.assertEqual(
                        outcome(ours().acquire, *args, **kwargs),
                        outcome(theirs().acquire, *args, **kwargs),
                    )

    def test_acquire_of_a_taken_lock(self):
        short = [(args, kwargs) for args, kwargs in LOCK_ARGUMENTS if args == (False,)]
        short += [((), {"timeout": 0}), ((), {"timeout": 0.001}), ((), {"blocking": False})]
        for _, ours in LOCKS:
            lock = ours()
            contender = self.contend(lock)
            self.assertTrue(contender.has.is_set())
            for args, kwargs in short:
                self.assertIs(lock.acquire(*args, **kwargs), False)
            self.assertTrue(lock.locked())

    def test_what_fails_changes_nothing(self):
        for _, ours in LOCKS:
            lock = ours()
            self.assertRaises(ValueError, lock.acquire, False, 1)
            self.assertRaises(OverflowError, lock.acquire, timeout=1e10)
            self.assertRaises(RuntimeError, lock.release)
            self.assertFalse(lock.locked())
            self.assertEqual(lock.acquisitions, 0)

    def test_release(self):
        for theirs, ours in LOCKS:
            self.assertEqual(outcome(ours().release), outcome(theirs().release))
            self.assertEqual(outcome(ours().__exit__), outcome(theirs().__exit__))

    def test_repr(self):
        for theirs, ours in LOCKS:
            one, other = theirs(), ours()
            self.assertEqual(named_alike(repr(other)), named_alike(repr(one)))
        lock, rlock = kgil.Lock(), kgil.RLock()
        with lock, rlock, rlock:
            self.assertRegex(repr(lock), r"^<locked kgil\.Lock object at 0x[0-9a-f]+>$")
            ident = threading.get_ident()
            self.assertRegex(repr(rlock), rf"^<locked kgil\.RLock object owner={ident} count=2 at ")

    def test_with_gives_what_threading_does(self):
        for theirs, ours in LOCKS:
            with theirs() as one, ours() as other:
                self.assertIs(other, one)

    def test_with_passes_exceptions_on(self):
        for _, ours in LOCKS:
            lock = ours()
            with self.assertRaises(KeyError), lock:
                raise KeyError
            self.assertFalse(lock.locked())

    def test_attributes_and_arguments(self):
        self.assertRaises(AttributeError, setattr, kgil.Lock(), "x", 1)
        self.assertRaises(TypeError, kgil.Lock, 1)
        self.assertRaises(TypeError, kgil.RLock, 1)
        self.assertRaises(TypeError, kgil.Lock().release, 1)
        for name in ("acquire", "release", "__enter__", "__exit__", "locked"):
            self.assertTrue(callable(getattr(kgil.Lock(), name)))

    def test_an_rlock_is_nested(self):
        for _, ours in LOCKS[2:]:
            lock = ours()
            for depth in (1, 2, 3):
                self.assertTrue(lock.acquire())
                self.assertEqual(lock._recursion_count(), depth)
            self.assertEqual(lock.acquisitions, 1)
            for depth in (2, 1, 0):
                self.assertTrue(lock._is_owned())
                lock.release()
                self.assertEqual(lock._recursion_count(), depth)
            self.assertFalse(lock._is_owned())

    def test_an_rlock_of_another_thread(self):
        for theirs, ours in LOCKS[2:]:
            lock = ours()
            self.contend(lock)
            self.assertFails(RuntimeError, "cannot release un-acquired lock", lock.release)
            self.assertEqual(outcome(lock._release_save), outcome(theirs()._release_save))
            self.assertFalse(lock._is_owned())
            self.assertTrue(lock.locked())

    def test_save_and_restore(self):
        for _, ours in LOCKS[2:]:
            lock = ours()
            lock.acquire()
            lock.acquire()
            saved = lock._release_save()
            self.assertEqual(saved[0], 2)
            self.assertFalse(lock.locked())
            lock._acquire_restore(saved)
            self.assertEqual(lock._recursion_count(), 2)
            self.assertRaises(TypeError, lock._acquire_restore, 1)

    def test_subclass(self):
        class Named(kgil.Lock):
            def __init__(self, name):
                super().__init__()
                self.name = name

        class Lazy(kgil.Semaphore):
            def __init__(self, name):  # pylint: disable=super-init-not-called
                self.name = name

        with Named("a") as taken:
            self.assertTrue(taken)
        self.assertEqual(Lazy("b").value, 1)

    def test_init_again(self):
        lock = kgil.Lock()
        lock.acquire()
        lock.__init__()
        self.assertFalse(lock.locked())
        lock.acquire()
        self.contend(lock)
        self.assertFails(
            RuntimeError, "cannot initialize a lock that threads wait for", lock.__init__
        )
        lock.release()


class Semaphores(TestCase):
    def test_acquire(self):
        for theirs, ours in SEMAPHORES:
            for args, kwargs in SEMAPHORE_ARGUMENTS:
                with self.subTest(semaphore=ours(), args=args, kwargs=kwargs):
                    self.assertEqual(
                        outcome(ours().acquire, *args, **kwargs),
                        outcome(theirs().acquire, *args, **kwargs),
                    )

    def test_acquire_of_none(self):
        for theirs, ours in SEMAPHORES:
            one, other = theirs(), ours()
            one.acquire()
            other.acquire()
            for args, kwargs in SEMAPHORE_ARGUMENTS[2:]:
                if args != (True,) and kwargs != {"timeout": None}:
                    self.assertEqual(
                        outcome(other.acquire, *args, **kwargs),
                        outcome(one.acquire, *args, **kwargs),
                    )
            self.assertEqual(other.value, 0)

    def test_construction(self):
        for theirs, ours in SEMAPHORES:
            self.assertEqual(outcome(ours, -1), outcome(theirs, -1))
            self.assertEqual(outcome(ours, -(10**30)), outcome(theirs, -1))
            for value in ("a", None, 1.5, 1j):
                self.assertRaises(TypeError, ours, value)
            self.assertRaises(TypeError, ours, 1, 2)
            self.assertFails(OverflowError, "a semaphore counts to 2147483647 at most", ours, 2**31)
            self.assertEqual(ours(2**31 - 1).value, 2**31 - 1)

    def test_release(self):
        for theirs, ours in SEMAPHORES:
            for n in (0, -1):
                self.assertEqual(outcome(ours().release, n), outcome(theirs().release, n))
            self.assertRaises(TypeError, ours().release, "a")
            self.assertRaises(TypeError, ours().release, 1.5)
            self.assertEqual(outcome(ours().release), outcome(theirs().release))
            self.assertEqual(outcome(ours().release, n=2), outcome(theirs().release, n=2))

    def test_all_or_none(self):
        for _, ours in SEMAPHORES[2:]:
            semaphore = ours(3)
            semaphore.acquire()
            semaphore.acquire()
            self.assertFails(
                ValueError, "Semaphore released too many times", semaphore.release, 3
            )
            self.assertEqual(semaphore.value, 1)
            semaphore.release(2)
            self.assertEqual(semaphore.value, 3)

    def test_greatest_value(self):
        for _, ours in SEMAPHORES[:2]:
            semaphore = ours(2**31 - 1)
            self.assertFails(
                OverflowError, "a semaphore counts to 2147483647 at most", semaphore.release
            )
            self.assertEqual(semaphore.value, 2**31 - 1)

    def test_bounded_by_none(self):
        semaphore = kgil.BoundedSemaphore(0)
        self.assertFails(ValueError, "Semaphore released too many times", semaphore.release)
        self.assertFalse(semaphore.acquire(False))
        self.assertEqual(semaphore.initial_value, 0)
        self.assertRaises(ValueError, kgil.BoundedSemaphore, 0, shared=True)

    def test_each_unit_goes_to_one(self):
        semaphore = kgil.Semaphore(0)
        waiters = [self.contend(semaphore) for _ in range(4)]
        semaphore.release(3)
        for waiter in waiters:
            waiter.may_end.set()
        # Those that have had their unit give it back to the last one.
        for waiter in waiters:
            waiter.join(PATIENCE)
            self.assertTrue(waiter.result)
        self.assertEqual(semaphore.value, 3)

    def test_repr(self):
        for theirs, ours in SEMAPHORES:
            one = repr(theirs(2)).replace("threading.", "kgil.")
            self.assertEqual(named_alike(repr(ours(2))), named_alike(one))

    def test_class(self):
        self.assertTrue(issubclass(kgil.BoundedSemaphore, kgil.Semaphore))
        with kgil.Semaphore() as taken:
            self.assertIs(taken, True)


class InPython(TestCase):
    """As objects of Python."""

    CLASSES = (kgil.Lock, kgil.RLock, kgil.Semaphore, kgil.BoundedSemaphore, kgil.GIL)

    def test_weak_references(self):
        for cls in self.CLASSES:
            lock = cls()
            ended = []
            reference = weakref.ref(lock, ended.append)
            self.assertIs(reference(), lock)
            del lock
            gc.collect()
            self.assertIsNone(reference())
            self.assertEqual(len(ended), 1)

    def test_no_pickle(self):
        for cls in self.CLASSES:
            lock = cls()
            for function in (pickle.dumps, copy.copy, copy.deepcopy):
                self.assertFails(
                    TypeError, f"cannot pickle 'kgil.{cls.__name__}' object", function, lock
                )

    def test_documented(self):
        for cls in self.CLASSES + (kgil.Stats,):
            self.assertTrue(cls.__doc__)
            self.assertEqual(cls.__module__, "kgil")
        for cls in self.CLASSES:
            self.assertTrue(inspect.signature(cls))
            for name, member in inspect.getmembers(cls):
                if not name.startswith("__"):
                    self.assertTrue(inspect.getdoc(member), f"{cls.__name__}.{name}")
                if inspect.isroutine(member) and not name.startswith("__"):
                    self.assertTrue(inspect.signature(member), f"{cls.__name__}.{name}")

    def test_many(self):
        locks = [kgil.Lock() for _ in range(100_000)]
        for lock in locks:
            lock.acquire()
        self.assertFalse(any(lock.acquire(False) for lock in locks[::1000]))
        for lock in locks:
            lock.release()
        self.assertTrue(all(lock.object_id is None for lock in locks[::1000]))


class WithTheRestOfThreading(TestCase):
    def test_condition(self):
        for lock in (kgil.Lock(), kgil.RLock(), kgil.Lock(shared=True), kgil.RLock(shared=True)):
            condition = threading.Condition(lock)
            items = []

            def produce():
                with condition:
                    items.append(1)
                    condition.notify()

            with condition:
                self.assertFalse(condition.wait(0.01))
                thread = threading.Thread(target=produce)
                thread.start()
                self.assertTrue(condition.wait_for(lambda: items, PATIENCE))
            thread.join()
            self.assertRaises(RuntimeError, condition.notify)
            self.assertFalse(lock.locked())

    def test_queue(self):
        items = queue.Queue(2)
        items.mutex = kgil.Lock()
        for name in ("not_empty", "not_full", "all_tasks_done"):
            setattr(items, name, threading.Condition(items.mutex))
        got = []

        def consume():
            while (item := items.get(timeout=PATIENCE)) is not None:
                got.append(item)

        thread = threading.Thread(target=consume)
        thread.start()
        for item in [*range(100), None]:
            items.put(item, timeout=PATIENCE)
        thread.join(PATIENCE)
        self.assertEqual(got, list(range(100)))

    def test_no_update_is_lost(self):
        for lock in (kgil.Lock(), kgil.RLock(), kgil.BoundedSemaphore(), kgil.Lock(shared=True)):
            count = [0]

            def add():
                for _ in range(500):
                    with lock:
                        value = count[0]
                        count[0] = value + 1

            threads = [threading.Thread(target=add) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(count, [2000])
            self.assertEqual(lock.acquisitions, 2000)

    def test_at_fork_reinit(self):
        for cls in (kgil.Lock, kgil.RLock):
            lock = cls()
            lock.acquire()
            lock._at_fork_reinit()
            self.assertFalse(lock.locked())
            shared = cls(shared=True)
            shared.acquire()
            shared._at_fork_reinit()
            self.assertTrue(shared.locked())
            shared.release()

    def test_fork_with_a_lock_that_is_taken(self):
        lock = kgil.Lock()
        lock.acquire()
        self.assertTrue(in_child(lambda: lock.locked() and not lock.acquire(timeout=0.01)))
        self.assertTrue(in_child(lambda: lock.release() is None and lock.acquire(False)))
        self.assertTrue(lock.locked())
        lock.release()

    def test_fork_with_a_lock_that_threads_wait_for(self):
        lock = kgil.Lock()
        lock.acquire()
        waiter = self.contend(lock)

        def child():
            lock.release()
            other = threading.Thread(target=lock.acquire)
            with lock:
                other.start()
            other.join(PATIENCE)
            return lock.locked() and lock.waiters == 0

        self.assertTrue(in_child(child))
        # The child woke nobody here.
        self.assertFalse(waiter.has.wait(0.05))
        lock.release()
        self.assertTrue(waiter.has.wait(PATIENCE))
