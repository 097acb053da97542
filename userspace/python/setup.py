# SPDX-License-Identifier: LGPL-2.1-or-later
"""Build kgil._kgil, with the sources of libkgil in it."""

import re
from glob import glob
from pathlib import Path

from setuptools import Extension, setup

HEADER = Path(__file__).parent / "src/libkgil/kgil.h"
SOURCES = sorted(glob("src/*.c") + glob("src/libkgil/*.c"))

setup(
    version=re.search(r'KGIL_LIB_VERSION "(.*)"', HEADER.read_text()).group(1),
    ext_modules=[
        Extension(
            "kgil._kgil",
            SOURCES,
            depends=sorted(glob("src/*.h") + glob("src/libkgil/*.h") + glob("src/uapi/linux/*.h")),
            include_dirs=["src/libkgil", "src/uapi"],
            # Hidden: the program may have a libkgil of its own.
            extra_compile_args=["-std=gnu11", "-fvisibility=hidden", "-Wall", "-Wextra", "-pthread"],
            extra_link_args=["-pthread"],
        )
    ],
)
