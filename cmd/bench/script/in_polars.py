"""The answer in Polars, from Arrow tables. A set of regions is a number, in which each region is a bit."""

import re

import polars as pl

START, UNTIL = pl.col("start_ts"), pl.col("until_ts")


def like(pattern):
    """A pattern of LIKE as a regular expression."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "(?s)^" + "".join({"%": ".*", "_": "."}.get(p, re.escape(p[-1])) for p in parts) + "$"


def valid(rows, as_of):
    active, start, end = pl.col("active_flag").fill_null(0) != 0, START.cast(pl.Int64), pl.col("end_ts").cast(pl.Int64)
    lasts = active | end.is_null()
    return rows.filter(START.is_not_null() & (lasts | (end >= start))).with_columns(
        start_ts=start,
        until_ts=pl.when(lasts).then(pl.max_horizontal(pl.lit(as_of), start + 1)).otherwise(pl.max_horizontal(end, start + 1)))


def overlapping(sessions, others):
    """The sessions that share a second with one of the others, and the regions of these."""
    shared = sessions.join(others.select("resource_key", "bit", other_start="start_ts", other_until="until_ts"), on="resource_key")
    shared = shared.filter((pl.col("other_start") < UNTIL) & (pl.col("other_until") > START))
    return shared.group_by("no").agg(
        pl.first("resource_key", "agent_no", "start_ts", "until_ts"), regions=pl.col("bit").fill_null(0).bitwise_or())


def peak(placed, day_start, day_end):
    presence = placed.filter((START < day_end) & (UNTIL > day_start)).select("agent_no", START.clip(day_start), UNTIL.clip(None, day_end))
    island = presence.sort("agent_no", "start_ts").with_columns(reached_ts=UNTIL.cum_max().shift(1).over("agent_no"))
    island = island.with_columns(start_ts=pl.max_horizontal("start_ts", "reached_ts")).filter(START < UNTIL)
    change = pl.concat([island.select(ts="start_ts", n=pl.lit(1)), island.select(ts="until_ts", n=pl.lit(-1))])
    step = change.group_by("ts").agg(pl.sum("n")).sort("ts")
    curve = step.select("ts", agents=pl.col("n").cum_sum(), seconds=pl.col("ts").shift(-1) - pl.col("ts"))
    top = curve.filter(pl.col("agents") == pl.col("agents").max())
    return top.select(pl.first("agents").fill_null(0), pl.min("ts").fill_null(0), pl.sum("seconds"))


def answer(question, rows):
    bits = {region: 1 << no for no, region in enumerate(question["Regions"])}
    switches = {switch: bits[region] for switch, region in zip(question["Switches"], question["SwitchRegions"])}
    default = switches.get("", 0)
    switch = pl.LazyFrame({"switch_name": list(switches), "bit": list(switches.values())})
    agent, session, activity, leg = (pl.from_arrow(rows[name]).lazy() for name in ("agent", "session", "activity", "leg"))

    excluded = [pl.col(name).str.contains(like(pattern)).fill_null(False)
                for pattern in question["Excluded"] or [] for name in ("employee_id", "resource_name")]
    no_employee = pl.col("employee_id").fill_null("") == ""
    agent = agent.select("resource_key",
        agent=pl.when(no_employee).then(pl.lit("#") + pl.col("resource_key").cast(pl.String)).otherwise("employee_id"),
        is_excluded=pl.any_horizontal(pl.lit(False), *excluded))
    same = agent.group_by("agent").agg(pl.min("resource_key").alias("agent_no"), pl.any("is_excluded"))
    agent = agent.join(same.filter(~pl.col("is_excluded")), on="agent").select("resource_key", "agent_no")

    session = valid(session, question["AsOf"]).filter(START >= question["From"] - question["Lookback"])
    known = pl.col("switch_name").fill_null("") != ""
    activity = valid(activity, question["AsOf"]).join(switch, on="switch_name", how="left")
    activity = activity.with_columns(bit=pl.when(known).then(pl.col("bit").fill_null(default)))
    placed = overlapping(session.join(agent, on="resource_key").with_row_index("no"), activity).collect().lazy()
    leg = leg.join(switch, on="switch_name", how="left").with_columns(
        bit=pl.col("bit").fill_null(default), until_ts=pl.max_horizontal("end_ts", START + 1))
    told = overlapping(placed.filter(pl.col("regions") == 0), leg).select("no", told="regions")
    placed = placed.join(told, on="no", how="left").with_columns(
        regions=pl.when(pl.col("regions") != 0).then("regions").otherwise(pl.col("told").fill_null(default))).collect().lazy()
    regions = list(zip(bits, question["Starts"], question["Ends"]))
    peaks = pl.collect_all([peak(placed.filter(pl.col("regions") & bits[region] != 0), start, end) for region, start, end in regions])
    return [(region, *found.row(0)) for region, found in zip(bits, peaks)]
