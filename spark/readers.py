"""Reads a table of a lake with six engines while it is being written: python readers.py TABLE SECONDS [ENGINE...]

Every read has to be the table as it was at one version, and no engine may go back. TABLE is a folder such as LAKE/daily_concurrent.
Needs duckdb 1.5.5 with duckdb-extensions and duckdb-extension-delta, polars, deltalake, chdb, pyspark with the jars in $JARS
(delta-spark, delta-storage), and for Trino a server at $TRINO (http://...), the Java of $TRINO_JAVA and its command line in $TRINO_CLI.
"""

import multiprocessing as mp
import os
import subprocess
import sys
import time
from pathlib import Path

import deltalake

# One row: how many, and a sum that no mixture of two states is likely to have.
ASK = "select count(*) as n, count(distinct tenant) as tenants, coalesce(sum(agents * (bucket + 1) * (1 + extract(day from day))), 0) as s, coalesce(sum(agents), 0) as a from {}"


def duckdb(table):
    import duckdb
    import duckdb_extensions

    db = duckdb.connect()
    duckdb_extensions.import_extension("delta", con=db)
    return lambda: db.execute(ASK.format(f"delta_scan('{table}')")).fetchone()


def polars(table):
    import polars

    return lambda: polars.SQLContext(x=polars.scan_delta(table)).execute(ASK.format("x"), eager=True).rows()[0]


def delta(table):
    def read():
        return tuple(deltalake.QueryBuilder().register("x", deltalake.DeltaTable(table)).execute(ASK.format("x").replace("extract(day from day)", "date_part('day', day)")).read_all().to_struct_array().to_pylist()[0].values())

    return read


def clickhouse(table):
    import chdb

    query = ASK.format(f"deltaLakeLocal('{table}')").replace("extract(day from day)", "toDayOfMonth(assumeNotNull(day))")
    return lambda: str(chdb.query(query)).strip().split(",")


def spark(table):
    from pyspark.sql import SparkSession

    jars = ",".join(str(p) for p in Path(os.environ["JARS"]).glob("delta-*.jar"))
    s = SparkSession.builder.master("local[1]").config(map={
        "spark.jars": jars, "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1", "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog"}).getOrCreate()
    s.sparkContext.setLogLevel("OFF")
    return lambda: tuple(s.sql(ASK.format(f"delta.`{table}`")).collect()[0])


def trino(table):
    cli = [os.environ["TRINO_JAVA"], "-jar", os.environ["TRINO_CLI"], "--server", os.environ["TRINO"], "--output-format", "TSV", "--execute"]

    def run(sql):
        p = subprocess.run([*cli, sql], capture_output=True, text=True)
        if p.returncode:
            raise RuntimeError(p.stderr[-300:])
        return p.stdout
    name = f"t{os.getpid()}"
    run(f"create schema if not exists delta.lake; call delta.system.register_table('lake', '{name}', 'local://{table}')")
    return lambda: run(ASK.format(f"delta.lake.{name}")).split()


ENGINES = {f.__name__: f for f in (duckdb, polars, delta, clickhouse, spark, trino)}


def loop(name, table, until, results):
    reads, errors = [], []
    try:
        read = ENGINES[name](table)
        while time.time() < until.value:
            try:
                row = tuple(int(float(x)) for x in read())
                if not reads or reads[-1][0] != row:
                    reads.append([row, 0])
                reads[-1][1] += 1
            except Exception as e:
                errors.append(f"{type(e).__name__}: {e}"[:300])
    except Exception as e:
        errors.append(f"start: {type(e).__name__}: {e}"[:300])
    results.put((name, reads, errors))


def states(table):
    """The answer at every version."""
    import polars

    last = deltalake.DeltaTable(table).version()
    return [tuple(int(x) for x in polars.SQLContext(x=polars.scan_delta(table, version=v)).execute(ASK.format("x"), eager=True).rows()[0]) for v in range(last + 1)]


def main(table, seconds, *names):
    ctx = mp.get_context("spawn")
    until, results = ctx.Value("d", time.time() + float(seconds)), ctx.Queue()
    processes = [ctx.Process(target=loop, args=(n, table, until, results)) for n in names or ENGINES]
    for p in processes:
        p.start()
    got, bad = [results.get() for _ in processes], 0
    for p in processes:
        p.join()
    at = states(table)
    for name, reads, errors in got:
        version, torn, back = 0, 0, 0
        for row, times in reads:
            later = [v for v in range(version, len(at)) if at[v] == row]
            if later:
                version = later[0]
            elif row in at:
                back += times
            else:
                torn += times
                print(name, "torn", row, file=sys.stderr)
        print(f"{name}: {sum(t for _, t in reads)} reads of {len(reads)} states, {torn} torn, {back} back in time, {len(errors)} errors", *errors[:2], sep="\n  ")
        bad += torn + back + len(errors)
    print(f"{len(at)} versions, {len(set(at))} different")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
