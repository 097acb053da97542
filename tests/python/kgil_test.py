#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What CPython on kgil does beyond CPython's own tests.

usage: PYTHON-ON-KGIL kgil_test.py

To be run by CPython on kgil, as root in a guest with the module loaded.  Prints TAP.
"""
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

# struct kgil_state and struct kgil_stats.
STATE = struct.Struct("=QIIQ8I2Q")
STATS = struct.Struct("=14Q")
FIFO, FAIR = 1, 2
DEVICE = "/dev/kgil"
TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
KGIL = os.path.join(TOP, "build", "kgil")
LOWEST = 300
# What ends in moments may take so long on a busy machine.
PATIENCE = 120

DAEMONS = """
import threading
def spin():
    while True:
        pass
for _ in range(8):
    threading.Thread(target=spin, daemon=True).start()
"""

DIES_WITH_IT = """
import ctypes, threading
# PyDLL keeps the GIL; 60 is exit(), of the thread alone.
threading.Thread(target=lambda: ctypes.PyDLL(None).syscall(60, 0)).start()
while True:
    pass
"""

SWITCHES = """
import threading
done = []
def count(n):
    while n:
        n -= 1
    done.append(1)
threads = [threading.Thread(target=count, args=(200000,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done))
"""

# Long enough that who records sees the threads before they end.
NAMED = """
import threading, time
def spin(until):
    while time.monotonic() < until:
        pass
threads = [threading.Thread(target=spin, name=f"worker-{n}", args=(time.monotonic() + 1,))
           for n in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

FORKS_WITHOUT_DESCRIPTORS = """
import os, resource
null = os.open("/dev/null", os.O_RDONLY)
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (null + 1, most))
child = os.fork()
if not child:
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def number(nr, size):
    """_IOR() of the magic of kgil."""
    return 2 << 30 | size << 16 | 0xC6 << 8 | nr


def descriptor():
    """Of this process's GIL."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if "kgil" in os.readlink(f"/proc/self/fd/{name}"):
                found.append(int(name))
        except FileNotFoundError:
            pass
    if len(found) != 1:
        raise AssertionError(f"one descriptor of a GIL was expected, not {found}")
    return found[0]


def ask(nr, layout):
    return layout.unpack(fcntl.ioctl(descriptor(), number(nr, layout.size), bytes(layout.size)))


def state():
    names = ("id", "type", "flags", "owner", "owner_pid", "owner_tid", "depth", "count", "max",
             "waiters", "policy", "pad", "interval_ns", "handoff_ns")
    return dict(zip(names, ask(0x95, STATE)))


def stats():
    names = ("acquisitions", "contentions", "wait_total_ns", "wait_max_ns", "hold_total_ns",
             "hold_max_ns", "switches", "yields", "drop_requests", "timeouts", "interrupts",
             "owner_deaths", "deadlocks", "unchecked")
    return dict(zip(names, ask(0x96, STATS)))


def python(code, **environment):
    """A python of the same build."""
    return subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False)


class Gil(unittest.TestCase):
    def test_the_module_has_it(self):
        self.assertEqual(state()["type"], 1)
        self.assertGreaterEqual(descriptor(), LOWEST)

    def test_low_descriptors_are_free(self):
        self.assertEqual(python("import os; print(os.open('/dev/null', 0))").stdout, "3\n")

    def test_closed_standard_input_stays_closed(self):
        done = subprocess.run(["/bin/sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable,
                               "import sys; print(sys.stdin)"], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "None\n", ""))

    def test_policy(self):
        code = f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); " \
               "import kgil_test; print(kgil_test.state()['policy'])"
        for value, policy in ("", FAIR), ("fair", FAIR), ("fifo", FIFO):
            done = python(code, KGIL_POLICY=value, PYTHONDONTWRITEBYTECODE="1")
            self.assertEqual((done.stdout, done.stderr), (f"{policy}\n", ""))

    def test_unknown_policy(self):
        done = python("print(1)", KGIL_POLICY="random")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "python: KGIL_POLICY is fair or fifo, not: random\n")

    def test_switch_interval(self):
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        self.assertEqual(state()["interval_ns"], 5_000_000)
        # The kernel gets the nearest that it takes.
        for seconds, ns in (0.02, 20_000_000), (1e-6, 10_000), (3.0, 1_000_000_000):
            sys.setswitchinterval(seconds)
            self.assertAlmostEqual(sys.getswitchinterval(), seconds)
            self.assertEqual(state()["interval_ns"], ns)

    def test_the_kernel_asks_and_threads_switch(self):
        before = stats()
        rounds, stop = [0, 0], []

        def spin(me):
            while not stop:
                rounds[me] += 1

        threads = [threading.Thread(target=spin, args=(me,)) for me in range(2)]
        for thread in threads:
            thread.start()
        limit = time.monotonic() + PATIENCE
        # By turns, or one of them would have to end first.
        while stats()["yields"] < before["yields"] + 10 or not all(rounds):
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.01)
        stop.append(1)
        for thread in threads:
            thread.join()
        self.assertGreater(stats()["drop_requests"], before["drop_requests"])

    def test_a_child_of_fork_has_its_own(self):
        mine = state()["id"]
        here, there = os.pipe()
        child = os.fork()
        if not child:
            status = 1
            try:
                worker = threading.Thread(target=os.write, args=(there, b"%d" % state()["id"]))
                worker.start()
                worker.join()
                status = 0
            finally:
                os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertNotEqual(int(os.read(here, 100)), mine)
        self.assertEqual(state()["id"], mine)
        os.close(here)
        os.close(there)

    def test_fork_beside_threads(self):
        stop = []

        def spin():
            while not stop:
                pass

        threads = [threading.Thread(target=spin) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                child = os.fork()
                if not child:
                    os._exit(sum(range(100)) % 7)
                status = os.waitpid(child, 0)[1]
                self.assertEqual(os.waitstatus_to_exitcode(status), sum(range(100)) % 7)
        finally:
            stop.append(1)
            for thread in threads:
                thread.join()

    def test_fork_without_a_descriptor_left(self):
        done = python(FORKS_WITHOUT_DESCRIPTORS)
        self.assertEqual((done.returncode, done.stdout), (0, f"{-signal.SIGABRT}\n"))
        self.assertIn("Fatal Python error: cannot create the GIL of a child process", done.stderr)

    def test_an_owner_that_dies_is_fatal(self):
        done = python(DIES_WITH_IT)
        self.assertEqual(done.returncode, -signal.SIGABRT)
        self.assertIn("Fatal Python error: a thread ended while it held the GIL", done.stderr)

    def test_daemon_threads_at_the_end(self):
        for _ in range(5):
            done = python(DAEMONS)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Timeline(unittest.TestCase):
    def test_threads_by_name(self):
        """The picture of a program has its threads' names, and the GIL."""
        for policy in "fair", "fifo":
            self.record(policy)

    def record(self, policy):
        with tempfile.TemporaryDirectory() as here:
            program = os.path.join(here, "program.py")
            with open(program, "w", encoding="ascii") as file:
                file.write(NAMED)
            done = subprocess.run([KGIL, "timeline", "--kgil-only", "--json",
                                   "--output", os.path.join(here, "program.svg"), "--",
                                   sys.executable, program],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=PATIENCE, check=False,
                                  env={**os.environ, "KGIL_POLICY": policy})
            self.assertEqual(done.returncode, 0, done.stderr)
            events = json.loads(done.stdout)["traceEvents"]
        names = {event["name"]: set() for event in events if event["ph"] == "M"}
        for event in events:
            if event["ph"] == "M":
                names[event["name"]].add(event["args"]["name"])
        # The main thread has the program's name, "python".
        self.assertEqual(names["thread_name"], {"worker-1", "worker-2", "python"})
        self.assertRegex(names["process_name"].pop(), rf"^gil [0-9]+ \({policy}\)$")
        workers = [event["tid"] for event in events if event["name"] == "thread_name" and
                   event["args"]["name"].startswith("worker")]
        for worker in workers:
            did = {event["name"] for event in events if event["tid"] == worker}
            self.assertGreaterEqual(did, {"has it", "waiting"})


class WithoutModule(unittest.TestCase):
    def setUp(self):
        os.rename(DEVICE, DEVICE + ".away")
        self.addCleanup(os.rename, DEVICE + ".away", DEVICE)

    def test_warns_once_and_works(self):
        done = python(SWITCHES, KGIL_REQUIRE="")
        self.assertEqual((done.returncode, done.stdout), (0, "4\n"))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("python: warning: the GIL is made of futexes", done.stderr)

    def test_is_silent_when_that_is_known(self):
        done = python(SWITCHES, KGIL_REQUIRE="0")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "4\n", ""))

    def test_refuses_when_the_module_is_required(self):
        done = python(SWITCHES, KGIL_REQUIRE="1")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("python: no GIL: ", done.stderr)

    def test_daemon_threads_at_the_end(self):
        done = python(DAEMONS, KGIL_REQUIRE="0")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class TapResult(unittest.TestResult):
    """A line of TAP for each test."""

    def tell(self, good, test, details=""):
        print(f"{'ok' if good else 'not ok'} {self.testsRun} - {test.id().partition('.')[2]}")
        for line in details.splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell(True, test)

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(False, test, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(False, test, self.failures[-1][1])


def main():
    result = TapResult()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]).run(result)
    print(f"1..{result.testsRun}")
    return not result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main())
