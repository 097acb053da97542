# SPDX-License-Identifier: LGPL-2.1-or-later
"""Locks of the kgil kernel module, as drop-in for those of threading.

Lock, RLock, Semaphore and BoundedSemaphore have the methods, errors and messages
of threading's classes of the same names.  They take memory only, until threads
contend for one: from then on its waiters wait in a kernel object, which hands it
from one thread to the next.  With shared=True a lock is a kernel object from the
start, which processes can share.  GIL is a global interpreter lock of the
kernel's.  name_threads() tells the kernel how threads are called.

backend is 'module', or 'futex' where the kernel has no kgil: everything works
then, too, but nothing in the kernel shows it.  Importing kgil warns of that once.
With KGIL_REQUIRE=1 in the environment it is an ImportError instead.

Every other name is threading's, so that "import kgil as threading" works.
"""

import threading as _threading
import warnings as _warnings

from kgil import _kgil
from kgil._kgil import (
    GIL,
    BoundedSemaphore,
    Lock,
    RLock,
    Semaphore,
    Stats,
    _backend_reason,
    backend,
)
from kgil._names import name_threads

__all__ = [
    "BoundedSemaphore",
    "GIL",
    "Lock",
    "RLock",
    "Semaphore",
    "Stats",
    "TIMEOUT_MAX",
    "ThreadError",
    "backend",
    "name_threads",
]

__version__ = _kgil.__version__
ThreadError = _threading.ThreadError
TIMEOUT_MAX = _threading.TIMEOUT_MAX


def __getattr__(name):
    """Everything else that threading has."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(_threading, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__():
    return sorted({*globals(), *_threading.__all__})


if backend != "module":
    _warnings.warn(
        f"kgil works without the kernel module, by futexes: {_backend_reason}",
        RuntimeWarning,
        stacklevel=2,
    )
