# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Python imports when it begins, under kgil timeline: threads have their names
in the kernel.  Then the machine's own sitecustomize comes, as if this were not here."""

import importlib
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _name_threads():
    # Python 3.8 is the first where a thread knows how the kernel calls it.
    if sys.version_info >= (3, 8):
        import kgil_names
        kgil_names.name_threads()


def _go_on():
    """Import the next module of this name, if there is one."""
    this = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError as error:
        if this is not None:
            sys.modules["sitecustomize"] = this
        if getattr(error, "name", None) != "sitecustomize":
            raise


_name_threads()
# What the program finds is what it finds without this.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != _HERE]
_go_on()
