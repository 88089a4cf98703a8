"""Counts the numbers of every tenant in a lake again, on Spark, and writes them beside what was issued.

    spark-submit --master spark://HOST:PORT compare.py LAKE SQL RESULT

LAKE is what `seats export --lake` wrote, SQL the folder sql/fleet, RESULT a new folder, which gets the comparison as
Parquet. Ends with 1 where a number differs, or where there is nothing to compare.
"""

import sys
from pathlib import Path

from pyspark.sql import SparkSession

RELATIONS = ["voice_session", "ocs_activity", "agent", "rule", "daily_concurrent", "issued"]


def main(lake, sql, result):
    spark = (
        SparkSession.builder.appName("seats_outbound")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")  # a tenant called 007 is no number
        .getOrCreate()
    )
    for relation in RELATIONS:
        spark.read.parquet(f"{lake}/{relation}").createOrReplaceTempView(relation)
    spark.sql(Path(sql, "seats_outbound.sql").read_text()).createOrReplaceTempView("seats_outbound")
    spark.sql(Path(sql, "comparison.sql").read_text()).write.parquet(result)
    compared = spark.read.parquet(result)
    numbers, differ = compared.count(), compared.where("not agrees")
    differ.show(20, truncate=False)
    print(f"numbers {numbers}, different {differ.count()}")
    return 0 if numbers > 0 and differ.isEmpty() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
