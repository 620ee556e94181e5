# SPDX-License-Identifier: BSL-1.0
"""Plays compare.py against sides that answer, fail, break and hang: python3 test_driver.py"""
import argparse
import sys
import time
import unittest

import compare

FAKE = """
import sys, time
kind = sys.argv[1]
case = "mlp_128_b32"
names = {"typegrad": [case, "chain_forward", "softmax", "copy"],
         "torch": [case + "/" + v for v in ("eager", "eager_channels_last", "graph", "compiled",
                                            "compiled_graph")]
                  + ["chain_forward/eager", "copy/eager"]}
us = {case: 10, case + "/eager": 300, case + "/eager_channels_last": 120, case + "/graph": 32,
      "chain_forward": 500, "chain_forward/eager": 2000, "copy": 2000, "copy/eager": 1900}
print("a library greets")
print("ready", *names[kind], flush=True)
for line in sys.stdin:
    name, seconds = line.split()
    print("a library talks")
    if name == case + "/compiled": sys.exit(3)
    if name == case + "/compiled_graph": time.sleep(60)
    print(name, us.get(name, "error no such thing"), flush=True)
"""


def fake(name):
    return compare.Side(name, [sys.executable, "-c", FAKE, name])


def options_for(minutes):
    return argparse.Namespace(rounds=3, seconds=0.01, minutes=minutes, started=time.time())


def played(rows):
    sides = [fake(name) for name in ("typegrad", "torch")]
    try:
        return compare.compare(rows, sides, options_for(minutes=10))
    finally:
        for side in sides:
            side.close()


class Driver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        compare.BUILT.mkdir(exist_ok=True)
        compare.COMPILE, compare.LEAST = 1.0, 0.5
        cls.rows = {r.case: r for r in compare.ROWS
                    if r.case in ("mlp_128_b32", "chain_forward", "softmax", "copy")}
        cls.found = played(list(cls.rows.values()))

    def entry(self, case, measured=True):
        return compare.evaluate(self.rows[case], *self.found[case], 1900, measured)

    def test_copy_is_played_first_and_networks_last(self):
        self.assertEqual(list(self.found), ["copy", "chain_forward", "softmax", "mlp_128_b32"])

    def test_a_network_is_held_against_the_fastest_form(self):
        entry = self.entry("mlp_128_b32")
        self.assertEqual((entry["best"], entry["ratio"]), ("graph", 3.2))
        self.assertEqual([(t["value"], t["met"], t["missing"]) for t in entry["targets"]],
                         [(3.2, True, ["compiled"]), (12, True, [])])
        self.assertEqual(entry["us"]["eager"], [300.0] * 3)

    def test_a_side_that_ends_or_hangs_leaves_a_note(self):
        notes = self.found["mlp_128_b32"][1]
        self.assertEqual(notes, {"compiled": "ended with 3", "compiled_graph": "no answer in 1 s"})

    def test_an_error_leaves_a_note(self):
        self.assertEqual(self.found["softmax"], ({}, {"typegrad": "no such thing"}))
        self.assertIsNone(self.entry("softmax")["targets"][0]["met"])

    def test_bandwidth_is_held_against_the_copy(self):
        entry = self.entry("chain_forward")
        self.assertAlmostEqual(entry["rate"], 16 * 2**26 / 500e-6 * 1e-9)
        self.assertAlmostEqual(entry["share"], entry["rate"] / (2 * 2**31 / 1900e-6 * 1e-9))
        self.assertFalse(self.entry("chain_forward", measured=False)["targets"])

    def test_the_table_numbers_its_notes(self):
        said = compare.table([self.entry(case) for case in self.rows])
        self.assertIn("| 10.0 µs | 120 µs (eager_channels_last) | [1] | 32.0 µs [2] "
                      "| **3.20×** |", said)
        self.assertIn("[1] mlp_128_b32, compiled: ended with 3", said)
        self.assertIn("[3] softmax, typegrad: no such thing", said)

    def test_nothing_is_set_up_when_the_time_is_over(self):
        options, side = options_for(minutes=0), fake("typegrad")
        times, notes = compare.play("copy", [side], options, compare.Clock(options), 1)
        side.close()
        self.assertEqual((times, notes), ({}, {"typegrad": "skipped, no time left"}))


if __name__ == "__main__":
    unittest.main()
