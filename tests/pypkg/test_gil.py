# SPDX-License-Identifier: GPL-2.0
"""The GIL of the kernel, from Python."""

import threading
import time

import kgil
from helpers import PATIENCE, TestCase, wait_until


class Gil(TestCase):
    def test_acquire_and_release(self):
        gil = kgil.GIL()
        self.assertFalse(gil.locked())
        self.assertIsNone(gil.owner)
        self.assertTrue(gil.acquire())
        self.assertTrue(gil.locked())
        self.assertTrue(gil.owned())
        self.assertEqual(gil.owner, threading.get_native_id())
        self.assertRegex(repr(gil), r"^<locked kgil\.GIL object policy=fair at 0x[0-9a-f]+>$")
        gil.release()
        self.assertFalse(gil.owned())
        self.assertRegex(repr(gil), r"^<unlocked kgil\.GIL object policy=fair at 0x[0-9a-f]+>$")

    def test_with(self):
        gil = kgil.GIL()
        with self.assertRaises(KeyError), gil as taken:
            self.assertIs(taken, True)
            self.assertTrue(gil.owned())
            raise KeyError
        self.assertFalse(gil.locked())

    def test_it_is_not_recursive(self):
        gil = kgil.GIL()
        with gil:
            self.assertFalse(gil.acquire(False))
            self.assertFails(
                RuntimeError, "cannot acquire a GIL that the thread owns already", gil.acquire
            )
            self.assertTrue(gil.owned())

    def test_what_only_the_owner_may(self):
        gil = kgil.GIL()
        self.assertFails(RuntimeError, "cannot release un-acquired lock", gil.release)
        self.assertFails(RuntimeError, "cannot yield un-acquired lock", gil.yield_)
        self.contend(gil)
        self.assertFails(RuntimeError, "cannot release un-acquired lock", gil.release)
        self.assertFails(RuntimeError, "cannot yield un-acquired lock", gil.yield_)
        self.assertTrue(gil.locked())

    def test_timeout(self):
        gil = kgil.GIL()
        self.contend(gil)
        begin = time.monotonic()
        self.assertIs(gil.acquire(timeout=0.05), False)
        self.assertGreaterEqual(time.monotonic() - begin, 0.05)
        self.assertRaises(ValueError, gil.acquire, False, 1)

    def test_settings(self):
        gil = kgil.GIL()
        self.assertEqual((gil.interval, gil.policy), (0.005, "fair"))
        gil.interval, gil.policy = 0.25, "fifo"
        self.assertEqual((gil.interval, gil.policy), (0.25, "fifo"))
        gil = kgil.GIL(1, "fifo")
        self.assertEqual((gil.interval, gil.policy), (1.0, "fifo"))
        self.assertEqual(kgil.GIL(policy="fair", interval=0.00001).interval, 0.00001)

    def test_bad_settings(self):
        gil = kgil.GIL()
        for value in (0, -1, 0.000009, 1.1, 2):
            message = f"interval must be 0.00001 to 1 seconds, not {value}"
            self.assertFails(ValueError, message, kgil.GIL, value)
            self.assertFails(ValueError, message, setattr, gil, "interval", value)
        for value in ("unfair", "", 1, b"fair"):
            message = f"policy must be 'fair' or 'fifo', not {value!r}"
            self.assertFails(ValueError, message, kgil.GIL, policy=value)
            self.assertFails(ValueError, message, setattr, gil, "policy", value)
        for name in ("interval", "policy"):
            self.assertRaises(AttributeError, delattr, gil, name)
        self.assertRaises(TypeError, setattr, gil, "interval", "x")
        self.assertEqual((gil.interval, gil.policy), (0.005, "fair"))

    def test_check(self):
        """The owner is asked to drop it when its turn is over, not before."""
        gil = kgil.GIL(interval=0.02)
        gil.acquire()
        self.assertFalse(gil.check())
        self.assertFalse(gil.drop_requested)
        waiter = self.contend(gil)
        wait_until(lambda: gil.drop_requested)
        waiter.may_end.set()
        self.assertTrue(gil.check())
        # The other had it in between.
        self.assertTrue(waiter.result)
        self.assertTrue(gil.owned())
        self.assertEqual((gil.yields, gil.contentions), (1, 2))
        self.assertGreaterEqual(gil.drop_requests, 1)
        self.assertGreaterEqual(gil.switches, 2)
        gil.release()

    def test_yield_without_a_waiter(self):
        gil = kgil.GIL()
        with gil:
            gil.yield_()
            self.assertTrue(gil.owned())
        self.assertEqual((gil.acquisitions, gil.yields), (1, 0))

    def test_one_at_a_time(self):
        gil = kgil.GIL(interval=0.001)
        inside, overlaps, turns = [], [], [0, 0, 0]
        until = time.monotonic() + 0.5

        def work(number):
            while time.monotonic() < until or not all(turns):
                with gil:
                    inside.append(number)
                    overlaps.extend(inside[1:])
                    turns[number] += 1
                    inside.remove(number)
                    gil.check()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(overlaps, [])
        self.assertTrue(all(turns))

    def test_a_thread_that_ends_with_it(self):
        gil = kgil.GIL()
        thread = threading.Thread(target=gil.acquire)
        thread.start()
        thread.join()
        with self.assertWarnsRegex(RuntimeWarning, "the last owner died"):
            self.assertTrue(gil.acquire(timeout=PATIENCE))
        gil.release()

    def test_without_init(self):
        gil = kgil.GIL.__new__(kgil.GIL)
        for function in (gil.acquire, gil.release, gil.yield_, gil.check, gil.locked, gil.owned):
            self.assertFails(RuntimeError, "GIL.__init__() was not called", function)
        for name in ("interval", "policy", "owner", "drop_requested"):
            self.assertFails(RuntimeError, "GIL.__init__() was not called", getattr, gil, name)
