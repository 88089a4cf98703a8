"""Compares periods of a lake of one agent, whose numbers can be counted on fingers: python compare_test.py, with pyspark."""

import tempfile
import unittest
from datetime import date
from pathlib import Path

import duckdb
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

import compare

SQL = Path(__file__).parent.parent / "sql" / "fleet"

# Of one agent on each day a session from 01:00 to 02:00, with an activity on the switch of the region's one location; the
# number of the second day was altered. What no longer stands is wrong, too.
DAYS = "(values (date '2026-02-10', 1), ('2026-03-10', 1), ('2026-03-11', 2), ('2026-04-10', 1)) d (day, altered), (select epoch(day)::bigint t)"
LAKE = {
    "voice_session": f"select day, 7::bigint resource_key, 1::bigint sm_res_session_fact_key, t start_date_time_key, t + 3600 start_ts, t + 7200 end_ts, 0::smallint active_flag, false is_beside from {DAYS}",
    "ocs_activity": f"select day, 7::bigint resource_key, t + 3700 start_ts, t + 3800 end_ts, 'SIP' switch_name, 0::smallint active_flag, 'leg' kind from {DAYS}",
    "agent": f"select day, 7::bigint resource_key, 'E7' employee_id, 'ann' resource_name from {DAYS}",
    "rule": f"""
        select day, r.*, null::varchar pattern, t start_ts, t + 86400 end_ts, t + 90000 as_of_ts, t + 90001 extracted_ts, 'exclusive' session_end
        from {DAYS}, (values ('day', null, null, null, false), ('region', 'EU', null, null, false), ('location', 'EU', 'paris', null, true),
                             ('switch', 'EU', 'paris', 'SIP', false)) r (kind, region, location, switch_name, is_default)""",
    "daily_concurrent": f"select day, 'EU' region, unnest([null, 'paris']) as location, 1::bigint agents, t + 3600 peak_ts, 3600::bigint peak_seconds from {DAYS}",
    "issued": f"""
        select day, 'EU' region, 'concurrent' measure, day::varchar period, unnest([altered, 9])::bigint as "value", t + 3600 peak_ts, 3600::bigint peak_seconds, unnest([true, false]) stands
        from {DAYS}
        union all
        select distinct day, 'EU', 'enabled', left(day::varchar, 7), 1, null, null, true from {DAYS} where day <> date '2026-03-11'""",
}


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = {
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",  # of few rows, compiling is most
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        cls.spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
        cls.spark.sparkContext.setLogLevel("ERROR")
        cls.folder = tempfile.TemporaryDirectory()
        cls.lake = f"{cls.folder.name}/a lake"
        for relation, query in LAKE.items():
            day = "null::date" if relation == "issued" else "day"
            for month in ("2026-02", "2026-03", "2026-04"):
                rows = duckdb.sql(f"select '007' tenant, '{month}' as month, 0 bucket, * replace ({day} as day) from ({query}) where left(day::varchar, 7) = '{month}'")
                write_deltalake(f"{cls.lake}/{relation}", rows, mode="append")

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()
        cls.folder.cleanup()

    def compared(self, first, last):
        """The exit code, how many numbers there are, and the rows of those that do not agree, of a period."""
        with tempfile.TemporaryDirectory() as result:
            code = compare.main(self.lake, SQL, f"{result}/r", date.fromisoformat(first), date.fromisoformat(last))
            rows = self.spark.read.parquet(f"{result}/r").collect()
            return code, len(rows), [row for row in rows if not row.agrees]

    def test_what_was_issued_agrees_and_a_month_is_compared_as_a_whole(self):
        for relation in LAKE:  # what lies outside the period is not opened: it is damaged
            for file in DeltaTable(f"{self.lake}/{relation}").get_add_actions(flatten=True).to_struct_array().to_pylist():
                if file["max.month"] == "2026-02":
                    Path(self.lake, relation, file["path"]).write_text("damaged")
        self.assertEqual(self.compared("2026-04-01", "2026-04-30"), (0, 3, []))

    def test_a_number_that_was_altered_is_found(self):
        code, numbers, differ = self.compared("2026-03-10", "2026-03-11")  # no whole month
        self.assertEqual((code, numbers), (1, 4))
        self.assertEqual([(r.tenant, r.region, r.location, r.measure, r.period, r.value, r.fleet_value) for r in differ], [("007", "EU", None, "concurrent", "2026-03-11", 2, 1)])

    def test_nothing_to_compare_is_a_failure(self):
        self.assertEqual(self.compared("2026-03-12", "2026-03-31"), (1, 0, []))


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # of py4j's sockets
