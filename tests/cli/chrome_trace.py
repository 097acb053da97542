#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check a file of Chrome's trace event format, strictly.

    tests/cli/chrome_trace.py FILE

Strictly: what readers of the format take in silence, and then show wrongly, is an
error here: a number that is a string, an unknown phase, a span that crosses
another one, an arrow without its other end, a thread without a name, a
counter that goes back in time.  Prints what is wrong; the exit status is 1.
"""
import bisect
import json
import math
import sys

TIME_UNITS = ("ms", "ns")

# For each phase, the fields that an event must have and those that it may have.
# ph, name, pid and tid are everybody's.
COMMON = {"ph", "name", "pid", "tid"}
PHASES = {
    "B": ({"ts"}, {"cat", "args"}),
    "E": ({"ts"}, {"cat", "args"}),
    "X": ({"ts", "dur"}, {"cat", "args", "tts", "tdur", "cname"}),
    "i": ({"ts"}, {"cat", "s", "args", "cname"}),
    "C": ({"ts", "args"}, {"cat", "id"}),
    "s": ({"ts", "id", "cat"}, {"args"}),
    "t": ({"ts", "id", "cat"}, {"args"}),
    "f": ({"ts", "id", "cat"}, {"args", "bp"}),
    "M": ({"args"}, {"cat", "ts"}),
}
# Metadata, and the type of its only argument.
METADATA = {"process_name": ("name", str), "thread_name": ("name", str),
            "process_labels": ("labels", str), "process_sort_index": ("sort_index", int),
            "thread_sort_index": ("sort_index", int)}
TOP = {"traceEvents": list, "displayTimeUnit": str, "otherData": dict, "metadata": dict}


class Wrong(Exception):
    """What is wrong with a trace."""


def need(good, what):
    if not good:
        raise Wrong(what)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def in_ns(us):
    """Spans that touch do so to the nanosecond; a sum of fractions would not."""
    return round(us * 1000)


def check_fields(event, at):
    need(isinstance(event, dict), f"{at}: not an object")
    phase = event.get("ph")
    need(isinstance(phase, str) and phase in PHASES, f"{at}: phase {phase!r}")
    must, may = PHASES[phase]
    missing = (COMMON | must) - set(event)
    need(not missing, f"{at}: phase {phase} without {', '.join(sorted(missing))}")
    extra = set(event) - COMMON - must - may
    need(not extra, f"{at}: phase {phase} with {', '.join(sorted(extra))}")
    need(isinstance(event["name"], str) and event["name"], f"{at}: name {event['name']!r}")
    for field in ("pid", "tid"):
        need(is_whole(event[field]), f"{at}: {field} {event[field]!r}")
    for field in {"ts", "dur", "tts", "tdur"} & set(event):
        need(is_number(event[field]) and event[field] >= 0, f"{at}: {field} {event[field]!r}")
    if "cat" in event:
        need(isinstance(event["cat"], str) and event["cat"], f"{at}: cat {event['cat']!r}")
    if "args" in event:
        need(isinstance(event["args"], dict), f"{at}: args {event['args']!r}")
    if "id" in event:
        need(is_whole(event["id"]) or isinstance(event["id"], str), f"{at}: id {event['id']!r}")


def check_special(event, at):
    """What one phase demands beyond its fields."""
    phase, name = event["ph"], event["name"]
    if phase == "i":
        need(event.get("s", "t") in ("t", "p", "g"), f"{at}: scope {event.get('s')!r}")
    elif phase == "f":
        need(event.get("bp", "e") == "e", f"{at}: binding point {event.get('bp')!r}")
    elif phase == "C":
        need(event["args"] and all(is_number(n) for n in event["args"].values()),
             f"{at}: counter {event['args']!r}")
    elif phase == "M":
        need(name in METADATA, f"{at}: metadata {name!r}")
        argument, kind = METADATA[name]
        need(set(event["args"]) == {argument} and isinstance(event["args"][argument], kind),
             f"{at}: {name} {event['args']!r}")


class Threads:
    """What is checked of all events together."""

    def __init__(self):
        self.named = set()
        self.spans = {}
        self.open = {}
        self.counters = {}
        self.flows = {}

    def add(self, event, at):
        who, phase = (event["pid"], event["tid"]), event["ph"]
        if phase == "M":
            key = (event["name"], event["pid"], event["tid"] if "thread" in event["name"] else 0)
            need(key not in self.named, f"{at}: a second {event['name']} of {key[1:]}")
            self.named.add(key)
        elif phase == "X":
            self.spans.setdefault(who, []).append((in_ns(event["ts"]), in_ns(event["dur"]), at))
        elif phase in "BE":
            self.begin_or_end(event, who, at)
        elif phase == "C":
            key = (event["pid"], event["name"], event.get("id"))
            need(event["ts"] >= self.counters.get(key, 0), f"{at}: {event['name']} goes back in time")
            self.counters[key] = event["ts"]
        elif phase in "stf":
            key = (event["cat"], event["name"], event["id"])
            self.flows.setdefault(key, []).append((phase, in_ns(event["ts"]), who, at))

    def begin_or_end(self, event, who, at):
        stack = self.open.setdefault(who, [])
        if event["ph"] == "B":
            need(not stack or event["ts"] >= stack[-1][1], f"{at}: begins before what it is in")
            stack.append((event["name"], event["ts"], at))
            return
        need(stack, f"{at}: an end without a beginning")
        name, begin, _ = stack.pop()
        need(name == event["name"], f"{at}: ends {event['name']!r}, but {name!r} is open")
        need(event["ts"] >= begin, f"{at}: ends before it begins")
        self.spans.setdefault(who, []).append((in_ns(begin), in_ns(event["ts"]) - in_ns(begin), at))

    def check_nesting(self, who):
        """Spans of one thread are in each other, or beside each other."""
        around = []
        self.spans[who].sort(key=lambda span: (span[0], -span[1]))
        for begin, length, at in self.spans[who]:
            while around and around[-1] <= begin:
                around.pop()
            need(not around or begin + length <= around[-1],
                 f"{at}: crosses another span of thread {who[1]}")
            around.append(begin + length)

    def check_flow(self, key):
        ends = self.flows[key]
        phases = "".join(end[0] for end in ends)
        at = f"{ends[0][3]}: arrow {key[2]}"
        need(phases[0] == "s" and phases[-1] == "f" and set(phases[1:-1]) <= {"t"},
             f"{at} has the ends {phases}")
        need(all(a[1] <= b[1] for a, b in zip(ends, ends[1:])), f"{at} goes back in time")
        for _, time, who, place in ends:
            need(self.does_something(who, time),
                 f"{place}: arrow {key[2]}: thread {who[1]} does nothing at that time")

    def does_something(self, who, time):
        """An arrow hangs on a span; where there is none it is not shown."""
        spans = self.spans.get(who, [])
        after = bisect.bisect_right(spans, time, key=lambda span: span[0])
        return any(begin <= time < begin + length for begin, length, _ in reversed(spans[:after]))

    def check(self):
        for who, stack in self.open.items():
            need(not stack, f"thread {who[1]}: {[s[0] for s in stack]} never end")
        for pid, tid in self.spans:
            need(("thread_name", pid, tid) in self.named, f"thread {tid} has no name")
            need(("process_name", pid, 0) in self.named, f"process {pid} has no name")
            self.check_nesting((pid, tid))
        for key in self.flows:
            self.check_flow(key)


def refuse_constant(text):
    raise Wrong(f"{text} is no JSON")


def refuse_twice(pairs):
    names = [name for name, _ in pairs]
    need(len(set(names)) == len(names), f"a name twice: {names}")
    return dict(pairs)


def parse(text):
    """JSON by the letter: no NaN, no name twice in an object."""
    try:
        return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=refuse_twice)
    except json.JSONDecodeError as error:
        raise Wrong(f"no JSON: {error}") from error


def check(trace):
    """Raises Wrong if @trace, the parsed JSON, isn't of the format."""
    need(isinstance(trace, dict), "not an object")
    for name, value in trace.items():
        need(name in TOP, f"unknown member {name!r}")
        need(isinstance(value, TOP[name]), f"{name}: {type(value).__name__}")
    need("traceEvents" in trace, "no traceEvents")
    need(trace.get("displayTimeUnit", "ms") in TIME_UNITS,
         f"displayTimeUnit {trace.get('displayTimeUnit')!r}")
    threads = Threads()
    for number, event in enumerate(trace["traceEvents"]):
        at = f"event {number}"
        check_fields(event, at)
        check_special(event, at)
        threads.add(event, at)
    need(threads.spans, "nobody does anything")
    threads.check()


def wrong(trace):
    """The reason why @trace isn't of the format; "" if it is."""
    try:
        check(trace)
    except Wrong as error:
        return str(error)
    return ""


def main():
    if len(sys.argv) != 2:
        print("usage: tests/cli/chrome_trace.py FILE", file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            check(parse(file.read()))
    except (OSError, UnicodeDecodeError, Wrong) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
