"""Measures the lake of a fleet: python bench_lake.py [TENANTS [NIGHTS]], 500 and 60 without; `make bench-lake` runs it.

Twenty simulated tenants are exported night by night, which tells how many files there are at the end; then their stores, copied until there
are as many as are wanted, all but their newest day at once, the newest day, and once more with nothing new. A question about a month is put
to the tables in DuckDB. Prints a table as Markdown. Needs bin/seats, bin/gimsim.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import duckdb_extensions

SCRIPTS = Path(__file__).resolve().parent
SEATS = SCRIPTS.parent / "bin" / "seats"
QUESTION = "select tenant, region, agents, day, peak_at from delta_scan('{}/daily_concurrent') where month = '{:%Y-%m}' and location is null order by agents desc, tenant, region, day limit 10"


def seats(site, *args):
    subprocess.run([SEATS, "--config", site / "seats.yaml", "-q", *map(str, args)], check=True, stdout=subprocess.DEVNULL)


def cost(step):
    """Seconds, and processor seconds of this process and its children."""
    def spent():
        return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)))

    began, before = time.monotonic(), spent()
    step()
    return f"{time.monotonic() - began:.1f} s | {spent() - before:.1f}"


def files(lake):
    """How many files the newest versions have, and how many lie there with all logs and what was replaced."""
    import deltalake

    tables = [log.parent for log in lake.glob("*/_delta_log")]
    return sum(len(deltalake.DeltaTable(str(t)).file_uris()) for t in tables), sum(p.is_file() for p in lake.rglob("*"))


def copies(base, site, tenants, of):
    """A site of as many tenants, each with a copy of one of the stores, and a ledger that begins otherwise."""
    (site / "tenants.d").mkdir(parents=True)
    (site / "var").mkdir(mode=0o700)
    shutil.copy(base / "seats.yaml", site)
    os.symlink(base / "exports", site / "exports")
    for n in range(tenants):
        was, name = f"{n % of + 1:03}", f"t{n + 1:05}"
        shutil.copy(base / "tenants.d" / f"{was}.yaml", site / "tenants.d" / f"{name}.yaml")
        for file in (base / "var").glob(f"{was}.*duckdb"):
            shutil.copy(file, site / "var" / file.name.replace(was, name, 1))
        with duckdb.connect(str(site / "var" / f"{name}.duckdb")) as store:
            store.execute("update _data.run set sha256 = sha256(?) where run_id = 1", [name])
            store.execute("update _data.sealed_month set file = replace(file, ?, ?)", [was + ".", name + "."])


def main(tenants=500, nights=60):
    last = date.today() - timedelta(days=3)
    days, of = [last - timedelta(days=n) for n in reversed(range(nights))], min(20, tenants)
    with tempfile.TemporaryDirectory(prefix="seats-lake-") as folder:
        base, site = Path(folder, "base"), Path(folder, "site")
        subprocess.run([SCRIPTS / "site.sh", base, str(of), str(nights), str(last)], check=True, stdout=subprocess.DEVNULL)
        seats(base, "run", "--from", days[0], "--to", last, "--jobs", 2, "--format", "csv")
        for day in days:
            seats(base, "export", "--lake", base / "lake", "--from", days[0], "--to", day)
        live, all_files = files(base / "lake")
        copies(base, site, tenants, of)
        lake = site / "lake"
        first = cost(lambda: seats(site, "export", "--lake", lake, "--from", days[0], "--to", days[-2]))
        night = cost(lambda: seats(site, "export", "--lake", lake))
        again = cost(lambda: seats(site, "export", "--lake", lake))
        db = duckdb.connect()
        duckdb_extensions.import_extension("delta", con=db)
        asked = cost(lambda: db.execute(QUESTION.format(lake, last)).fetchall())
        size = sum(p.stat().st_size for p in lake.rglob("*") if p.is_file())
    print(f"`make bench-lake` on {os.cpu_count()} cores, busy with {os.getloadavg()[0]:.1f} processes: {tenants} tenants, {nights} nights; {size // 1_000_000} MB; after a night at a time",
          f"{live} files, and {all_files} with logs and what was replaced within a week\n", sep="\n")
    print("| | | processor seconds |", "|---|---:|---:|", f"| {nights - 1} nights at once | {first} |", f"| a night | {night} |", f"| nothing new | {again} |",
          f"| a question about a month, all tenants | {asked} |", sep="\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
