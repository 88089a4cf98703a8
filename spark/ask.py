"""Asks a question of a lake in three engines, which must give one answer: python ask.py LAKE, with what bin/spark has.

It is the first question of the lake's README.md; DuckDB and Polars read the lake as is said there, Spark as compare.py does. Prints the answer; ends with 1
where the answers differ, or where there is none.
"""

import re
import sys
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import duckdb_extensions
import polars
from pyspark.sql import SparkSession

import compare

RELATION = "daily_concurrent"


def question(lake):
    questions = Path(lake, "README.md").read_text().split("## Questions")[1]
    return re.search(r"(^    .*\n)+", questions, re.MULTILINE)[0].strip().rstrip(";")


def in_duckdb(lake, text):
    with duckdb.connect() as db:
        duckdb_extensions.import_extension("delta", con=db)
        db.execute(f"create view {RELATION} as from delta_scan('{lake}/{RELATION}')")
        return db.execute(text).fetchall()


def in_polars(lake, text):
    return polars.SQLContext({RELATION: polars.scan_delta(f"{lake}/{RELATION}")}).execute(text, eager=True).rows()


def in_spark(lake, text):
    spark = SparkSession.builder.master("local[2]").config(map={"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC"}).getOrCreate()
    try:
        compare.read(spark, f"{lake}/{RELATION}").createOrReplaceTempView(RELATION)
        return [tuple(row) for row in spark.sql(text).collect()]
    finally:
        spark.stop()


def written(value):
    """A value as text: engines differ in what a time is in Python."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def main(lake):
    text = question(lake)
    print(text)
    answers = [[tuple(map(written, row)) for row in ask(lake, text)] for ask in (in_duckdb, in_polars, in_spark)]
    for row in answers[0]:
        print(*row, sep="\t")
    if not answers[0] or answers.count(answers[0]) < len(answers):
        print("the answers differ, or there is none:", *answers, sep="\n", file=sys.stderr)
        return 1
    print(f"{len(answers[0])} rows, the same in DuckDB, Polars and Spark")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
