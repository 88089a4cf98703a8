"""Measures seats against what a user would do instead. `make bench` runs it; `bench.py --help` names the steps.

Every figure is a ratio of two things measured in one run on one machine, in turns (A B A B ...), each the median of at least
three: so it can be compared between machines, and between versions. The table goes to standard output, as Markdown; what is
being done goes to standard error. A figure that misses its target is shown, and is no failure; an answer of anybody's that
differs from what seats issued is one.

What many tenants cost, in processor seconds and bytes, is measured by spark/bench.py: `make bench-fleet`.

It needs a PostgreSQL that it may fill, on this machine: SEATS_TEST_PG, the URL that with-postgres.sh sets.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# The day that is measured. The simulated GIM has read its sources well past it, so the day is final and no session is open.
DAY, HIGH_WATER = date(2026, 3, 10), datetime(2026, 3, 15, tzinfo=timezone.utc)
TENANT = "acme"

CONFIGURATION = """\
  %s:
    %s
    exclude_agents: ["TEST*"]
    regions:
      EU:
        timezone: Europe/London
        locations:
          london: {switches: [SIP_LON]}
          paris:  {switches: [SIP_PAR]}
      US:
        timezone: America/New_York
        locations:
          dallas:   {switches: [SIP_DAL_1, SIP_DAL_2]}
          us-other: {switches: []}
"""

# What others are asked who answer for that day as a tenant's run with that configuration does. Epoch seconds; the regions'
# days by their zones' hours, Greenwich's and four less.
MIDNIGHT, HOUR = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=timezone.utc).timestamp()), 3600
QUESTION = {
    "Regions": ["EU", "US"], "Starts": [MIDNIGHT, MIDNIGHT + 4 * HOUR], "Ends": [MIDNIGHT + 24 * HOUR, MIDNIGHT + 28 * HOUR],
    "From": MIDNIGHT, "Until": MIDNIGHT + 28 * HOUR, "AsOf": int(HIGH_WATER.timestamp()), "Lookback": 48 * HOUR,
    "Switches": ["SIP_LON", "SIP_PAR", "SIP_DAL_1", "SIP_DAL_2", ""], "SwitchRegions": ["EU", "EU", "US", "US", "US"],
    "Excluded": ["TEST%"],
}

# What PostgreSQL's own answer is given to work with: parallel workers, and memory so that no sort or hash goes to disk.
# Compiling the statement is off because it costs more here than it brings.
PLANNING = "set work_mem = '256MB'; set max_parallel_workers_per_gather = 2; set jit = off; set plan_cache_mode = force_custom_plan;"


class Days(namedtuple("Days", "days sessions")):
    """A GIM whose tables hold so many days in the order of time, as GIM's ETL writes them. The last but one is measured: four
    before it can matter, and one after it. Sessions are voice sessions of a tenant's day, give or take a few per cent: they are
    drawn, not dealt."""

    def __str__(self):
        return f"lone day of {count(self.sessions)}" if self.days == 1 else f"{self.days} days of {count(self.sessions)}"

    def schema(self):
        return f"bench_{self.days}x{self.sessions}"

    def simulation(self):
        """What the simulator is told of it: a day of the mix that the targets are set for has 4.5 legs for each voice session,
        1.2 of them driven by Outbound Contact Server. interaction_fact is left out: neither side reads it."""
        agents_per_session = 0.6
        return ["--from", DAY + timedelta(min(2 - self.days, 0)), "--days", self.days,
                "--agents", int(self.sessions * agents_per_session), "--high-water", f"{HIGH_WATER:%Y-%m-%dT%H:%M:%SZ}",
                "--no-interactions", "--legs-per-hour=1.55", "--ocs-share=0.6", "--ocs-sessions=0.78", "--ocs-legs=0.6"]


# How much is measured: GIMs of one day; GIMs of several, the parts being measured on the first; GIMs that are read from exports,
# too; sessions of growing days; of each of several small tenants; of each day of a store that has many, and how many; rounds.
Size = namedtuple("Size", "lone sites exported growth tenant history_day history rounds")

# smoke is there to see that everything still works, and its figures say nothing. Thirty-five days of a million sessions would be
# 56 GB: of those, as many as are read.
SIZES = {
    "smoke": Size([Days(1, 1_000)], [Days(6, 2_000)], [Days(6, 2_000)], (500, 2_000, 8_000), 500, 500, 10, 1),
    "small": Size([Days(1, 50_000)], [Days(35, 50_000)], [Days(35, 50_000)], (25_000, 100_000, 400_000), 2_000, 25_000, 100, 3),
    "full": Size([Days(1, 50_000), Days(1, 300_000), Days(1, 1_000_000)], [Days(6, 1_000_000), Days(6, 300_000), Days(35, 50_000)],
                 [Days(1, 300_000), Days(1, 1_000_000), Days(35, 50_000)], (250_000, 1_000_000, 4_000_000), 25_000, 25_000, 400, 3),
}

# Scripts that an engineer would write who has no seats: script/answer.py in its ways.
SCRIPTS = {"csv-duckdb": "a script: `psql` to CSV, DuckDB", "adbc-duckdb": "ADBC, DuckDB",
           "connectorx-polars": "connectorx, Polars", "adbc-chdb": "ADBC, chdb"}

# What nightly runs are hoped to take at most, beside PostgreSQL's own answer and beside the first script: of a ratio, or of
# seats' side where a unit stands with it.
HOPED = {
    (1, 50_000): [{"took": "≤ 1.2", "cpu": "≤ 1.5"}],
    (1, 300_000): [{"took": "≤ 0.85", "cpu": "≤ 1.2", "server": "≤ 1.0 s", "memory": "≤ 350 MB"}, {"took": "≤ 1.3"}],
    (1, 1_000_000): [{"took": "≤ 0.7", "cpu": "≤ 0.95", "memory": "≤ 800 MB"}, {"took": "≤ 1.1"}],
    (1, 4_000_000): [{"memory": "≤ 1300 MB"}],
    (6, 1_000_000): [{"took": "≤ 1.0", "cpu": "≤ 1.3", "server": "≤ 0.45"}, {"took": "≤ 1.0"}],
    (6, 300_000): [{"took": "≤ 1.2"}],
    (35, 50_000): [{"took": "≤ 1.5", "cpu": "≤ 1.3", "server": "≤ 0.45"}, {"took": "≤ 1.0"}],
}


@dataclass
class Sample:
    took: float = 0  # seconds
    cpu: float = 0  # processor seconds of the program, its children included
    server: float = 0  # those of the PostgreSQL server meanwhile
    memory: int = 0  # peak, bytes; 0 where nothing was measured
    out: str = ""  # what it printed


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def child(*command, cwd=None, stdin=""):
    """Runs a program to its end. Its peak memory is what the kernel counted for it and its children, and what this process held
    when it started it."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        given.write(stdin)
        given.seek(0)
        began = time.monotonic()
        p = subprocess.Popen([str(c) for c in command], cwd=cwd, stdin=given, stdout=out, stderr=err)
        try:
            _, status, used = os.wait4(p.pid, 0)
        except BaseException:
            p.terminate()  # a script ends what it started
            raise
        took, p.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if p.returncode != 0:
            sys.exit(f"bench: {' '.join(p.args)} ended with {p.returncode}\n{err.read()}")
        return Sample(took, used.ru_utime + used.ru_stime, 0, used.ru_maxrss * 1024, out.read())  # Linux counts in KiB


def alternate(rounds, *each):
    """Takes measurements in turns, so that what else the machine does falls on all of them alike. Of each it returns the one of
    median time, with the medians of the processor times and the largest memory."""
    taken = list(zip(*[[measure() for measure in each] for _ in range(rounds)]))
    return [replace(sorted(of, key=lambda s: s.took)[len(of) // 2], cpu=median(s.cpu for s in of),
                    server=median(s.server for s in of), memory=max(s.memory for s in of)) for of in taken]


def server_time(postmaster):
    """The processor time of a PostgreSQL server so far: of its first process, of the children that it has waited for, and of
    those that run. What background processes do is in it, on both sides of a ratio."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything: fields are counted after it, the first being the third.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # one that has ended since: it is waited for by now
        if fields[1] == str(postmaster) or stat.parent.name == str(postmaster):
            ticks += sum(int(f) for f in fields[11:15])  # utime, stime, cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


def seconds(n):
    return f"{n:.3g} s"


def megabytes(n):
    return f"{n // 1_000_000} MB"


def count(n):
    """A number as people say it: 100 k, 1.25 M."""
    if n >= 1_000_000:
        return f"{n / 1e6:.2f}".rstrip("0").rstrip(".") + " M"
    return f"{n // 1_000} k" if n >= 1_000 else str(n)


def figures(ours, theirs, hoped):
    """Ratios with their targets and both sides; nothing where nothing was measured, seats' side alone where the other has none.
    Processor time is that of client and server: it holds where something else keeps the machine busy, too."""

    def figure(name, a, b, unit):
        target = f" ({hoped[name]})" if name in hoped else ""
        if not a:
            return ""
        return f"{a / b:.2f}{target}: {unit(a)} ÷ {unit(b)}" if b else unit(a) + target

    return [figure("took", ours.took, theirs.took, seconds), figure("cpu", ours.cpu + ours.server, theirs.cpu + theirs.server, seconds),
            figure("server", ours.server, theirs.server, seconds), figure("memory", ours.memory, theirs.memory, megabytes)]


def epoch(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())  # Python before 3.11 knows no Z


def agree(what, theirs, printed):
    """Fails where an answer, (region, agents, first second, seconds) of each region, is not what seats printed with `run --format
    json`: then one of them is wrong, and no time matters."""
    ours = sorted((r["region"], r["value"], epoch(r["peak_at"]) if r["value"] else 0, r.get("peak_seconds", 0))
                  for r in json.loads(printed) if r["measure"] == "concurrent")
    if ours != theirs:
        sys.exit(f"bench: {what}: seats issued {ours}, the answer is {theirs}")


def key(ts):
    """GIM's time key of a second: where its 15 minutes begin."""
    return ts - ts % 900


def literal(value):
    if isinstance(value, list):
        return "array[" + ", ".join(literal(v) for v in value) + "]"
    return "'" + value + "'" if isinstance(value, str) else str(value)


class Bench:
    """One run of all measurements: the programs, the server, a folder for stores and files, and the table that comes of it."""

    def __init__(self, options, dsn, folder):
        self.__dict__.update(vars(options))
        self.dsn, self.dir, self.size = dsn, Path(folder), SIZES[options.size]
        self.filled, self.table = set(), []
        asked = self.sql(dsn, r"select split_part(pg_read_file('postmaster.pid'), E'\n', 1)")
        self.postmaster = int(asked.out)  # the server's first process, which has to be on this machine to be watched

    def compare(self, what, size, ours, theirs, **hoped):
        """Adds a comparison, and tells of it as it comes."""
        self.table.append([what, str(size), *figures(ours, theirs, hoped)])
        say(f"{what}, {size}: {'; '.join(self.table[-1][2:])}")

    def sql(self, url, text, *more, cwd=None):
        return child(self.psql, *more, "--quiet", "--no-psqlrc", "-At", "--set=ON_ERROR_STOP=1", url, cwd=cwd, stdin=text)

    def url(self, gim):
        return f"{self.dsn}{'&' if '?' in self.dsn else '?'}options=-c%20search_path%3D{gim.schema()}"

    def fill(self, gim):
        """Makes a GIM, unless it is there. Its facts are put into the order of time: the simulation writes them agent by agent."""
        if gim in self.filled:
            return
        self.filled.add(gim)
        say(f"simulating {gim}")
        self.sql(self.dsn, f"set client_min_messages = warning; drop schema if exists {gim.schema()} cascade")
        child(self.gimsim, "db", "--dsn", self.dsn, "--schema", gim.schema(), "--create", *gim.simulation())
        facts = "sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"
        self.sql(self.url(gim), "set maintenance_work_mem = '1GB';\n" + "".join(
            f"cluster {fact} using {fact}_start_date_time_key_idx;\n" for fact in facts) + "analyze;\ncheckpoint;\n")

    def gimdb(self, gim):
        """The line of a configuration that names a GIM, which is made first."""
        self.fill(gim)
        at = urlsplit(self.dsn)
        return (f"gimdb: {{host: {at.hostname}, port: {at.port or 5432}, database: {at.path.strip('/')}, schema: {gim.schema()}, "
                f"user: {at.username}, sslmode: disable, connections: 2}}")

    def configure(self, name, source, *tenants):
        path = self.dir / name / "seats.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text("globals:\n  data_dir: var\n  output_dir: out\ntenants:\n" + "".join(CONFIGURATION % (t, source) for t in tenants))
        return path

    def reading(self, gim):
        """The configuration of one tenant with a GIM."""
        return self.configure(gim.schema(), self.gimdb(gim), TENANT)

    def watch(self, measure):
        """Measures what the server does meanwhile, too."""

        def watched():
            before = server_time(self.postmaster)
            taken = measure()
            time.sleep(0.05)  # for backends to end and be waited for
            return replace(taken, server=server_time(self.postmaster) - before)

        return watched

    def run(self, config, *args):
        return self.watch(lambda: child(self.seats, *args, "--config", config))

    def run_fresh(self, config, *args):
        """A run into a store that is not there yet: every store and data file of the configuration is forgotten before."""

        def fresh():
            for name in ("var", "out"):
                shutil.rmtree(config.parent / name, ignore_errors=True)
            return self.run(config, *args)()

        return fresh

    def night(self, config, *more):
        """The nightly run of the day, which prints what it issued."""
        return self.run_fresh(config, "run", "--date", DAY, "--refresh", "--format", "json", *more)

    def lone(self):
        self.beside(self.size.lone, SCRIPTS)

    def site(self):
        self.beside(self.size.sites, list(SCRIPTS)[:1])

    def beside(self, gims, ways):
        """Holds nightly runs on GIMs against others that answer the same question and keep nothing: the GIM DB itself, on a
        connection of its own as a user would ask it, and scripts. All have to agree, in every round."""
        for gim in gims:
            night, issued = self.night(self.reading(gim)), []
            others = [("PostgreSQL's own answer", self.answer(gim))]
            if self.peers:
                others += [(SCRIPTS[way], self.counted(gim, way)) for way in ways]

            def ours():
                issued[:] = [night()]
                return issued[0]

            def theirs(name, ask):
                taken, found = ask()
                agree(name, found, issued[0].out)
                return taken

            first, *taken = alternate(self.size.rounds, ours, *[partial(theirs, *other) for other in others])
            for (name, _), one, hoped in zip(others, taken, HOPED.get(gim, []) + [{}] * len(others)):
                self.compare(f"`seats run` ÷ {name}", gim, first, one, **hoped)

    def answer(self, gim):
        """PostgreSQL's own answer: one statement of judge's."""
        q = QUESTION
        given = [q["Regions"], q["Starts"], q["Ends"], q["Switches"], q["SwitchRegions"], q["SwitchRegions"][q["Switches"].index("")],
                 q["AsOf"], q["From"] - q["Lookback"], q["From"] - 2 * q["Lookback"], q["Until"], q["Excluded"]]
        statement = (ROOT / "internal" / "judge" / "region_peak.sql").read_text()
        text = f"{PLANNING}\nprepare peaks as\n{statement};\nexecute peaks({', '.join(literal(g) for g in given)});\n"
        measure = self.watch(lambda: self.sql(self.url(gim), text))

        def ask():
            taken = measure()
            rows = [line.split("|") for line in taken.out.splitlines()]
            return replace(taken, memory=0), [(region, *map(int, numbers)) for region, *numbers in rows]

        return ask

    def counted(self, gim, way):
        """The script's answer, after psql where it reads CSV files."""
        q, folder = QUESTION, self.dir / f"script-{gim.schema()}-{way}"
        folder.mkdir()
        numbers = {"sessions_from": key(q["From"] - q["Lookback"]), "activities_from": key(q["From"] - 2 * q["Lookback"]),
                   "day_from": key(q["From"]), "day_until": q["Until"], "until": q["AsOf"]}
        (folder / "question.json").write_text(json.dumps({"Question": q, "Numbers": numbers, "DSN": self.url(gim)}))

        def measure():
            began, copied = time.monotonic(), Sample()
            if way == "csv-duckdb":
                copied = self.copy_out(gim, HERE / "script" / "copy.sql", numbers, cwd=folder)
            taken = child(self.peers, "-B", HERE / "script" / "answer.py", way, folder / "question.json")
            return replace(taken, took=time.monotonic() - began, cpu=taken.cpu + copied.cpu)

        watched = self.watch(measure)

        def ask():
            taken = watched()
            return taken, [(p["Region"], p["Agents"], p["At"], p["Seconds"]) for p in json.loads(taken.out)]

        return ask

    def copy_out(self, gim, script, numbers, *more, cwd=None):
        """Has psql run a script of copies."""
        return self.sql(self.url(gim), script.read_text(), *[f"--set={k}={v}" for k, v in numbers.items()], *more, cwd=cwd)

    def export(self):
        """Holds a nightly run on a folder of exports, one chunk a night, against the same run on the GIM DB that they were made
        of. Numbers and slices have to be the same."""
        for gim in self.size.exported:
            configs = [self.reading(gim), self.exported_to("export", gim), self.exported_to("export-zip", gim, "--zip")]
            taken = alternate(self.size.rounds, *map(self.night, configs))
            gave = [child(self.seats, "--config", config, "sql", "--tenant", TENANT, "--format", "csv",
                          f"select sha256 from _data.slice where day = '{DAY}'").out + t.out for config, t in zip(configs, taken)]
            for other in gave[1:]:
                if other != gave[0]:
                    sys.exit(f"bench: the export gives {other}, the GIM DB {gave[0]}")
            self.compare("`seats run`: a folder of exports ÷ the GIM DB", gim, taken[1], taken[0], cpu="≤ 1.0")
            self.compare("`seats run`: a folder of zips ÷ the GIM DB", gim, taken[2], taken[0])
            for config in configs[1:]:
                shutil.rmtree(config.parent)  # they are large

    def exported_to(self, name, gim, *more):
        """Writes a GIM as its data export would, an increment a night, and the configuration of a tenant that reads it. The files
        of each chunk get the time of its name, at which an export job would have written them."""
        say(f"exporting {gim} {' '.join(more)}")
        config = self.configure(name, 'export_dir: "exports"', TENANT)
        exports = config.parent / "exports"
        child(self.gimsim, "export", "--dir", exports, "--increments", gim.days + 1, *gim.simulation(), *more)
        for chunk in exports.iterdir():
            at = datetime.strptime(chunk.name[-19:] + "+0000", "%Y_%m_%d_%H_%M_%S%z").timestamp()
            for path in (chunk, *chunk.rglob("*")):
                os.utime(path, (at, at))
        return config

    def nights(self):
        """Holds what is small against work that is the same everywhere, so that machines compare: a tenant's first and second
        night from exports, and the month of the bundled export."""
        tenant, demo = self.exported_to("nights", Days(2, 70)), self.dir / "demo"
        shutil.copytree(ROOT / "testdata" / "demo", demo, ignore=shutil.ignore_patterns("var", "out"))

        def sorting():
            took, cpu = child(self.inside, "sort").out.split()
            return Sample(int(took) / 1e9, int(cpu) / 1e9)

        *nights, base = alternate(
            5 * self.size.rounds, self.night(tenant), self.run(tenant, "run", "--date", DAY + timedelta(1)),
            self.run_fresh(demo / "seats.yaml", "run", "--month", "2026-03"), sorting)
        for taken, (what, size, target) in zip(nights, [("first night", "a tenant of 70 from exports", "≤ 0.06 s"),
                                                        ("second night", "the same", "≤ 0.05 s"), ("month", "the demo", "≤ 1.0 s")]):
            self.compare(f"`seats run`, {what} ÷ sorting a million numbers", size, taken, base, cpu=target)

    def extraction(self):
        """Holds reading a slice against copying its rows to nowhere, by two psql, as many as seats has readers."""
        gim, q = self.size.sites[0], QUESTION
        config, day_from = self.reading(gim), key(q["From"])
        middle = key((q["From"] + q["Until"]) // 2)
        bounds = {"sessions_from": key(q["From"] - q["Lookback"]), "day_from": day_from, "day_until": q["Until"]}
        halves = [{"first": 1, "from": day_from, "until": middle, "around_from": key(q["From"] - 2 * q["Lookback"]),
                   "around_until": day_from, **bounds},
                  {"first": 0, "from": middle, "until": q["Until"], "around_from": q["Until"],
                   "around_until": q["Until"] + q["Lookback"], **bounds}]

        def copied():
            began = time.monotonic()
            with ThreadPoolExecutor() as pool:
                both = list(pool.map(lambda half: self.copy_out(gim, HERE / "copy_slice.sql", half, f"--output={os.devnull}"), halves))
            return Sample(time.monotonic() - began, sum(one.cpu for one in both))

        ours, theirs = alternate(self.size.rounds, self.run_fresh(config, "extract", "--date", DAY), self.watch(copied))
        self.compare("`seats extract`, two readers ÷ two `psql` copying the same rows to /dev/null", gim, ours, theirs, took="≤ 1.3")

    def engines(self):
        """Holds the two computations, and the hash of the slice, against the run that they are part of."""
        gim = self.size.sites[0]
        config = self.reading(gim)
        run = Sample(self.night(config)().took)
        lines = child(self.inside, "engine", config, self.size.rounds).out.splitlines()
        whole, sweep, digest = [Sample(median(ns) / 1e9) for ns in zip(*[map(int, line.split()) for line in lines])]
        self.compare("both computations, comparison and storing ÷ `seats run`", gim, whole, run)
        self.compare("sweep, reading its rows ÷ both computations", gim, sweep, whole)
        self.compare("hash of the slice ÷ `seats run`", gim, digest, run, took="≤ 0.03")

    def growth(self):
        first, *others = self.size.growth
        base, *taken = alternate(self.size.rounds, *[self.night(self.reading(Days(1, n))) for n in self.size.growth])
        goals = [{}, {"took": "≤ 18", "memory": "≤ 10"}]  # of the whole growth, which is sixteenfold
        for n, one, goal in zip(others, taken, goals):
            absolute = {k: v for k, v in HOPED.get((1, n), [{}])[0].items() if k == "memory"}
            what = f"lone day, {count(first)} → {count(n)} ({n // first} ×)"
            self.compare("growth of `seats run`", what, one, base, **{**goal, **absolute})

    def tenants(self):
        """Runs one, four and sixteen small tenants, in a row and at once."""
        names = [f"tenant-{i:02}" for i in range(1, 17)]
        config = self.configure("tenants", self.gimdb(Days(1, self.size.tenant)), *names)
        one, four, all_, at_once = alternate(self.size.rounds, *[
            self.night(config, "--jobs", jobs, "--tenant", ",".join(names[:n])) for n, jobs in ((1, 1), (4, 1), (16, 1), (16, 16))])
        size = f"tenants of {count(self.size.tenant)}"
        self.compare("4 tenants in a row ÷ 1", size, four, one, took="≤ 4")
        self.compare("16 tenants in a row ÷ 1", size, all_, one, took="≤ 16")
        self.compare("16 tenants at once (`--jobs 16`) ÷ in a row", size, at_once, all_)

    def history(self):
        def again(held):
            config = self.configure(f"history-{held}", self.gimdb(Days(1, self.size.history_day)), TENANT)
            run = self.run(config, "run", "--date", DAY, "--refresh")
            run()
            if held > 1:
                child(self.inside, "repeat", config, held)
            return run

        many, one = alternate(self.size.rounds, again(self.size.history), again(1))
        what = f"run with {self.size.history} days in the store ÷ with one"
        self.compare(what, f"days of {count(self.size.history_day)}", many, one, took="≤ 1.1")


STEPS = ["lone", "site", "export", "nights", "extraction", "engines", "growth", "tenants", "history"]


def steps(text):
    """What --only is given, as argparse asks for it."""
    unknown = set(text.split(",")) - set(STEPS)
    if unknown:
        raise argparse.ArgumentTypeError(f"no step {', '.join(sorted(unknown))}: there are {', '.join(STEPS)}")
    return text.split(",")


def machine():
    """Cores, processor, Go, and how many processes of others are at work."""
    info = Path("/proc/cpuinfo")
    name = re.search(r"^model name\s*:\s*(.*\S)", info.read_text() if info.exists() else "", re.MULTILINE)
    version = child("go", "env", "GOVERSION").out.strip()
    return f"{os.cpu_count()} cores, {name[1] if name else 'unknown processor'}, {version}, busy with {os.getloadavg()[0]:.2f} processes"


def main():
    p = argparse.ArgumentParser(description="Measures seats against what a user would do instead; prints a table.")
    p.add_argument("--size", choices=SIZES, default="small", help="how much is measured")
    p.add_argument("--only", type=steps, default=STEPS, metavar="STEP,...", help=f"only these: {', '.join(STEPS)}")
    p.add_argument("--seats", default=ROOT / "bin" / "seats", help="the program")
    p.add_argument("--gimsim", default=ROOT / "bin" / "gimsim", help="the simulator")
    p.add_argument("--inside", default=ROOT / "bin" / "bench.test", help="this folder's test program, for what is measured from inside")
    p.add_argument("--psql", default="psql", help="PostgreSQL's client")
    p.add_argument("--peers", help="a Python with the packages of script/*.py; without it, the scripts stay out")
    options = p.parse_args()
    dsn = os.environ.get("SEATS_TEST_PG", "")
    if not urlsplit(dsn).hostname:
        sys.exit("bench: SEATS_TEST_PG is no URL of a PostgreSQL: `make bench` starts a server and sets it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    began = machine()
    with tempfile.TemporaryDirectory(prefix="seats-bench-") as folder:
        b = Bench(options, dsn, folder)
        for step in STEPS:
            if step in options.only:
                say(step)
                getattr(b, step)()
    only = "" if options.only is STEPS else ",".join(options.only)
    print(f"`make bench SIZE={options.size} ONLY={only}` on {began} of others at the start:\n")
    print("| what | size | by the clock | processor time | of it the GIM DB's | peak memory |\n|---|---|---|---|---|---|")
    for row in b.table:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
