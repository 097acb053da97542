# SPDX-License-Identifier: GPL-2.0
"""The package as a whole: backend, warnings, type hints, the end of Python."""

import ast
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import kgil
from helpers import TestCase, on_module, python

PACKAGE = Path(kgil.__file__).parent

AT_THE_END = """
import sys, threading, time, warnings
warnings.simplefilter("ignore")
import kgil
locks = [kgil.Lock(), kgil.RLock(), kgil.Semaphore(), kgil.Lock(shared=True), kgil.GIL()]
for lock in locks:
    lock.acquire()
    threading.Thread(target=lock.acquire, daemon=True).start()
while not all(lock.waiters for lock in locks):
    pass
print("end")
"""

# The names that the kernel has.
NAMES = """
import os, threading, warnings
warnings.simplefilter("ignore")
import kgil

def comm(native_id):
    with open(f"/proc/self/task/{native_id}/comm", encoding="utf-8") as file:
        return file.read()[:-1]

threading.main_thread().name = "first"
with open("/proc/self/comm", "w") as file:
    file.write("python3")
end = threading.Event()
threads = [threading.Thread(target=end.wait, name=name, daemon=True)
           for name in ("worker", "second", "läuft 456789abcdef")]
threads[0].start()
kgil.name_threads()
kgil.name_threads()
threads[1].start()
threads[1].name = "renamed"
threads[2].start()
print([comm(t.native_id) for t in [*threads, threading.main_thread()]])
end.set()
"""

# What kgil timeline puts before PYTHONPATH.
SITE = str(Path(__file__).resolve().parents[2] / "build" / "kgil-python")

PROGRAM = """
import sys, threading
import beside
print(__name__, sys.argv[1:], beside.name)
names = []
def read():
    with open(f"/proc/self/task/{threading.get_native_id()}/comm") as file:
        names.append(file.read()[:-1])
thread = threading.Thread(target=read, name="in program")
thread.start()
thread.join()
print(names)
sys.exit(7)
"""


class Package(TestCase):
    def test_backend(self):
        expected = os.environ["KGIL_TEST_BACKEND"]
        self.assertEqual(kgil.backend, expected)
        self.assertIn(expected, ("module", "futex"))

    def test_warning(self):
        """One where the module is absent; none where it is there."""
        said = python("import kgil; import kgil; kgil.Lock().acquire()", PYTHONWARNINGS="")
        if on_module:
            self.assertEqual(said, "")
        else:
            self.assertEqual(said.count("RuntimeWarning"), 1)
            self.assertRegex(said, "kgil works without the kernel module, by futexes: (There is n|N)o ")
            self.assertIn("insmod kgil.ko", said)

    def test_required(self):
        if on_module:
            self.assertEqual(python("import kgil", KGIL_REQUIRE="1"), "")
            return
        said = python("import kgil", KGIL_REQUIRE="1", status=1)
        self.assertRegex(said, "ImportError: kgil: the kernel module is required: (There is n|N)o ")

    def test_version(self):
        self.assertRegex(kgil.__version__, r"^\d+\.\d+\.\d+$")
        metadata = [path / "METADATA" for path in PACKAGE.parent.glob("kgil-*.dist-info")]
        self.assertEqual(len(metadata), 1)
        self.assertIn(f"\nVersion: {kgil.__version__}\n", metadata[0].read_text())
        self.assertNotIn("Requires-Dist", metadata[0].read_text())

    def test_it_needs_nothing_else(self):
        """libkgil is in it; what it exports is what Python needs."""
        maps = Path("/proc/self/maps").read_text()
        self.assertIn("_kgil.cpython", maps)
        self.assertNotIn("libkgil", maps)

    def test_type_hints(self):
        """The stub names what is there, and everything public is in it."""
        self.assertTrue((PACKAGE / "py.typed").exists())
        tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

        def members(name):
            found = set()
            for node in classes[name].body:
                if isinstance(node, ast.FunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.AnnAssign):
                    found.add(node.target.id)
            for base in classes[name].bases:
                if getattr(base, "id", None) in classes:
                    found |= members(base.id)
            return found

        for name in set(classes) & set(kgil.__all__):
            cls = getattr(kgil, name)
            for member in members(name):
                self.assertTrue(hasattr(cls, member), f"{name}.{member}")
            if name != "Stats":
                there = {member for member in vars(cls) if not member.startswith("__")}
                self.assertEqual(there - members(name), set(), name)
        for name in kgil.__all__:
            self.assertTrue(hasattr(kgil, name))
        imported = [
            alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module == "threading"
            for alias in node.names
        ]
        for name in imported:
            self.assertTrue(hasattr(kgil, name), name)

    def test_names_of_threads(self):
        self.assertEqual(python(NAMES), "['worker', 'renamed', 'läuft 456789ab', 'python3']\n")
        self.assertEqual(python(NAMES.replace("kgil.name_threads()", "")).count("python3"), 4)

    def test_site_is_not_seen(self):
        """The machine's own sitecustomize, and what can be imported, are as without ours."""
        show = "import sys; print(sys.path, getattr(sys.modules.get('sitecustomize'), '__file__', 0))"
        with tempfile.TemporaryDirectory() as here:
            own = Path(here, "sitecustomize.py")
            outputs = []
            for path in (here, f"{SITE}:{here}"):
                for text in "print('own')", "import kgil_none", "1 / 0":
                    own.write_text(text, encoding="utf-8")
                    done = subprocess.run([sys.executable, "-B", "-c", show], capture_output=True,
                                          text=True, check=False, timeout=60,
                                          env={**os.environ, "PYTHONPATH": path})
                    outputs.append((done.returncode, done.stdout, done.stderr.splitlines()[-1:]))
            self.assertEqual(outputs[:3], outputs[3:])
            self.assertIn(str(own), outputs[0][1])

    def test_runs_a_program(self):
        with tempfile.TemporaryDirectory() as here:
            Path(here, "beside.py").write_text("name = 'from beside'\n", encoding="utf-8")
            program = Path(here, "program.py")
            program.write_text(PROGRAM, encoding="utf-8")
            command = [sys.executable, "-m", "kgil"]
            for run in ([*command, program, "1", "-2"], [*command, "-m", "program", "1", "-2"]):
                done = subprocess.run(run, cwd=here, capture_output=True, text=True, check=False,
                                      env={**os.environ, "PYTHONWARNINGS": "ignore"}, timeout=60)
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (7, "__main__ ['1', '-2'] from beside\n['in program']\n", ""))
            done = subprocess.run([sys.executable, "program.py", "1", "-2"], cwd=here,
                                  capture_output=True, text=True, check=False,
                                  env={**os.environ, "PYTHONPATH": SITE}, timeout=60)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (7, "__main__ ['1', '-2'] from beside\n['in program']\n", ""))
            for arguments in ([], ["-x"], [f"{here}/none.py"]):
                done = subprocess.run([*command, *arguments], capture_output=True, text=True,
                                      check=False, timeout=60,
                                      env={**os.environ, "PYTHONWARNINGS": "ignore"})
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_end_with_threads_that_wait(self):
        self.assertEqual(python(AT_THE_END), "end\n")

    def test_examples(self):
        examples = Path(__file__).parents[2] / "userspace/examples"
        for path, expected in (
            ("textbook.py", r"^count 1\nThreadError: release unlocked lock\n$"),
            ("processes.py", r"^with a lock: 0 of \d+ updates are lost\n"),
        ):
            text = (examples / path).read_text()
            said = python("import warnings; warnings.simplefilter('ignore')\n" + text)
            self.assertTrue(re.search(expected, said), said)
            self.assertLess(len(text.splitlines()), 60)

    def test_python(self):
        self.assertGreaterEqual(sys.version_info, (3, 9))
