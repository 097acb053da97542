# SPDX-License-Identifier: GPL-2.0
"""Processes that share a lock: without it they lose updates, with it none."""

import contextlib
import multiprocessing
import struct
from multiprocessing import shared_memory

import kgil

PROCESSES = 2
TIMES = 2000


def add(name, lock):
    """Add 1 to a number in shared memory, many times: load, add, store."""
    memory = shared_memory.SharedMemory(name)
    for _ in range(TIMES):
        with lock:
            (value,) = struct.unpack_from("q", memory.buf)
            struct.pack_into("q", memory.buf, 0, value + 1)
    memory.close()


def run(lock):
    """How many updates are lost?"""
    memory = shared_memory.SharedMemory(create=True, size=8)
    workers = [multiprocessing.Process(target=add, args=(memory.name, lock)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    (count,) = struct.unpack_from("q", memory.buf)
    memory.close()
    memory.unlink()
    return PROCESSES * TIMES - count


if __name__ == "__main__":
    lock = kgil.Lock(shared=True)
    total = PROCESSES * TIMES
    print(f"with a lock: {run(lock)} of {total} updates are lost")
    print(f"without a lock: {run(contextlib.nullcontext())} of {total} updates are lost")
    print(f"the lock was acquired {lock.acquisitions} times, {lock.contentions} after a wait")
