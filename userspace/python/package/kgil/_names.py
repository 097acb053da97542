# SPDX-License-Identifier: LGPL-2.1-or-later
"""The names of threads, told to the kernel.

The kernel gives each thread a name of its own: that of ps, top, perf and kgil
timeline.  Python before 3.14 leaves it as the program's.  A thread calls
_set_native_id() when it begins, as soon as it knows how the kernel calls it, and
that is where its name can be told.
"""

import threading as _threading

# Bytes of a name in the kernel.
_SIZE = 15


def _short(name):
    """As much of @name as the kernel takes, in whole characters."""
    return name.encode("utf-8", "replace")[:_SIZE].decode("utf-8", "ignore")


def _tell(thread):
    """The main thread keeps the program's name, by which people look for it; one that
    Python did not begin, what who began it has called it."""
    native_id = getattr(thread, "native_id", None)
    if native_id is None or not thread.name or isinstance(
            thread, (_threading._MainThread, _threading._DummyThread)):
        return
    try:
        with open(f"/proc/self/task/{native_id}/comm", "w", encoding="utf-8") as file:
            file.write(_short(thread.name))
    except OSError:
        # It has ended, or there is no /proc.
        pass


def name_threads():
    """Tell the kernel the names of all threads, and of those that begin from now on.

    Threads whose name changes are told anew.  Python 3.14 and later does all that by
    itself; there this does nothing.
    """
    Thread = _threading.Thread
    if hasattr(Thread, "_set_os_name") or hasattr(Thread, "_kgil_names"):
        return
    begin, name = Thread._set_native_id, Thread.name

    def _set_native_id(self):
        begin(self)
        _tell(self)

    def set_name(self, value):
        name.fset(self, value)
        _tell(self)

    Thread._set_native_id = _set_native_id
    Thread.name = property(name.fget, set_name, name.fdel, name.__doc__)
    Thread._kgil_names = True
    for thread in _threading.enumerate():
        _tell(thread)
