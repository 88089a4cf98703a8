"""What an engineer would write who has no seats: the peaks of regions from the rows that copy.sql copies. It keeps nothing, names
nobody and is not checked.

answer.py WAY FILE: the rows come and are counted one way or another, see WAYS; the file has the question as JSON, beside it the
numbers that copy.sql asks for, and a connection string. Prints the regions' peaks, as a JSON list."""

import json
import os
import re
import sys
from importlib import import_module


def queries(asked):
    """The queries of copy.sql, by the names of their rows."""
    text = open(os.path.join(os.path.dirname(__file__), "copy.sql")).read()
    text = re.sub(r":(\w+)", lambda name: str(asked["Numbers"][name[1]]), text.split("read only;")[1])
    return dict(re.findall(r"^\\o (\w+)\.csv\ncopy \((.*?)^\) to stdout", text, re.MULTILINE | re.DOTALL))


def csv(asked):
    """What psql wrote already, beside the question."""
    return {name: os.path.join(os.path.dirname(sys.argv[2]), name + ".csv") for name in queries(asked)}


def adbc(asked):
    """Arrow tables of one snapshot."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(asked["DSN"]) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        rows = {}
        for name, query in queries(asked).items():
            cursor.execute(query)
            rows[name] = cursor.fetch_arrow_table()
        return rows


def connectorx(asked):
    """Arrow tables, each of a snapshot of its own."""
    from connectorx import read_sql

    return {name: read_sql(asked["DSN"], query, return_type="arrow") for name, query in queries(asked).items()}


WAYS = {"csv-duckdb": (csv, "in_duckdb"), "adbc-duckdb": (adbc, "in_duckdb"),
        "connectorx-polars": (connectorx, "in_polars"), "adbc-chdb": (adbc, "in_chdb")}

if __name__ == "__main__":
    read, count = WAYS[sys.argv[1]]
    everything = json.load(open(sys.argv[2]))
    peaks = sorted(import_module(count).answer(everything["Question"], read(everything)))
    print(json.dumps([dict(zip(("Region", "Agents", "At", "Seconds"), peak)) for peak in peaks]))
