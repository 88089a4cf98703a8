"""What bench.py makes of what it measures: python bench_test.py."""

import json
import os
import unittest

import bench
from bench import Days, Sample

PRINTED = json.dumps([
    {"tenant": "acme", "region": "US", "measure": "concurrent", "period": "2026-03-10", "value": 42,
     "peak_at": "2026-03-10T14:03:07-04:00", "peak_seconds": 12},
    {"tenant": "acme", "region": "EU", "measure": "concurrent", "period": "2026-03-10", "value": 0},
    {"tenant": "acme", "region": "UK", "measure": "concurrent", "period": "2026-03-10", "value": 1,
     "peak_at": "2026-03-10T14:03:07Z", "peak_seconds": 1},
    {"tenant": "acme", "region": "US", "measure": "enabled", "period": "2026-03", "value": 99}])


class Bench(unittest.TestCase):
    def test_answers_agree_only_where_every_number_is_the_same(self):
        eu, uk, us = ("EU", 0, 0, 0), ("UK", 1, 1773151387, 1), ("US", 42, 1773165787, 12)
        bench.agree("", [eu, uk, us], PRINTED)
        for name, other in {"agents": [eu, uk, ("US", 41, 1773165787, 12)], "second": [eu, uk, ("US", 42, 1773165788, 12)],
                            "seconds": [eu, uk, ("US", 42, 1773165787, 13)], "missing region": [uk, us]}.items():
            with self.subTest(name), self.assertRaisesRegex(SystemExit, "whole run: seats issued"):
                bench.agree("whole run", other, PRINTED)

    def test_alternate_takes_turns_and_gives_medians(self):
        order = []

        def side(name, *took):
            left = list(took)

            def measure():
                order.append(name)
                n = left.pop(0)
                return Sample(took=n, cpu=2 * n, server=10 * n, memory=n, out=name + str(n))
            return measure

        taken = bench.alternate(3, side("a", 9, 1, 5), side("b", 2, 8, 4))
        self.assertEqual("".join(order), "ababab")
        self.assertEqual(taken, [Sample(5, 10, 50, 9, "a5"), Sample(4, 8, 40, 8, "b4")], "median times, largest memory")

    def test_alternate_stops_at_the_first_failure(self):
        taken = []

        def failing():
            return bench.child("sh", "-c", "echo no >&2; exit 3")

        with self.assertRaisesRegex(SystemExit, "ended with 3\nno"):
            bench.alternate(3, lambda: taken.append(1), failing, lambda: taken.append(2))
        self.assertEqual(taken, [1])

    def test_server_time_counts_children_that_have_ended(self):
        before = bench.server_time(os.getpid())
        took = bench.child("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done")
        self.assertGreater(bench.server_time(os.getpid()) - before, 0.05)
        self.assertGreater(took.cpu, 0.05)
        self.assertEqual(took.out, "done\n")

    def test_figures_are_ratios_with_their_targets_where_both_sides_were_measured(self):
        ours, theirs = Sample(took=1, cpu=1, server=1, memory=7_000_000), Sample(took=2, cpu=0.5)
        hoped = {"took": "≤ 1", "memory": "≤ 8 MB"}
        self.assertEqual(bench.figures(ours, theirs, hoped), ["0.50 (≤ 1): 1 s ÷ 2 s", "4.00: 2 s ÷ 0.5 s", "1 s", "7 MB (≤ 8 MB)"])
        self.assertEqual(bench.figures(Sample(), ours, hoped), [""] * 4)

    def test_counts_are_written_as_people_say_them(self):
        for n, want in {0: "0", 999: "999", 25_000: "25 k", 1_000_000: "1 M", 1_250_000: "1.25 M", 10_000_000: "10 M"}.items():
            self.assertEqual(bench.count(n), want)
        self.assertEqual([str(Days(1, 50_000)), str(Days(35, 50_000))], ["lone day of 50 k", "35 days of 50 k"])


if __name__ == "__main__":
    unittest.main()
