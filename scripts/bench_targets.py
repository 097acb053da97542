# SPDX-License-Identifier: GPL-2.0
"""What kgil has to reach, computed from the samples."""
import math

from bench_data import median, ratio

PTHREAD = ["pthread-mutex", "pthread-robust", "pthread-pi"]
NTSYNC = ["ntsync-mutex", "ntsync-sem"]
TYPES = ["lock", "sem", "rlock"]
GILS = ["kgil-fair-word", "kgil-fair-ioctl"]


class Check:
    """One figure of a target: what it is, the value, and between what it must be."""

    def __init__(self, label, value, low=-math.inf, high=math.inf):
        self.label = label
        self.value = value
        self.low = low
        self.high = high

    def measured(self):
        return not math.isnan(self.value)

    def reached(self):
        return self.low <= self.value <= self.high

    def __str__(self):
        return f"{self.label} {self.value:.3g}"


def pair_ratio(run, variant, base):
    return ratio(run.samples("uncontended", variant, "pair"),
                 run.samples("uncontended", base, "pair"))


def uncontended_word(run):
    for kind in TYPES:
        yield Check(kind, pair_ratio(run, f"kgil-{kind}-word", "pthread-mutex"), high=1.0)


def uncontended_ioctl(run):
    for kind in TYPES:
        yield Check(kind, pair_ratio(run, f"kgil-{kind}-ioctl", "null-ioctl"), high=1.2)


def uncontended_ntsync(run):
    for kind in TYPES:
        yield Check(kind, pair_ratio(run, f"kgil-{kind}-ioctl", "ntsync-mutex"), high=0.6)


def gil_word(run):
    yield Check("gil", pair_ratio(run, "kgil-gil-word", "pthread-mutex"), high=1.0)


def best(run, variants, metric, params):
    """The variant with the highest median."""
    known = [v for v in variants if run.samples("contended", v, metric, **params)]
    return max(known, key=lambda v: run.median("contended", v, metric, **params), default=None)


def contended(run, variant, peers, metric, **bounds):
    """Against the best of its peers, at each number of threads."""
    for threads in (2, 8):
        params = {"threads": threads, "hold_ns": 1000}
        base = best(run, peers, "throughput", params)
        value = ratio(run.samples("contended", variant, metric, **params),
                      run.samples("contended", base, metric, **params)) if base else math.nan
        yield Check(f"{threads} threads ÷ {base}", value, **bounds)


def contended_throughput(run):
    return contended(run, "kgil-lock-word", PTHREAD, "throughput", low=1.0)


def contended_wait(run):
    return contended(run, "kgil-lock-word", PTHREAD, "wait_p99.9", high=0.5)


def contended_ntsync(run):
    return contended(run, "kgil-lock-ioctl", NTSYNC, "throughput", low=2.0)


def handoff(run):
    for processors in (2, 1):
        for kind in ("lock", "sem"):
            for path in ("word", "ioctl"):
                value = ratio(run.samples("handoff", f"kgil-{kind}-{path}", "p50",
                                          processors=processors),
                              run.samples("handoff", "posix-sem", "p50", processors=processors))
                yield Check(f"{kind} by {path}, {processors} CPU", value, high=1.0)


def cpu_work(run):
    for gil in GILS:
        yield Check(gil, run.median("gil-cpu", gil, "work_of_one", cpu_threads=4), low=0.98)


def cpu_shares(run):
    for gil in GILS:
        yield Check(gil, run.median("gil-cpu", gil, "worst_share", cpu_threads=4), high=0.02)


def requests(run, gil, cpu):
    return run.samples("gil-echo", gil, "requests", cpu_threads=cpu)


def echo_one(run):
    for gil in GILS:
        yield Check(f"{gil} ÷ no lock", ratio(requests(run, gil, 1), requests(run, "none", 1)),
                    low=0.85)


def echo_one_cpython(run):
    for gil in GILS:
        yield Check(f"{gil} ÷ cpython-like",
                    ratio(requests(run, gil, 1), requests(run, "cpython-like", 1)), low=50)


def echo_more(run):
    for gil in GILS:
        for cpu in (2, 4, 8):
            yield Check(f"{gil}, {cpu} ÷ 1", ratio(requests(run, gil, cpu), requests(run, gil, 1)),
                        low=0.95)


def echo_more_cpython(run):
    for gil in GILS:
        yield Check(f"{gil}, 4 ÷ cpython-like, 4",
                    ratio(requests(run, gil, 4), requests(run, "cpython-like", 4)), low=200)


def echo_work(run):
    for gil in GILS:
        for cpu in (1, 2, 4, 8):
            kept = run.samples("gil-echo", gil, "work_kept", cpu_threads=cpu)
            yield Check(f"{gil}, {cpu}: least", min(kept, default=math.nan), low=0.9)


def brief_switches(run):
    for gil in GILS:
        yield Check(gil, run.median("gil-brief", gil, "switches_per_1000", cpu_threads=1), high=20)


def brief_share(run):
    for gil in GILS:
        yield Check(gil, run.median("gil-brief", gil, "caller_share", cpu_threads=1), 0.45, 0.55)


def scale_waiters(run):
    for kind in ("gil-fair", "gil-fifo", "lock", "sem"):
        many = run.samples("scale", f"kgil-{kind}", "acquire_queued", waiters=10000)
        one = run.samples("scale", f"kgil-{kind}", "acquire_queued", waiters=1)
        yield Check(kind, median(many) / median(one), high=1.5)


def scale_objects(run):
    for kind in ("lock", "sem", "gil"):
        many = run.samples("scale", f"kgil-{kind}-ioctl", "pair_one", objects=100000)
        one = run.samples("scale", f"kgil-{kind}-ioctl", "pair_one", objects=1)
        yield Check(kind, median(many) / median(one), high=1.2)


PYTHON = "kgil-fair"


def python_echo(run, base, beside):
    params = {"cpu_threads": beside}
    return ratio(run.samples("python-echo", PYTHON, "requests", **params),
                 run.samples("python-echo", base, "requests", **params))


def python_alone(run):
    yield Check("÷ stock", python_echo(run, "stock", 0), low=1.0)


def python_one(run):
    yield Check("÷ beside 1 process", python_echo(run, "stock-beside-processes", 1), low=0.9)


def python_more(run):
    for beside in (2, 4):
        yield Check(f"{beside} ÷ beside {beside} processes",
                    python_echo(run, "stock-beside-processes", beside), low=1.25)


def python_countdown(run):
    for threads in (1, 2, 4, 8):
        value = ratio(run.samples("python-countdown", PYTHON, "work", threads=threads),
                      run.samples("python-countdown", "stock", "work", threads=threads))
        yield Check(f"{threads} thread{'s' * (threads > 1)}", value, low=0.98)


def python_programs(run):
    for record in run.records.values():
        if record["section"] == "python-programs" and record["variant"] == PYTHON:
            name = record["metric"]
            value = ratio(record["samples"], run.samples("python-programs", "stock", name))
            yield Check(name, value, high=1.01)


# What, what is to be reached, which modes it is for (None: all but icount), checks.
TARGETS = [
    ("uncontended, word", "≤ 1.0 × pthread mutex, time", None, uncontended_word),
    ("uncontended, word", "≤ 1.0 × pthread mutex, instructions", "icount", uncontended_word),
    ("uncontended, ioctl", "≤ 1.2 × two null ioctls, time", None, uncontended_ioctl),
    ("uncontended, ioctl", "≤ 1.2 × two null ioctls, instructions", "icount", uncontended_ioctl),
    ("uncontended, ioctl", "≤ 0.6 × ntsync mutex", None, uncontended_ntsync),
    ("1 µs held, word: throughput", "≥ best pthread variant", None, contended_throughput),
    ("1 µs held, word: p99.9 of the wait", "≤ 1/2 of that variant", None, contended_wait),
    ("1 µs held, ioctl: throughput", "≥ 2 × ntsync", None, contended_ntsync),
    ("hand-off p50", "≤ POSIX semaphore", None, handoff),
    ("4 CPU-bound threads: work", "≥ 0.98 of one thread", None, cpu_work),
    ("4 CPU-bound threads: shares", "within 2 % of a quarter", None, cpu_shares),
    ("echo requests next to 1 CPU-bound thread", "≥ 0.85 × no lock", None, echo_one),
    ("echo requests next to 1 CPU-bound thread", "≥ 50 × CPython's", None, echo_one_cpython),
    ("echo requests next to 2, 4, 8", "≥ 0.95 × next to 1", None, echo_more),
    ("echo requests next to 4", "≥ 200 × CPython's", None, echo_more_cpython),
    ("meanwhile the CPU-bound work", "≥ 0.9 of what is left to it, every run", None, echo_work),
    ("calls that don't block: switches", "≤ 20 per 1,000 calls", None, brief_switches),
    ("calls that don't block: share", "0.45 to 0.55 of the hold time", None, brief_share),
    ("uncontended GIL, word", "≤ 1.0 × pthread mutex, time", None, gil_word),
    ("uncontended GIL, word", "≤ 1.0 × pthread mutex, instructions", "icount", gil_word),
    ("10,000 waiters", "≤ 1.5 × 1 waiter", None, scale_waiters),
    ("100,000 objects", "≤ 1.2 × 1 object", None, scale_objects),
    ("CPython: echo alone", "≥ 1.0 × stock", None, python_alone),
    ("CPython: echo next to 1 CPU-bound thread", "≥ 0.9 × next to a process", None, python_one),
    ("CPython: echo next to 2, 4", "≥ 1.25 × next to processes", None, python_more),
    ("CPython: countdown", "≥ 0.98 × stock", None, python_countdown),
    ("CPython: one thread", "≤ 1.01 × stock, instructions", "icount", python_programs),
]


def checks(target, runs, kernel, mode):
    """The checks of a target that were measured, with this kernel and mode."""
    _, _, only, compute = target
    run = runs.get((kernel, only or mode))
    return [c for c in compute(run) if c.measured()] if run else []


def verdict(found):
    if not found:
        return "not measured"
    return "reached" if all(c.reached() for c in found) else "**not reached**"
