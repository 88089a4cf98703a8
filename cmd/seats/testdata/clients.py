"""The questions of docs/snapshot.md, put to a store by clients that users have: DuckDB's own, pandas, Polars, and JDBC, to the file alone
and by the catalogue. Usage: clients.py STORE JDBC_JAR. Every answer has the rows that `seats sql` prints on the page."""

import csv
import io
import pathlib
import re
import subprocess
import sys

import duckdb

store, jar = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
here = pathlib.Path(__file__).resolve().parent
catalogue = store.with_suffix(".attach.sql")
page = (here / "../../../docs/snapshot.md").read_text()
questions = re.findall(r"\n### \d+\..*?```sql\n(.*?)\n```\n\n```\n(.*?)\n```", page, re.S)
assert len(questions) == 15, len(questions)


def cli(query, *how):
    said = subprocess.run(["duckdb", *how, "-csv", "-c", f"set timezone = 'UTC'; {query}"], cwd="/", capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return len(list(csv.reader(io.StringIO(said.stdout)))) - 1


def jdbc(url, first, all):
    said = subprocess.run(["java", "-cp", jar, str(here / "Clients.java"), url, first], input="\x00".join(all), capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    return [int(n) for n in said.stdout.split()]


alone, attached = duckdb.connect(str(store), read_only=True), duckdb.connect()
attached.execute(catalogue.read_text())
queries = [query for query, _ in questions]
by_jdbc = jdbc(f"jdbc:duckdb:{store};access_mode=READ_ONLY", "", queries), jdbc("jdbc:duckdb:", str(catalogue), queries)
for i, (query, answer) in enumerate(questions):
    want = answer.count("\n")
    for db in alone, attached:
        db.execute("set timezone = 'UTC'")
        rows = db.execute(query).fetchall()
        assert len(rows) == want, (query, rows)
        assert len(db.sql(query).df()) == want and len(db.sql(query).pl()) == want, query
    assert alone.execute(query).fetchall() == attached.execute(query).fetchall(), query
    assert cli(query, "-readonly", str(store)) == cli(query, "-init", str(catalogue)) == want, query
    assert by_jdbc[0][i] == by_jdbc[1][i] == want, (query, by_jdbc)
print(f"{len(questions)} questions, the same answers: duckdb {duckdb.__version__}, its client, pandas, polars, JDBC")
