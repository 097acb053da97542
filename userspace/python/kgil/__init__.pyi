# SPDX-License-Identifier: LGPL-2.1-or-later
# What kgil itself has, and what it passes on of threading.
from threading import Barrier as Barrier
from threading import BrokenBarrierError as BrokenBarrierError
from threading import Condition as Condition
from threading import Event as Event
from threading import ExceptHookArgs as ExceptHookArgs
from threading import Thread as Thread
from threading import Timer as Timer
from threading import active_count as active_count
from threading import current_thread as current_thread
from threading import enumerate as enumerate
from threading import excepthook as excepthook
from threading import get_ident as get_ident
from threading import get_native_id as get_native_id
from threading import local as local
from threading import main_thread as main_thread
from threading import setprofile as setprofile
from threading import settrace as settrace
from threading import stack_size as stack_size
from types import TracebackType
from typing import NamedTuple, final
from typing_extensions import Literal, Self

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
]

__version__: str
ThreadError = RuntimeError
TIMEOUT_MAX: float
backend: Literal["module", "futex"]

@final
class Stats(NamedTuple):
    acquisitions: int
    contentions: int
    wait_total_ns: int
    wait_max_ns: int
    hold_total_ns: int | None
    hold_max_ns: int | None
    switches: int
    yields: int
    drop_requests: int
    timeouts: int
    interrupts: int
    owner_deaths: int

# What every class has.
class _Object:
    @property
    def shared(self) -> bool: ...
    @property
    def object_id(self) -> int | None: ...
    @property
    def waiters(self) -> int: ...
    @property
    def stats(self) -> Stats: ...
    @property
    def acquisitions(self) -> int: ...
    @property
    def contentions(self) -> int: ...
    @property
    def wait_total_ns(self) -> int: ...
    @property
    def wait_max_ns(self) -> int: ...
    @property
    def hold_total_ns(self) -> int | None: ...
    @property
    def hold_max_ns(self) -> int | None: ...
    @property
    def switches(self) -> int: ...
    @property
    def yields(self) -> int: ...
    @property
    def drop_requests(self) -> int: ...
    @property
    def timeouts(self) -> int: ...
    @property
    def interrupts(self) -> int: ...
    @property
    def owner_deaths(self) -> int: ...
    def fileno(self) -> int: ...
    @classmethod
    def from_fd(cls, fd: int, /) -> Self: ...
    def __enter__(self) -> bool: ...
    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

class _Lock(_Object):
    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...
    def locked(self) -> bool: ...

class Lock(_Lock):
    def __init__(self, *, shared: bool = False, timed: bool = False) -> None: ...
    def _at_fork_reinit(self) -> None: ...

class RLock(_Lock):
    owner_died: bool
    def __init__(self, *, shared: bool = False, timed: bool = False) -> None: ...
    def _is_owned(self) -> bool: ...
    def _recursion_count(self) -> int: ...
    def _release_save(self) -> tuple[int, int]: ...
    def _acquire_restore(self, state: tuple[int, int], /) -> None: ...
    def _at_fork_reinit(self) -> None: ...

class Semaphore(_Object):
    def __init__(self, value: int = 1, *, shared: bool = False) -> None: ...
    @property
    def value(self) -> int: ...
    @property
    def _value(self) -> int: ...
    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool: ...
    def release(self, n: int = 1) -> None: ...

class BoundedSemaphore(Semaphore):
    @property
    def initial_value(self) -> int: ...
    @property
    def _initial_value(self) -> int: ...

class GIL(_Lock):
    owner_died: bool
    interval: float
    policy: Literal["fair", "fifo"]
    def __init__(
        self,
        interval: float | None = None,
        policy: Literal["fair", "fifo"] | None = None,
        *,
        timed: bool = False,
    ) -> None: ...
    def yield_(self) -> None: ...
    def check(self) -> bool: ...
    def owned(self) -> bool: ...
    @property
    def drop_requested(self) -> bool: ...
    @property
    def owner(self) -> int | None: ...
