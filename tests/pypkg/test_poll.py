# SPDX-License-Identifier: GPL-2.0
"""Shared objects in a selector and in an event loop: they need the module."""

import asyncio
import selectors
import threading

import kgil
from helpers import PATIENCE, TestCase, on_module


async def acquire(lock):
    """Wait for a lock without a thread, as docs/python.md shows."""
    loop = asyncio.get_running_loop()
    while not lock.acquire(False):
        free = asyncio.Event()
        loop.add_reader(lock.fileno(), free.set)
        try:
            await free.wait()
        finally:
            loop.remove_reader(lock.fileno())


class Poll(TestCase):
    def test_selector(self):
        for make in (kgil.Lock, kgil.RLock, kgil.Semaphore, kgil.BoundedSemaphore):
            with self.subTest(make=make.__name__):
                lock = make(shared=True)
                with selectors.DefaultSelector() as selector:
                    selector.register(lock, selectors.EVENT_READ, "lock")
                    for _ in range(3):
                        ready = [key.data for key, _ in selector.select(PATIENCE)]
                        self.assertEqual(ready, ["lock"])
                        self.assertTrue(lock.acquire(False))
                        self.assertEqual(selector.select(0), [])
                        lock.release()

    def test_freed_by_another_thread(self):
        lock = kgil.Lock(shared=True)
        lock.acquire()
        with selectors.DefaultSelector() as selector:
            selector.register(lock, selectors.EVENT_READ)
            self.assertEqual(selector.select(0.05), [])
            timer = threading.Timer(0.2, lock.release)
            timer.start()
            self.assertEqual(len(selector.select(PATIENCE)), 1)
            timer.join()
        self.assertTrue(lock.acquire(False))

    def test_event_loop(self):
        lock = kgil.Lock(shared=True)
        steps = []

        async def other_work():
            while len(steps) < 3:
                steps.append("other")
                await asyncio.sleep(0.01)
            lock.release()

        async def main():
            lock.acquire()
            task = asyncio.create_task(other_work())
            await asyncio.wait_for(acquire(lock), PATIENCE)
            steps.append("acquired")
            await task
            lock.release()

        asyncio.run(main())
        self.assertEqual(steps, ["other"] * 3 + ["acquired"])
        self.assertFalse(lock.locked())


# On futexes a descriptor says nothing.
if not on_module:
    del Poll
