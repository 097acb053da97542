# SPDX-License-Identifier: GPL-2.0
"""Processes that share a lock: without it they lose updates, with it none."""

import contextlib
import multiprocessing

import kgil

PROCESSES = 2
TIMES = 50_000


def add(number, lock):
    """Add 1 to a number in shared memory, many times: load, add, store."""
    for _ in range(TIMES):
        with lock:
            number.value += 1


def run(lock):
    """How many updates are lost?"""
    number = multiprocessing.RawValue("q", 0)
    workers = [multiprocessing.Process(target=add, args=(number, lock)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return PROCESSES * TIMES - number.value


if __name__ == "__main__":
    lock = kgil.Lock(shared=True)
    total = PROCESSES * TIMES
    print(f"with a lock: {run(lock)} of {total} updates are lost")
    print(f"without a lock: {run(contextlib.nullcontext())} of {total} updates are lost")
    print(f"the lock was acquired {lock.acquisitions} times, {lock.contentions} after a wait")
