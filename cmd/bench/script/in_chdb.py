"""The answer in ClickHouse inside the process, from Arrow tables. A set of regions is a number, in which each region is a bit."""

import json

from chdb.session import Session

VALID = "start_ts is not null and (ifNull(active_flag, 0) <> 0 or end_ts is null or end_ts >= start_ts)"
UNTIL = "if(ifNull(active_flag, 0) <> 0 or end_ts is null, greatest({as_of:Int64}, start_ts + 1), greatest(end_ts, start_ts + 1))"
BIT = "transform(assumeNotNull(switch_name), {switches:Array(String)}, {bits:Array(Int64)}, {default:Int64})"
TABLES = {
    "agents": """
        with person as (
            select resource_key,
                   if(ifNull(employee_id, '') = '', concat('#', toString(resource_key)), employee_id) as agent,
                   arrayExists(p -> ifNull(employee_id, '') like p or ifNull(resource_name, '') like p,
                               {excluded:Array(String)}) as is_excluded
            from Python(agent_rows)
        )
        select resource_key, agent_no
        from (
            select resource_key, min(resource_key) over (partition by agent) as agent_no,
                   max(is_excluded) over (partition by agent) as is_out
            from person
        )
        where not is_out
    """,
    "sessions": f"""
        select rowNumberInAllBlocks() as no, s.resource_key as resource_key, agent_no,
               toInt64(start_ts) as start_ts, toInt64({UNTIL}) as until_ts
        from Python(session_rows) as s
        join agents using (resource_key)
        where start_ts >= {{from:Int64}} and {VALID}
    """,
    "activities": f"""
        select resource_key, if(ifNull(switch_name, '') = '', 0, {BIT}) as bit,
               toInt64(start_ts) as start_ts, toInt64({UNTIL}) as until_ts
        from Python(activity_rows)
        where {VALID}
    """,
    "legs": f"""
        select resource_key, {BIT} as bit, toInt64(start_ts) as start_ts, toInt64(greatest(end_ts, start_ts + 1)) as until_ts
        from Python(leg_rows)
    """,
}
OVERLAPPING = """
    select s.no as no, any(s.resource_key) as resource_key, any(s.agent_no) as agent_no,
           any(s.start_ts) as start_ts, any(s.until_ts) as until_ts,
           groupBitOr(o.bit) as regions
    from {} as s
    join {} as o on o.resource_key = s.resource_key
    where o.start_ts < s.until_ts and o.until_ts > s.start_ts
    group by no
"""
TABLES["placed"] = OVERLAPPING.format("sessions", "activities")
TABLES["told"] = OVERLAPPING.format("(select * from placed where regions = 0)", "legs")
PEAK = """
    with presence as (
        select r.1 as bit, p.agent_no as agent_no, greatest(p.start_ts, r.2) as start_ts, least(p.until_ts, r.3) as until_ts
        from placed as p
        left join told as t on t.no = p.no
        array join arrayZip({bits_of_regions:Array(Int64)}, {starts:Array(Int64)}, {ends:Array(Int64)}) as r
        where bitAnd(multiIf(p.regions <> 0, p.regions, t.regions <> 0, t.regions, {default:Int64}), r.1) <> 0
          and p.start_ts < r.3 and p.until_ts > r.2
    ),
    island as (
        select bit, until_ts,
               greatest(start_ts, max(until_ts) over (partition by bit, agent_no order by start_ts
                                                      rows between unbounded preceding and 1 preceding)) as start_ts
        from presence
    ),
    step as (
        select bit, event.1 as ts, sum(event.2) as n
        from island
        array join [(start_ts, 1), (until_ts, -1)] as event
        where start_ts < until_ts
        group by bit, ts
    ),
    curve as (
        select bit, ts, sum(n) over (partition by bit order by ts) as agents,
               leadInFrame(ts) over (partition by bit order by ts rows between current row and unbounded following) - ts as seconds
        from step
    )
    select bit, agents, min(ts), sum(seconds)
    from curve
    group by bit, agents
    order by agents desc
    limit 1 by bit
"""


def array(texts):
    """A list of texts as a parameter: chdb quotes none in a list."""
    return "[" + ", ".join("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" for text in texts) + "]"


def answer(question, rows):
    agent_rows, session_rows, activity_rows, leg_rows = (rows[name] for name in ("agent", "session", "activity", "leg"))  # for Python(...)
    bits = {region: 1 << no for no, region in enumerate(question["Regions"])}
    switches = {switch: bits[region] for switch, region in zip(question["Switches"], question["SwitchRegions"])}
    params = {"as_of": question["AsOf"], "from": question["From"] - question["Lookback"], "excluded": array(question["Excluded"] or []),
              "switches": array(switches), "bits": list(switches.values()), "default": switches.get("", 0),
              "bits_of_regions": list(bits.values()), "starts": question["Starts"], "ends": question["Ends"]}
    db = Session()
    for name, query in TABLES.items():
        db.query(f"create table {name} engine = Memory as {query}", params=params)
    found = json.loads(db.query(PEAK, "JSONCompact", params=params).data())["data"]
    peaks = {int(bit): tuple(int(n) for n in of) for bit, *of in found}
    return [(region, *peaks.get(bit, (0, 0, 0))) for region, bit in bits.items()]
