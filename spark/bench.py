"""Measures sites of many small tenants, from export folders: a night in shards, the lake, `fleet status`; a
question is put to three engines, whose answers have to be the same. Beside each time stands the processor time, that of all
processes of a step: it holds where something else keeps the machine busy, too. Prints tables as Markdown.

python bench.py [TENANTS,TENANTS...], with the programs of Spark on PATH; `make bench-fleet` runs it. Needs bin/seats, bin/gimsim.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SCRIPTS = Path(__file__).resolve().parent
SEATS = SCRIPTS.parent / "bin" / "seats"
DAY = "2026-03-31"  # the one that site.sh makes
SHARDS, AT_ONCE, ROUNDS = 8, 2, 3


@dataclass
class Step:
    took: float = 0  # seconds
    cpu: float = 0  # processor seconds
    out: str = ""  # and what it printed


def measure(what, step):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    out = step()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    s = Step(time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out)
    print(f"bench: {what}: {s.took:.2f} s, {s.cpu:.2f} s of processor time", file=sys.stderr)
    return s


def run(*command, log=False):
    with subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        try:
            out, err = p.communicate()
        except BaseException:
            p.terminate()  # a script ends what it started
            raise
    if p.returncode != 0:
        sys.exit(f"bench: {command} ended with {p.returncode}\n{err}")
    return err if log else out


def sessions(log):
    """How many sessions the log says that the slices have."""
    return sum(int(n) for n in re.findall(r"^seats: extracted .* sessions=(\d+) ", log, re.MULTILINE))


def space(folder):
    """What the files of a folder take: how many, bytes, bytes in whole blocks."""
    files = [os.lstat(Path(at, name)) for at, _, names in os.walk(folder, onerror=lambda e: sys.exit(f"bench: {e}")) for name in names]
    return len(files), sum(f.st_size for f in files), sum(f.st_blocks * 512 for f in files)


@dataclass
class Site:
    tenants: int
    sessions: int
    night: Step
    lake: Step
    again: Step
    status: Step
    stores: tuple
    parquet: tuple


def site(folder, tenants):
    def seats(*args, log=False):
        return run(SEATS, "--config", Path(folder, "seats.yaml"), *args, log=log)

    def night():
        shards = min(SHARDS, tenants)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return "".join(pool.map(lambda i: seats("run", "-v", "--date", DAY, "--format", "csv", "--shard", f"{i + 1}/{shards}", log=True), range(shards)))

    def of(what, step):
        return measure(f"{tenants} tenants: {what}", step)

    lake = Path(folder, "lake")
    run(SCRIPTS / "site.sh", folder, tenants, 1)
    taken = of("a night", night)
    if not (rows := sessions(taken.out)):
        sys.exit("bench: the log tells of no session that was read")
    stores = space(Path(folder, "var"))
    exported = [of("the lake", lambda: seats("export", "--lake", lake)) for _ in range(2)]
    parquet = space(lake)
    asked = [of("fleet status", lambda: seats("fleet", "status", "--format", "csv")) for _ in range(ROUNDS)]  # it is short: the median counts
    status = Step(median(s.took for s in asked), median(s.cpu for s in asked), asked[0].out)
    if (lines := status.out.count("\n") - 1) != tenants:
        sys.exit(f"bench: fleet status tells of {lines} tenants, not of {tenants}")
    of("a question to three engines", lambda: run("python", SCRIPTS / "ask.py", lake))
    return Site(tenants, rows, taken, *exported, status, stores, parquet)


def count(n):
    """A number as people say it: 100 k."""
    return f"{n // 1000} k" if n >= 1000 else str(n)


def processor():
    names = re.search(r"^model name\s*:\s*(.*\S)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[1] if names else "unknown processor"


def tables(sites, load):
    """Times and processor times, and what a tenant-night costs."""
    yield f"`make bench-fleet` on {os.cpu_count()} cores, {processor()}, busy with {load:.1f} processes of others at the start; seconds, and processor seconds in brackets:\n"
    yield "| tenants | sessions | a night | lake, first | lake, nothing new | fleet status |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for s in sites:
        steps = (s.night, s.lake, s.again, s.status)
        yield f"| {s.tenants} | {count(s.sessions)} |" + "".join(f" {step.took:.1f} ({step.cpu:.1f}) |" for step in steps)
    yield "\nOf each tenant and night:\n"
    yield "| tenants | run | lake | fleet status | store, first night | data in the lake | on disk | files |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|"
    for s in sites:
        times = "".join(f" {int(step.cpu * 1000 / s.tenants)} ms |" for step in (s.night, s.lake, s.status))
        files, size, disk = s.parquet
        bytes_each = "".join(f" {n // s.tenants // 1000} kB |" for n in (s.stores[1], size, disk))
        yield f"| {s.tenants} |{times}{bytes_each} {files // s.tenants} |"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    of, load = [int(n) for n in (sys.argv[1:] or ["1,10,100,500"])[0].split(",")], os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="seats-bench-") as folder:
        print(*tables([site(Path(folder, str(n)), n) for n in of], load), sep="\n")
