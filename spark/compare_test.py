"""Compares lakes of one agent, whose numbers can be counted on fingers: python compare_test.py, with pyspark."""

import tempfile
import unittest
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import lit

import compare

SQL = Path(__file__).parent.parent / "sql" / "fleet"
DAY = 1_773_100_800  # 2026-03-10T00:00:00Z

# One agent in one session from 01:00 to 02:00, with an activity on the switch of the region's one location.
LAKE = {
    "voice_session": f"select 7L resource_key, 1L sm_res_session_fact_key, {DAY}L start_date_time_key, {DAY + 3600}L start_ts, {DAY + 7200}L end_ts, 0 active_flag, false is_beside",
    "ocs_activity": f"select 7L resource_key, {DAY + 3700}L start_ts, {DAY + 3800}L end_ts, 'SIP' switch_name, 0 active_flag, 'leg' kind",
    "agent": "select 7L resource_key, 'E7' employee_id, 'ann' resource_name",
    "rule": f"""
        select kind, region, location, switch_name, is_default, string(null) pattern, {DAY}L start_ts, {DAY + 86400}L end_ts, {DAY + 90000}L as_of_ts,
               {DAY + 90001}L extracted_ts, 'exclusive' session_end
        from values ('day', null, null, null, false), ('region', 'EU', null, null, false), ('location', 'EU', 'paris', null, true),
                    ('switch', 'EU', 'paris', 'SIP', false) as r (kind, region, location, switch_name, is_default)""",
    "daily_concurrent": f"""
        select 'EU' region, location, 1L agents, {DAY + 3600}L peak_ts, 3600L peak_seconds
        from values (string(null)), ('paris') as l (location)""",
    "issued": f"""
        select 'EU' region, 'concurrent' measure, '2026-03-10' period, 1L value, {DAY + 3600}L peak_ts, 3600L peak_seconds
        union all
        select 'EU', 'enabled', '2026-03', 1L, null, null""",
}
NUMBERS = 3  # the region's and the location's peak, the month's enabled agents


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = {
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # most of it is starting
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        cls.spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
        cls.spark.sparkContext.setLogLevel("ERROR")

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()

    def compared(self, **altered):
        """The exit code, and the rows that do not agree, of the lake with some relations as they are given."""
        with tempfile.TemporaryDirectory() as dir:
            for relation, query in (LAKE | altered).items():
                partition = {"tenant": "007", "month": "2026-03"} | ({} if relation == "issued" else {"day": "2026-03-10"})
                rows = self.spark.sql(query).withColumns({name: lit(value) for name, value in partition.items()})
                folders = [] if rows.isEmpty() else partition  # of no rows there would be no file
                rows.write.partitionBy(*folders).parquet(f"{dir}/lake/{relation}")
            code = compare.main(f"{dir}/lake", SQL, f"{dir}/result")
            result = self.spark.read.parquet(f"{dir}/result").collect()
            return code, len(result), [row for row in result if not row.agrees]

    def test_what_was_issued_agrees(self):
        self.assertEqual(self.compared(), (0, NUMBERS, []))

    def test_a_number_that_was_altered_is_found(self):
        issued = LAKE["issued"].replace("1L value", "2L value", 1)
        self.assertNotEqual(issued, LAKE["issued"])
        code, numbers, differ = self.compared(issued=issued)
        self.assertEqual((code, numbers), (1, NUMBERS))
        self.assertEqual([(r.tenant, r.region, r.location, r.measure, r.value, r.fleet_value) for r in differ], [("007", "EU", None, "concurrent", 2, 1)])

    def test_nothing_to_compare_is_a_failure(self):
        nothing = {relation: f"select * from ({LAKE[relation]}) where region = 'nowhere'" for relation in ["daily_concurrent", "issued"]}
        code, numbers, _ = self.compared(**nothing)
        self.assertEqual((code, numbers), (1, 0))


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # of py4j's sockets
