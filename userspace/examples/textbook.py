# SPDX-License-Identifier: GPL-2.0
"""A lock as every textbook has it, with one word changed: threading is kgil."""

import kgil as threading

count = 0


def shared_resource():
    """What only one thread at a time may do."""
    global count
    count += 1


lock = threading.Lock()
lock.acquire()
shared_resource()
lock.release()
print("count", count)

# A lock that is free can't be released.
try:
    lock.release()
except threading.ThreadError as error:
    print("ThreadError:", error)
