# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a program whose threads the kernel knows by their names.

    python3 -m kgil program.py [argument...]
    python3 -m kgil -m module [argument...]
"""

import os
import runpy
import sys

from kgil import name_threads

USAGE = "usage: python3 -m kgil PROGRAM.py [ARGUMENT...], or: python3 -m kgil -m MODULE [ARGUMENT...]"


def main():
    arguments = sys.argv[1:]
    is_module = arguments[:1] == ["-m"]
    if is_module:
        del arguments[0]
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    name_threads()
    sys.argv = arguments
    if is_module:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        return 0
    if not os.path.exists(arguments[0]):
        print(f"python3 -m kgil: {arguments[0]}: there is no such file", file=sys.stderr)
        return 2
    # As python3 does: what stands beside the program can be imported.
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
