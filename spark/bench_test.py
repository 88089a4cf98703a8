"""What bench.py makes of what it measures: python bench_test.py."""

import tempfile
import unittest
from pathlib import Path

import bench


class Bench(unittest.TestCase):
    def test_sessions_are_those_of_all_slices(self):
        log = (
            "seats: extracted tenant=001 day=2026-03-31 state=final sessions=26 activities=30 agents=10 took=249ms\n"
            "seats: computed tenant=001 day=2026-03-31 sessions=26 took=1ms\n"
            "seats: extracted tenant=002 day=2026-03-31 state=final sessions=58 activities=31 agents=21 took=379ms\n"
        )
        self.assertEqual(bench.sessions(log), 84)

    def test_space_is_of_all_files_below(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a", "b").mkdir(parents=True)
            for name, size in (("x", 10), ("a/y", 5000), ("a/b/z", 1)):
                Path(folder, name).write_bytes(bytes(size))
            self.assertEqual(bench.space(folder)[:2], (3, 5011))
            with self.assertRaises(SystemExit):
                bench.space(Path(folder, "missing"))

    def test_a_tenants_share_is_of_the_processor_time(self):
        step, none = bench.Step(3600, 2), bench.Step()
        site = bench.Site(10, 1234, step, none, none, none, (1, 10_000_000, 0), (180, 500_000, 1_000_000))
        text = "\n".join(bench.tables([site], 0))
        self.assertIn("| 10 | 1 k | 3600.0 (2.0) |", text)
        self.assertIn("| 10 | 200 ms | 0 ms | 0 ms | 1000 kB | 50 kB | 100 kB | 18 |", text)


if __name__ == "__main__":
    unittest.main()
