#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A program of Python whose locks are contended, to be run by kgil run.

    kgil run -- python3 program.py

TAP on standard output.
"""
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

KGIL = os.environ.get("KGIL", os.path.join(
    os.path.dirname(os.path.realpath(__file__)), "..", "..", "build", "kgil"))
# Only so that a hang ends: never a measure of speed.
LIMIT = 60
THREADS = 6


def objects():
    """The semaphores of the module that this process has open, by id."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}") != "anon_inode:[kgil-sem]":
                continue
            with open(f"/proc/self/fdinfo/{name}", encoding="ascii") as info:
                fields = dict(line.split(":", 1) for line in info)
        except FileNotFoundError:
            continue
        found[int(fields["kgil-id"])] = int(name)
    return found


def listed():
    """What kgil ls shows of them."""
    # It must not use objects of its own.
    environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    shown = json.loads(subprocess.check_output([KGIL, "ls", "-J"], env=environment))["objects"]
    mine = objects()
    return [o for o in shown if o["id"] in mine]


def wait_until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def run(target, n=THREADS):
    threads = [threading.Thread(target=target) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_is_preloaded():
    with open("/proc/self/maps", encoding="ascii") as maps:
        assert "libkgil-preload.so" in maps.read()
    assert sys.thread_info.lock == "semaphore"


def test_locks_that_are_free_cost_nothing():
    before = objects()
    locks = [threading.Lock() for _ in range(100000)]
    for lock in locks:
        assert lock.acquire()
    assert not any(lock.acquire(False) for lock in locks)
    for lock in locks:
        lock.release()
    assert objects() == before


def test_a_contended_lock_is_shown():
    lock = threading.Lock()
    before = {o["id"] for o in listed()}
    lock.acquire()
    thread = threading.Thread(target=lambda: (lock.acquire(), lock.release()))
    thread.start()

    def waits():
        new = [o for o in listed() if o["id"] not in before]
        return any(o["type"] == "sem" and o["waiters"] == 1 for o in new)

    assert wait_until(waits)
    lock.release()
    thread.join()
    assert not lock.locked()
    shown = [o for o in listed() if o["stats"]["contentions"] >= 1]
    assert shown, listed()


def test_counts_are_exact():
    lock, total = threading.Lock(), 0

    def count():
        nonlocal total
        for _ in range(3000):
            with lock:
                value = total
                if value % 100 == 0:
                    time.sleep(0)
                total = value + 1

    run(count)
    assert total == THREADS * 3000


def test_queue_and_condition():
    work, results = queue.Queue(5), queue.Queue()

    def consume():
        while (item := work.get()) is not None:
            results.put(item * 2)

    threads = [threading.Thread(target=consume) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for i in range(1000):
        work.put(i)
    for _ in threads:
        work.put(None)
    for thread in threads:
        thread.join()
    assert sorted(results.get() for _ in range(1000)) == [2 * i for i in range(1000)]


def test_timeout():
    lock = threading.Lock()
    lock.acquire()
    begin = time.monotonic()
    assert not lock.acquire(timeout=0.05)
    assert time.monotonic() - begin >= 0.05
    assert not lock.acquire(timeout=0.0)
    lock.release()
    assert lock.acquire(timeout=1)


def test_a_signal_handler_runs_while_the_main_thread_waits():
    lock = threading.Lock()
    lock.acquire()

    def handle(_number, _frame):
        raise KeyError

    signal.signal(signal.SIGUSR1, handle)
    # It is asleep soon; and if not, the signal is not lost.
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    try:
        lock.acquire(timeout=LIMIT)
    except KeyError:
        pass
    else:
        raise AssertionError("no signal")
    assert lock.locked()


def test_fork():
    lock, stop = threading.Lock(), threading.Event()

    def contend():
        while not stop.is_set():
            with lock:
                time.sleep(0)

    threads = [threading.Thread(target=contend) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            with lock:
                pid = os.fork()
                if not pid:
                    status = 1
                    try:
                        # The forking thread has it, so the child may release it.
                        lock.release()
                        test_counts_are_exact()
                        with lock:
                            assert not lock.acquire(timeout=0.01)
                        status = 0
                    finally:
                        os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_what_it_starts_runs_so_too():
    code = "print('libkgil-preload.so' in open('/proc/self/maps').read())"
    assert subprocess.check_output([sys.executable, "-c", code]) == b"True\n"


def main():
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            good = True
        except Exception as error:  # pylint: disable=broad-except
            good = False
            print(f"# {type(error).__name__}: {error}")
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name[5:].replace('_', ' ')}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
