"""The answer in DuckDB, from Arrow tables or CSV files."""

import duckdb

COLUMNS = {
    "agent": {"resource_key": "bigint", "employee_id": "varchar", "resource_name": "varchar"},
    "session": {"resource_key": "bigint", "start_ts": "bigint", "end_ts": "bigint", "active_flag": "bigint"},
    "activity": {"resource_key": "bigint", "start_ts": "bigint", "end_ts": "bigint", "active_flag": "bigint", "switch_name": "varchar"},
    "leg": {"resource_key": "bigint", "start_ts": "bigint", "end_ts": "bigint", "switch_name": "varchar"},
}
UNTIL = """case when coalesce(active_flag, 0) <> 0 or end_ts is null then greatest($as_of, start_ts + 1)
                else greatest(end_ts, start_ts + 1) end as until_ts"""
VALID = "start_ts is not null and (coalesce(active_flag, 0) <> 0 or end_ts is null or end_ts >= start_ts)"


def answer(question, rows):
    db = duckdb.connect()
    db.execute("create table region (region varchar, no integer, day_start bigint, day_end bigint)")
    for no, (region, start, end) in enumerate(zip(question["Regions"], question["Starts"], question["Ends"])):
        db.execute("insert into region values (?, ?, ?, ?)", [region, no, start, end])
    db.execute("create table switch (switch_name varchar, region varchar)")
    for switch, region in zip(question["Switches"], question["SwitchRegions"]):
        db.execute("insert into switch values (?, ?)", [switch, region])
    db.execute("create table excluded (pattern varchar)")
    for pattern in question["Excluded"] or []:
        db.execute("insert into excluded values (?)", [pattern])
    for name, source in rows.items():
        if isinstance(source, str):
            source = db.read_csv(source, columns=COLUMNS[name], header=True)
        db.register(name + "_row", source)
    db.execute("""
        create table agent as
        with person as (
            select resource_key,
                   coalesce(nullif(employee_id, ''), '#' || resource_key) as agent,
                   exists (from excluded
                           where employee_id like pattern escape '\\' or resource_name like pattern escape '\\') as is_excluded
            from agent_row
        ),
        same as (
            select agent, min(resource_key) as agent_no
            from person
            group by agent
            having not bool_or(is_excluded)
        )
        select resource_key, agent_no from person join same using (agent)
    """)
    db.execute(f"""
        create table session as
        select row_number() over () as session_no, resource_key, agent_no, start_ts, {UNTIL}
        from session_row
        join agent using (resource_key)
        where start_ts >= $from and {VALID}
    """, {"as_of": question["AsOf"], "from": question["From"] - question["Lookback"]})
    db.execute(f"""
        create table activity as
        select resource_key, switch_name, region, start_ts, {UNTIL}
        from activity_row
        left join switch using (switch_name)
        where {VALID}
    """, {"as_of": question["AsOf"]})
    db.execute("create table leg as from leg_row left join switch using (switch_name)")
    return db.execute("""
        with fallback as (
            select min(region) as region from switch where switch_name = ''
        ),
        seat as (
            select s.session_no, s.resource_key, s.agent_no, s.start_ts, s.until_ts,
                   case when a.switch_name <> '' then coalesce(a.region, f.region) end as region
            from session as s
            join activity as a on a.resource_key = s.resource_key and a.start_ts < s.until_ts and a.until_ts > s.start_ts
            cross join fallback as f
        ),
        placed as (
            select session_no, any_value(resource_key) as resource_key, any_value(agent_no) as agent_no,
                   any_value(start_ts) as start_ts, any_value(until_ts) as until_ts,
                   list(distinct region) filter (region is not null) as regions
            from seat
            group by session_no
        ),
        told as (
            select p.session_no, list(distinct coalesce(l.region, f.region)) as regions
            from placed as p
            join leg as l on l.resource_key = p.resource_key and l.start_ts < p.until_ts and greatest(l.end_ts, l.start_ts + 1) > p.start_ts
            cross join fallback as f
            where p.regions is null
            group by p.session_no
        ),
        presence as (
            select r.no, p.agent_no, greatest(p.start_ts, r.day_start) as start_ts, least(p.until_ts, r.day_end) as until_ts
            from placed as p
            left join told as t using (session_no)
            cross join fallback as f
            join region as r on list_contains(coalesce(p.regions, t.regions, [f.region]), r.region)
                and p.start_ts < r.day_end and p.until_ts > r.day_start
        ),
        reaching as (
            select *, max(until_ts) over (partition by no, agent_no order by start_ts
                                          rows between unbounded preceding and 1 preceding) as reached_ts
            from presence
        ),
        island as (
            select no, greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts, until_ts
            from reaching
            where reached_ts is null or until_ts > reached_ts
        ),
        step as (
            select no, ts, sum(n) as n
            from (select no, start_ts as ts, 1 as n from island union all select no, until_ts, -1 from island)
            group by no, ts
        ),
        curve as (
            select no, ts, sum(n) over (partition by no order by ts) as agents,
                   lead(ts) over (partition by no order by ts) - ts as seconds
            from step
        ),
        top as (
            select no, agents, min(ts) as peak_at, sum(seconds) as seconds
            from curve
            group by no, agents
            qualify agents = max(agents) over (partition by no)
        )
        select region, coalesce(agents, 0)::bigint, coalesce(peak_at, 0)::bigint, coalesce(seconds, 0)::bigint
        from region
        left join top using (no)
    """).fetchall()
