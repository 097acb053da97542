#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Measure CPython on kgil beside CPython as it is; run by scripts/bench-python in a guest.

usage: python_bench.py OUTPUT ROUNDS threads|programs STOCK-PYTHON KGIL-PYTHON

The variants take turns, round by round, in an order that moves on, so that what
is compared was measured at the same time.  Writes the JSON that scripts/bench-report
reads.
"""
import json
import os
import statistics
import subprocess
import sys

# No cache in the checkout.
sys.dont_write_bytecode = True

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKLOADS = os.path.join(TOP, "userspace/cpython/bench.py")

ECHO_SECONDS = 1.5
ECHO_BESIDE = (0, 1, 2, 4)
COUNT = 6000000
COUNT_THREADS = (1, 2, 4, 8)
# Many times what any of them takes.
TIMEOUT = 600

BOUND = "stock-beside-processes"
KGIL = {"kgil-fair": "fair", "kgil-fifo": "fifo"}


class Bench:
    """Runs workloads and keeps their samples."""

    def __init__(self, stock, kgil):
        self.stock = stock
        self.kgil = kgil
        self.samples = {}
        self.units = {}

    def python(self, variant):
        return self.kgil if variant in KGIL else self.stock

    def run(self, variant, *words):
        """The JSON that the workload printed."""
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
                       "KGIL_REQUIRE": "1", "KGIL_POLICY": KGIL.get(variant, "")}
        command = [self.python(variant), "-I", WORKLOADS, *map(str, words)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False,
                              timeout=TIMEOUT, text=True)
        if done.returncode:
            sys.exit(f"python_bench: {variant}: {words} ended with {done.returncode}")
        return json.loads(done.stdout)

    def keep(self, section, variant, params, result):
        for metric, value in result.items():
            unit = "ns" if metric.startswith("latency") or section == "python-programs" else "1/s"
            key = (section, variant, tuple(params.items()), metric)
            self.samples.setdefault(key, []).append(value)
            self.units[key] = unit

    def records(self):
        return [record(key, samples, {"unit": self.units[key], "path": None})
                for key, samples in self.samples.items()]

    def ratios(self):
        """Pair by pair, to the stock build; of the echo server also to the bound."""
        found = []
        for key, samples in self.samples.items():
            section, variant, params, metric = key
            for base in ("stock", BOUND):
                other = self.samples.get((section, base, params, metric))
                if variant not in (base, BOUND) and other:
                    quotients = [a / b for a, b in zip(samples, other)]
                    found.append(record(key, quotients, {"to": base, "path": None}))
        return found


def record(key, samples, more):
    section, variant, params, metric = key
    return {"section": section, "variant": variant, "params": dict(params), "metric": metric,
            "median": statistics.median(samples), "min": min(samples), "max": max(samples),
            "samples": samples, **more}


def echo(bench, variant, beside):
    kind = "processes" if variant == BOUND else "threads"
    result = bench.run(variant, "echo", bench.stock, ECHO_SECONDS, kind, beside)
    bench.keep("python-echo", variant, {"cpu_threads": beside}, result)


def countdown(bench, variant, threads):
    result = bench.run(variant, "countdown", threads, COUNT)
    bench.keep("python-countdown", variant, {"threads": threads}, result)


def program(bench, variant, name):
    result = bench.run(variant, "program", name)
    bench.keep("python-programs", variant, {}, {name: result["time"]})


def turns(variants, number):
    at = number % len(variants)
    return [*variants[at:], *variants[:at]]


def one_round(bench, what, number):
    variants = ["stock", *KGIL]
    if what == "programs":
        for name in program_names():
            for variant in turns(["stock", "kgil-fair"], number):
                program(bench, variant, name)
        return
    for beside in ECHO_BESIDE:
        for variant in turns([*variants, BOUND] if beside else variants, number):
            echo(bench, variant, beside)
    for threads in COUNT_THREADS:
        for variant in turns(variants, number):
            countdown(bench, variant, threads)


def program_names():
    sys.path.insert(0, os.path.dirname(WORKLOADS))
    import bench  # pylint: disable=import-outside-toplevel
    return list(bench.PROGRAMS)


def first_line(path, start=""):
    with open(path, encoding="ascii", errors="replace") as file:
        return next((line.strip() for line in file if line.startswith(start)), "")


def environment(rounds):
    processor = first_line("/proc/cpuinfo", "model name").partition(": ")[2]
    emulated = "TCG" in processor
    clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    return {"kernel": os.uname().release, "processors": os.cpu_count(),
            "clocksource": first_line(clock),
            "machine": "software emulation (QEMU TCG)" if emulated else processor,
            "emulated": emulated, "idle_poll": "idle=poll" in first_line("/proc/cmdline"),
            "pairs": rounds, "quick": False}


def main():
    if len(sys.argv) != 6 or sys.argv[3] not in ("threads", "programs"):
        print(__doc__.splitlines()[2], file=sys.stderr)
        return 2
    output, rounds, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    bench = Bench(*sys.argv[4:])
    for number in range(rounds):
        one_round(bench, what, number)
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        document = {"version": 1, "environment": environment(number + 1), "missing": [],
                    "records": bench.records(), "ratios": bench.ratios()}
        with open(output, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=0)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
