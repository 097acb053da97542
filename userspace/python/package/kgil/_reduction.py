# SPDX-License-Identifier: LGPL-2.1-or-later
"""How multiprocessing sends a shared lock to another process: its descriptor.

Imported when the first shared lock is made.  Private locks, and all locks
anywhere else, are refused by pickle, as threading's are.
"""

from multiprocessing import reduction

from kgil import GIL, BoundedSemaphore, Lock, RLock, Semaphore


def _rebuild(cls, descriptor):
    return cls.from_fd(descriptor.detach())


def _reduce(lock):
    if not lock.shared:
        raise TypeError(f"cannot pickle '{lock.__class__.__name__}' object: make it with shared=True")
    return _rebuild, (type(lock), reduction.DupFd(lock.fileno()))


for _cls in (BoundedSemaphore, GIL, Lock, RLock, Semaphore):
    reduction.register(_cls, _reduce)
