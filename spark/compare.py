"""Counts the numbers of every tenant in a lake again, on Spark, and writes them beside what was issued.

    spark-submit --master spark://HOST:PORT compare.py --from YYYY-MM-DD --to YYYY-MM-DD LAKE SQL RESULT

LAKE is what `seats export --lake` wrote, SQL the folder sql/fleet, RESULT a new folder, which gets the comparison as Parquet.
Of the lake only what belongs to the period is read; a month's numbers are compared where the whole month is in it. Ends with 1
where a number differs, or where there is nothing to compare.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

RELATIONS = ["voice_session", "ocs_activity", "agent", "rule", "daily_concurrent"]  # of days


def read(spark, table, where="true"):
    """The rows of a table of the lake, of one snapshot, and only of its files that may have some."""
    table = DeltaTable(table)
    schema = StructType.fromJson(json.loads(table.schema().to_json()))
    files = [unquote(file) for file in table.file_uris(file_pruning_predicate=where)]
    return (spark.read.schema(schema).parquet(*files) if files else spark.createDataFrame([], schema)).where(where)


def main(lake, sql, result, first, last):
    spark = SparkSession.builder.appName("seats_outbound").getOrCreate()
    months, days = f"month between '{first:%Y-%m}' and '{last:%Y-%m}'", f"between '{first}' and '{last}'"
    for relation in RELATIONS:
        read(spark, f"{lake}/{relation}", f"{months} and day {days}").createOrReplaceTempView(relation)
    whole = f"concat(month, '-01') {days} and last_day(concat(month, '-01')) {days}"
    read(spark, f"{lake}/issued", months).where(f"period {days} or period = month and {whole}").createOrReplaceTempView("issued")
    spark.sql(Path(sql, "seats_outbound.sql").read_text()).createOrReplaceTempView("seats_outbound")
    spark.sql(Path(sql, "comparison.sql").read_text()).write.parquet(result)
    compared = spark.read.parquet(result)
    numbers, differ = compared.count(), compared.where("not agrees")
    differ.show(20, truncate=False)
    print(f"numbers {numbers}, different {differ.count()}")
    return 0 if numbers > 0 and differ.isEmpty() else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    for name in ("lake", "sql", "result"):
        parser.add_argument(name)
    sys.exit(main(**vars(parser.parse_args())))
