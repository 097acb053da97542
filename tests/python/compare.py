#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run tests of CPython with one or more builds of it, and compare the results.

usage: compare.py [--json FILE] [--timeout S] NAME=PYTHON... -- TEST...

The first build is the measure: a test file is ok if each of its cases ended
with the others as it did with the first.  What differs is run again with all
of them, up to twice, because some of CPython's tests depend on time.  With a
single build, each case is a test that has to pass.

Prints TAP.  Standard library only; runs on any Python 3.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

TRIES = 3
# Of a case, the worst first.
OUTCOMES = ("error", "failure", "unexpected success", "skipped", "expected failure", "passed")


def outcome_of(case):
    for name in ("error", "failure", "skipped"):
        if case.find(name) is not None:
            return name
    if case.find("outcome") is not None:
        return "unexpected success"
    return "expected failure" if case.find("output") is not None else "passed"


class Result:
    """What came of one test file with one build."""

    def __init__(self, status, cases, seconds, output):
        self.status = status
        self.cases = cases
        self.seconds = seconds
        self.output = output

    def counts(self):
        return collections.Counter(self.cases.values())

    def same_as(self, other):
        return self.status == other.status and self.cases == other.cases

    def as_json(self):
        return {"status": self.status, "seconds": round(self.seconds, 1),
                "cases": len(self.cases), **self.counts()}


def cases_of(path):
    """Outcomes by name; the same name again is another case."""
    if not os.path.exists(path) or not os.path.getsize(path):
        return {}
    cases, times = {}, collections.Counter()
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name")
        times[name] += 1
        if times[name] > 1:
            name += f" ({times[name]})"
        cases[name] = outcome_of(case)
    return cases


def run(python, test, timeout):
    """CPython's own runner, in a process and a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        report = os.path.join(directory, "report.xml")
        command = [python, "-m", "test", "--timeout", str(timeout), "--junit-xml", report,
                   "--tempdir", directory, test]
        begin = time.monotonic()
        done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        return Result(done.returncode, cases_of(report), time.monotonic() - begin, done.stdout)


def words(result):
    counts = result.counts()
    parts = [f"{counts[o]} {o}" for o in OUTCOMES if counts[o]]
    return ", ".join(parts) or f"no result, status {result.status}"


class Tap:
    """Numbers the lines of TAP."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def line(self, good, text):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {text}", flush=True)

    def note(self, text):
        for line in text.splitlines():
            print(f"# {line}", flush=True)


def differences(measure, other):
    names = [n for n in {**measure.cases, **other.cases}
             if measure.cases.get(n) != other.cases.get(n)]
    return [f"{n}: {measure.cases.get(n, 'not run')}, here {other.cases.get(n, 'not run')}"
            for n in names]


def compare(tap, builds, test, timeout):
    """Of the last try; what the others showed is printed."""
    for attempt in range(TRIES):
        results = {name: run(python, test, timeout) for name, python in builds.items()}
        (first, measure), *others = results.items()
        different = [(n, r) for n, r in others if not r.same_as(measure)]
        # A build without a result is nothing to compare with.
        if measure.cases and not different:
            break
        for name, result in different:
            tap.note(f"{test}, try {attempt + 1}: {name} is not as {first}")
            tap.note("\n".join(differences(measure, result)[:20]))
            tap.note("\n".join(result.output.splitlines()[-40:]))
    good = bool(measure.cases) and not different
    seconds = ", ".join(f"{n} {r.seconds:.0f} s" for n, r in results.items())
    for name, result in results.items():
        tap.note(f"{test}, {name}: {words(result)}")
    names = " and ".join(n for n, _ in others)
    tap.line(good, f"{test}: {len(measure.cases)} cases, {names} as {first} "
                   f"({seconds}, try {attempt + 1})")
    return {"test": test, "same": good, "tries": attempt + 1,
            "builds": {n: r.as_json() for n, r in results.items()}}


def judge(tap, python, test, timeout):
    """A case that CPython itself leaves out here is none."""
    result = run(python, test, timeout)
    left_out = 0
    for name, outcome in result.cases.items():
        if outcome == "skipped":
            left_out += 1
        else:
            tap.line(outcome in ("passed", "expected failure"), name)
    tap.line(result.status == 0 and bool(result.cases),
             f"{test} ends well; {left_out} cases are not for this machine")
    if result.status or not result.cases:
        tap.note("\n".join(result.output.splitlines()[-60:]))
    return {"test": test, "same": result.status == 0, "tries": 1,
            "builds": {"python": result.as_json()}}


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[2][len("usage: "):])
    parser.add_argument("--json")
    parser.add_argument("--timeout", type=int, default=1800)
    parser.add_argument("builds", nargs="+", metavar="NAME=PYTHON")
    if "--" not in sys.argv:
        parser.error("no TEST")
    at = sys.argv.index("--")
    args = parser.parse_args(sys.argv[1:at])
    args.tests = sys.argv[at + 1:]
    for build in args.builds:
        if "=" not in build or not os.access(build.split("=", 1)[1], os.X_OK):
            parser.error(f"{build}: not a name, = and a program")
    if not args.tests:
        parser.error("no TEST")
    return args


def main():
    args = arguments()
    builds = dict(build.split("=", 1) for build in args.builds)
    tap, results = Tap(), []
    for test in args.tests:
        if len(builds) > 1:
            results.append(compare(tap, builds, test, args.timeout))
        else:
            results.append(judge(tap, *builds.values(), test, args.timeout))
        if args.json:
            with open(args.json, "w", encoding="utf-8") as file:
                json.dump({"kernel": os.uname().release, "results": results}, file, indent=1)
    print(f"1..{tap.number}")
    return tap.failed != 0


if __name__ == "__main__":
    sys.exit(main())
