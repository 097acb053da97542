#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Workloads for one build of CPython.  Each prints its result as a line of JSON.

usage: bench.py echo CLIENT-PYTHON SECONDS threads|processes N
       bench.py countdown THREADS COUNT
       bench.py program NAME

echo: an echo server's I/O thread beside N CPU-bound threads or processes.  The
client is a process that runs CLIENT-PYTHON, the same for all builds; it asks
again as soon as it has its answer, and measures.
countdown: COUNT steps, shared out to THREADS threads.
program: a single-threaded program of the set, once; see PROGRAMS.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

MESSAGE = b"x" * 32
# Before a measurement, for all threads to be under way.
WARM_UP = 0.3
# The client gives up: the server has ended.
SILENCE = 60


# --- the echo server ---------------------------------------------------------


def serve(connection):
    while True:
        message = connection.recv(len(MESSAGE))
        if not message:
            return
        connection.send(message)


def spin(rounds, number, limit=None):
    """CPU-bound; stops when the process does, or at LIMIT, a time."""
    while limit is None or time.monotonic() < limit:
        n = 20000
        while n:
            n -= 1
        rounds[number] += 1


def client(descriptor, seconds):
    """Answers a second, and the percentiles of the latency."""
    connection = socket.socket(fileno=descriptor)
    connection.settimeout(SILENCE)
    clock = time.perf_counter_ns
    latencies = []
    begin = clock() + int(WARM_UP * 1e9)
    end = begin + int(seconds * 1e9)
    now = clock()
    while now < end:
        before = now
        connection.send(MESSAGE)
        if not connection.recv(len(MESSAGE)):
            sys.exit("bench.py: the echo server has ended")
        now = clock()
        if before >= begin:
            latencies.append(now - before)
    # The last answer may be late.
    elapsed = now - begin
    if not latencies:
        latencies = [elapsed]
    latencies.sort()
    print(json.dumps({"requests": len(latencies) * 1e9 / elapsed,
                      "latency_p50": latencies[len(latencies) // 2],
                      "latency_p99": latencies[len(latencies) * 99 // 100]}))


def start_processes(number, seconds):
    """CPU-bound processes; their ids."""
    limit = time.monotonic() + seconds
    children = []
    for _ in range(number):
        child = os.fork()
        if not child:
            try:
                spin([0], 0, limit)
            finally:
                os._exit(0)
        children.append(child)
    return children


def start_threads(rounds):
    for number in range(len(rounds)):
        threading.Thread(target=spin, args=(rounds, number), daemon=True).start()


def echo(client_python, seconds, kind, number):
    # Of messages: of a stream, a reader is also woken when its peer reads.
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    children = start_processes(number, seconds + SILENCE) if kind == "processes" else []
    rounds = [0] * number if kind == "threads" else []
    asker = subprocess.Popen([client_python, __file__, "client", str(there.fileno()), str(seconds)],
                             pass_fds=[there.fileno()], stdout=subprocess.PIPE, text=True)
    there.close()
    begin = time.perf_counter()
    start_threads(rounds)
    server = threading.Thread(target=serve, args=(here,))
    server.start()
    answer = asker.communicate()[0]
    elapsed = time.perf_counter() - begin
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if asker.returncode:
        sys.exit("bench.py: the echo client has failed")
    server.join()
    result = json.loads(answer)
    if rounds:
        result["work"] = sum(rounds) / elapsed
    return result


# --- the countdown ------------------------------------------------------------


def count_down(n, ready):
    ready.wait()
    while n:
        n -= 1


def countdown(number, count):
    ready = threading.Barrier(number + 1)
    threads = [threading.Thread(target=count_down, args=(count // number, ready))
               for _ in range(number)]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    return {"work": count / (time.perf_counter() - begin)}


# --- single-threaded programs ---------------------------------------------------


def program_loop():
    n = 400000
    while n:
        n -= 1
    return n


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def program_calls():
    return fibonacci(22)


def program_sieve():
    sieve = bytearray([1]) * 60000
    for i in range(2, 245):
        if sieve[i]:
            sieve[i * i::i] = bytes(len(range(i * i, len(sieve), i)))
    return sum(sieve[i] for i in range(2, len(sieve)))


def program_floats():
    x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
    for _ in range(60000):
        cube = (x * x + y * y) ** 1.5
        vx -= x / cube * 1e-3
        vy -= y / cube * 1e-3
        x += vx * 1e-3
        y += vy * 1e-3
    return round(x, 6), round(y, 6)


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.balance = 0

    def add(self, amount):
        if amount < 0:
            raise ValueError("negative")
        self.balance += amount
        return self


def program_objects():
    accounts = [Account(n) for n in range(500)]
    for amount in range(-5, 75):
        for account in accounts:
            try:
                account.add(amount)
            except ValueError:
                account.balance = 0
    return sum(account.balance for account in accounts)


def program_strings():
    words = {}
    for n in range(40000):
        word = f"word{n * 7919 % 997}"
        words[word] = words.get(word, 0) + len(word)
    return ",".join(sorted(words))[-20:], max(words.values())


def queens(size, row=0, columns=0, left=0, right=0):
    if row == size:
        return 1
    found = 0
    for column in range(size):
        bit = 1 << column
        if not (columns & bit or left & (bit << row) or right & (bit << (size - row))):
            found += queens(size, row + 1, columns | bit, left | (bit << row),
                            right | (bit << (size - row)))
    return found


def program_queens():
    return queens(7)


def program_generators():
    def numbers(n):
        yield from range(n)

    return sum(n * n for n in numbers(60000) if n % 3), len([*map(str, numbers(20000))])


PROGRAMS = {name[len("program_"):]: function for name, function in globals().items()
            if name.startswith("program_")}


def program(name):
    """In an icount guest the time is the number of instructions."""
    function = PROGRAMS[name]
    function()
    begin = time.perf_counter_ns()
    result = function()
    elapsed = time.perf_counter_ns() - begin
    return {"time": elapsed, "result": repr(result)}


def main(words):
    if words[:1] == ["echo"] and len(words) == 5:
        return echo(words[1], float(words[2]), words[3], int(words[4]))
    if words[:1] == ["countdown"] and len(words) == 3:
        return countdown(int(words[1]), int(words[2]))
    if words[:1] == ["program"] and len(words) == 2 and words[1] in PROGRAMS:
        return program(words[1])
    if words[:1] == ["client"] and len(words) == 3:
        return client(int(words[1]), float(words[2]))
    print(__doc__, file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    outcome = main(sys.argv[1:])
    if outcome is not None:
        print(json.dumps(outcome))
