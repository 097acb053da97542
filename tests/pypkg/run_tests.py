# SPDX-License-Identifier: GPL-2.0
"""Run the tests of the package kgil.  Prints TAP.

usage: run_tests.py [TEST...]

With KGIL_TEST_BACKEND in the environment: module or futex, what is expected.  A
TEST is what unittest calls one, such as test_gil.Gil.test_check.
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    sys.path.insert(0, HERE)
    import tap  # pylint: disable=import-outside-toplevel

    loader = unittest.defaultTestLoader
    if sys.argv[1:]:
        found = loader.loadTestsFromNames(sys.argv[1:])
    else:
        found = loader.discover(HERE, top_level_dir=HERE)
    return tap.run(found, os.environ["KGIL_TEST_BACKEND"] + ": ")


if __name__ == "__main__":
    sys.exit(main())
