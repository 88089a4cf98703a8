"""What an engineer would write who has no seats: the peaks of regions from the rows that copy.sql copies. It keeps nothing, names
nobody and is not checked.

answer.py WAY QUESTION: the rows come and are counted one way or another, see WAYS; the file has the question as JSON, with the
numbers that copy.sql asks for and a connection string. Prints one JSON object a region."""

import json
import os
import re
import sys
from importlib import import_module


def queries(q):
    """The queries of copy.sql, by the names of their rows."""
    text = open(os.path.join(os.path.dirname(__file__), "copy.sql")).read()
    text = re.sub(r":(\w+)", lambda name: str(q["Numbers"][name[1]]), text.split("read only;")[1])
    return dict(re.findall(r"^\\o (\w+)\.csv\ncopy \((.*?)^\) to stdout", text, re.MULTILINE | re.DOTALL))


def csv(q):
    """What psql wrote already, beside the question."""
    return {name: os.path.join(os.path.dirname(sys.argv[2]), name + ".csv") for name in queries(q)}


def adbc(q):
    """Arrow tables of one snapshot."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(q["DSN"]) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        rows = {}
        for name, query in queries(q).items():
            cursor.execute(query)
            rows[name] = cursor.fetch_arrow_table()
        return rows


def connectorx(q):
    """Arrow tables, each of a snapshot of its own."""
    from connectorx import read_sql

    return {name: read_sql(q["DSN"], query, return_type="arrow") for name, query in queries(q).items()}


WAYS = {"csv-duckdb": (csv, "in_duckdb"), "adbc-duckdb": (adbc, "in_duckdb"), "connectorx-polars": (connectorx, "in_polars"), "adbc-chdb": (adbc, "in_chdb")}

if __name__ == "__main__":
    read, count = WAYS[sys.argv[1]]
    question = json.load(open(sys.argv[2]))
    for region, agents, at, seconds in sorted(import_module(count).answer(question, read(question))):
        print(json.dumps({"Region": region, "Agents": agents, "At": at, "Seconds": seconds}))
