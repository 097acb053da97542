# SPDX-License-Identifier: GPL-2.0
"""Run unittest's tests and say how they end as TAP.

A test that is skipped is not one that passed: it is "not ok".  So is one that
was expected to fail.
"""

import sys
import time
import traceback
import unittest

# A test that takes longer says so.
LONG = 2


class Result(unittest.TestResult):
    """Counts, and prints a line for each test as it ends."""

    def __init__(self, prefix, out):
        super().__init__()
        self.prefix = prefix
        self.out = out
        self.number = 0
        self.bad = 0
        self.details = []
        self.begin = time.monotonic()

    def _name(self, test):
        return self.prefix + test.id().split(".", 1)[-1]

    def _say(self, test):
        self.number += 1
        self.bad += bool(self.details)
        print(f"{'not ok' if self.details else 'ok'} {self.number} {self._name(test)}", file=self.out)
        for line in "".join(self.details).splitlines():
            print(f"#   {line}", file=self.out)
        self.out.flush()

    def _note(self, err):
        self.details.append("".join(traceback.format_exception(*err)))

    def startTest(self, test):
        super().startTest(test)
        self.details = []
        self.begin = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self._say(test)
        took = time.monotonic() - self.begin
        if took > LONG:
            print(f"# it took {took:.1f} s", file=self.out)

    def addError(self, test, err):
        self._note(err)
        # Of setUpClass and its like: no test has started.
        if not isinstance(test, unittest.TestCase):
            self._say(test)

    def addFailure(self, test, err):
        self._note(err)

    def addSubTest(self, test, subtest, err):
        if err:
            self.details.append(f"{subtest}\n")
            self._note(err)

    def addSkip(self, test, reason):
        self.details.append(f"skipped: {reason}\n")
        if not isinstance(test, unittest.TestCase):
            self._say(test)

    def addExpectedFailure(self, test, err):
        self._note(err)

    def addUnexpectedSuccess(self, test):
        self.details.append("an unexpected success\n")


def run(suite, prefix=""):
    """Run the tests of a suite; return the exit status."""
    print("TAP version 13")
    result = Result(prefix, sys.stdout)
    suite.run(result)
    print(f"1..{result.number}", flush=True)
    return 1 if result.bad or not result.number else 0
