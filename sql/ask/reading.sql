-- name: reading_day
-- A reading of the specification counts the kept rows of days otherwise than they are billed: a row of flags, each off by default.
-- The rows of the days are put into temporary tables once, from the counting rules of the days (count/rule, rule_region_day,
-- rule_location, rule_switch, counted_agent, login); then any number of readings is counted at once. What is counted by no flag at all
-- is what is stored, or something is wrong with the store.
-- Grain: day of the scope's region, in its zone (is_utc false) and from midnight to midnight of UTC (true); days that the zone
-- skipped, or on which there was no such region, are none. Inputs: rule_region_day; $region, $days: those that are asked for. The
-- rules may be of more days, whose slices have what a day of UTC lacks.
create or replace temp table reading_day as
select u.is_utc,
       d.day,
       case when u.is_utc then epoch(d.day::timestamp)::bigint else d.start_ts end as from_ts,
       case when u.is_utc then epoch(d.day::timestamp)::bigint + 86400 else d.end_ts end as until_ts
from rule_region_day as d
cross join (values (false), (true)) as u (is_utc)
where d.region = $region
  and d.day in (select unnest($days::varchar[])::date)
  and d.start_ts < d.end_ts

-- name: reading_place
-- Grain: location of the tenant on a day: place, its name behind its region's; whether it is in the scope; whether it is the
-- default one. Inputs: rule_location; $region, $location ('' for the region as a whole).
create or replace temp table reading_place as
select day,
       region || '/' || location as place,
       region = $region and ($location = '' or location = $location) as is_here,
       is_default
from rule_location

-- name: reading_session
-- Grain: voice session of a slice, or one beside them (is_beside); rejected ones are left out (R2). logout_ts is before the end
-- second counts. Its rowid is its name in the tables after it. Inputs: login, counted_agent, reading_place.
create or replace temp table reading_session as
select s.day,
       s.sm_res_session_fact_key,
       s.start_date_time_key,
       s.resource_key,
       a.agent,
       coalesce(a.is_excluded, false) as is_excluded,
       s.is_beside,
       s.start_ts,
       s.end_ts as ended_ts,
       s.is_open,
       s.logout_ts,
       s.end_second_counts::integer as last_second,
       coalesce(p.is_here, false) as default_here,
       coalesce(p.place, '') as default_place
from login as s
left join counted_agent as a using (day, resource_key)
left join reading_place as p on p.day = s.day
    and p.is_default

-- name: reading_activity
-- Grain: activity of a slice, or other leg that tells a switch (kind other), with its interval (R3) and the place that its switch
-- leads to (R5): null for an unknown switch, '' for one with nowhere to go. One without an end ends with its session, which
-- depends on whether that one's last second counts: there are two of it, by last_second, which others have no need of.
-- Inputs: _data.ocs_activity, other_leg, rule, rule_switch, reading_place, reading_session.
create or replace temp table reading_activity as
with activity as (
    select day, kind, activity_key, start_date_time_key, resource_key, start_ts, end_ts, active_flag,
           nullif(switch_name, '') as switch_name
    from _data.ocs_activity
    union all
    select day, 'other', activity_key, start_date_time_key, resource_key, start_ts, end_ts, active_flag,
           switch_name
    from _data.other_leg
),
valid as (
    select a.*,
           coalesce(a.active_flag, 0) <> 0 or a.end_ts is null as is_open,
           r.as_of
    from activity as a
    join rule as r using (day)
    where a.start_ts is not null
      and (is_open or a.end_ts >= a.start_ts)
),
ended as (
    select day, kind, activity_key, resource_key, switch_name, start_ts, is_open,
           null::integer as last_second,
           greatest(end_ts, start_ts + 1) as end_ts
    from valid
    where not is_open
    union all
    select v.day, v.kind, v.activity_key, v.resource_key, v.switch_name, v.start_ts, v.is_open,
           e.last_second,
           greatest(
               coalesce(max(greatest(s.logout_ts + e.last_second, s.start_ts + 1)), any_value(v.as_of)),
               v.start_ts + 1
           )
    from valid as v
    cross join (values (0), (1)) as e (last_second)
    left join reading_session as s on s.day = v.day
        and s.resource_key = v.resource_key
        and s.start_ts <= v.start_ts
        and greatest(s.logout_ts + e.last_second, s.start_ts + 1) > v.start_ts
    where v.is_open
    group by v.day, v.kind, v.activity_key, v.start_date_time_key, v.resource_key, v.switch_name, v.start_ts, v.is_open, e.last_second
)
select e.* exclude (switch_name),
       case when e.switch_name is not null then coalesce(w.region || '/' || w.location, d.place, '') end as place,
       coalesce(p.is_here, false) as is_here
from ended as e
left join rule_switch as w on w.day = e.day
    and w.switch_name = e.switch_name
left join reading_place as d on d.day = e.day
    and d.is_default
left join reading_place as p on p.day = e.day
    and p.place = coalesce(w.region || '/' || w.location, d.place)

-- name: reading_touch
-- Grain: session x kind x place of the activities that share a second with it (R4), its last second among them: they do so too
-- under a reading if first_ts lies before the session's end there. heard_ts is the last that is known of the agent, who has an
-- activity without an end. Inputs: reading_session, reading_activity.
create or replace temp table reading_touch as
select s.rowid as session_id,
       a.last_second,
       a.kind,
       a.place,
       a.is_here,
       min(a.start_ts) as first_ts,
       min(struct_pack(ts := a.start_ts, kind := a.kind, key := a.activity_key)) as turn,
       max(case when a.is_open then a.start_ts + 1 else a.end_ts end) as heard_ts
from reading_session as s
join reading_activity as a on a.day = s.day
    and a.resource_key = s.resource_key
    and a.end_ts > s.start_ts
    and a.start_ts < greatest(s.logout_ts + coalesce(a.last_second, 1), s.start_ts + 1)
where not s.is_beside
group by s.rowid, a.last_second, a.kind, a.place, a.is_here

-- name: reading_seat
-- Grain: session that may count on a day; on a day of UTC one of the slices of the days around it, once: as the day's own slice
-- has it, or else the newest. Inputs: reading_day, reading_session.
create or replace temp table reading_seat as
select false as is_utc,
       day,
       rowid as session_id
from reading_session
where not is_beside
  and day in (select day from reading_day)
union all
select true,
       d.day,
       s.rowid
from reading_day as d
join reading_session as s on s.day between d.day - 1 and d.day + 1
    and s.start_ts < d.until_ts
    and s.logout_ts >= d.from_ts
where d.is_utc
  and not s.is_beside
qualify row_number() over (
    partition by d.day, s.sm_res_session_fact_key, s.start_date_time_key
    order by s.day = d.day desc, s.day desc
) = 1

-- name: reading_word
-- Grain: resource of a month, with the agent that it stands for within it: the newest slice's word (R6). Inputs: reading_day,
-- _data.agent, slice.
create or replace temp table reading_word as
select strftime(a.day, '%Y-%m') as month,
       a.resource_key,
       arg_max(
           coalesce(nullif(a.employee_id, ''), '#' || a.resource_key),
           struct_pack(as_of := s.as_of, extracted_ts := s.extracted_ts, day := s.day)
       ) as agent
from _data.agent as a
join _data.slice as s using (day)
where a.day in (select day from reading_day)
group by month, a.resource_key

-- name: reading_kind
-- Grain: reading: what is billed (0, and once more as -1, to be held against another), and those that differ from it by a flag, in
-- JSON: what no flag says is as it is billed. other_end is whether the last second counts otherwise than by the day's rules; open
-- and long say what becomes of sessions that are open, or longer than two days: they are out, or cut; a location is moved by the
-- name of its place. $wide: also those that want the days around, or other regions.
-- Inputs: rule, rule_exclude, reading_day, reading_place; $region, $wide.
create or replace temp table reading_kind as
with kind (turn, name, flags, meaning) as (
    values (0, 'as counted', '{}', 'different agents with a qualifying session, by the second'),
           (1, 'sessions', '{"sessions": true}', 'sessions instead of agents: an agent with two at once counts twice'),
           (2, 'whole minutes', '{"minutes": true}', 'present in any second of a minute, present in all of it'),
           (3, 'activity only', '{"activity_only": true}', 'only the seconds of legs and previews, not the whole session'),
           (4, 'legs only', '{"legs_only": true}', 'a preview does not qualify a session'),
           (5, 'login''s switch', '{"login_switch": true}', 'a session is where its first known switch is, and nowhere else'),
           (6, '30 minutes at least', '{"at_least": 1800}', 'only sessions of half an hour or more'),
           (7, 'open sessions out', '{"open": "out"}', 'a session without an end does not count'),
           (8, 'open sessions cut', '{"open": "cut"}', 'a session without an end ends with the last that is known of its activities'),
           (9, 'long sessions out', '{"long": "out"}', 'a session of more than two days does not count'),
           (10, 'long sessions cut', '{"long": "cut"}', 'a session ends two days after its login')
),
possible as (
    from kind
    union all
    select distinct 11, 'excluded agents in', '{"everybody": true}', 'exclude_agents leaves out nobody'
    from rule_exclude
    union all
    select distinct 12,
           case when end_second_counts then 'end exclusive' else 'end inclusive' end,
           '{"other_end": true}',
           case
               when end_second_counts then 'the second of the logout does not count (session_end: exclusive)'
               else 'the second of the logout counts too (session_end: inclusive)'
           end
    from rule
    union all
    select distinct 13, 'UTC days', '{"utc_days": true}', 'days from midnight to midnight of UTC, not of the region'
    from reading_day as d
    join reading_day as u using (day)
    where $wide
      and u.is_utc
      and u.from_ts <> d.from_ts
    union all
    select distinct 14,
           place || case when starts_with(place, $region || '/') then ' out' else ' in' end,
           json_object(case when starts_with(place, $region || '/') then 'moved_out' else 'moved_in' end, place),
           'location ' || place || case when starts_with(place, $region || '/') then ' does not count here' else ' counts here too' end
    from reading_place
    where $wide
)
select (row_number() over (order by turn, name) - 1)::integer as reading,
       (turn > 0)::integer as size,
       name,
       flags::json as flags,
       meaning
from possible
union all
select -1, 0, name, flags::json, meaning
from kind
where turn = 0

-- name: reading_pair
-- Grain: pair of readings that say two things, of which one changes some number by itself: others would be many for nothing.
-- Output: reading_kind. Input: reading_result.
insert into reading_kind
with telling as (
    select distinct r.reading
    from reading_result as r
    join reading_result as o using (measure, period, left_out)
    where o.reading = 0
      and r.value <> o.value
)
select ((select max(reading) from reading_kind) + row_number() over (order by a.reading, b.reading))::integer,
       2,
       a.name || ' + ' || b.name,
       json_merge_patch(a.flags, b.flags),
       a.meaning || '; ' || b.meaning
from reading_kind as a
join reading_kind as b on b.reading > a.reading
where a.size = 1
  and b.size = 1
  and not list_has_any(json_keys(a.flags), json_keys(b.flags))
  and (a.reading in (from telling) or b.reading in (from telling))

-- name: reading_batch
-- Grain: readings that are counted at once, not before: memory does not grow with their number. Inputs: reading_kind,
-- reading_result, reading_seat.
select list(reading)::varchar as readings
from reading_kind
where reading > coalesce((select max(reading) from reading_result), -1)
group by reading // greatest(1, 250000 // greatest(1, (select count(*) from reading_seat)))
order by min(reading)

-- name: reading
-- Grain: reading that is counted now, with its flags. Inputs: reading_kind; $readings, a list; $without, a day that is missing in
-- all but the reading -1; '' is none.
create or replace temp table reading as
select reading,
       size,
       coalesce(flags ->> 'other_end', 'false')::boolean::integer as other_end,
       coalesce(flags ->> 'sessions', 'false')::boolean as sessions,
       coalesce(flags ->> 'utc_days', 'false')::boolean as utc_days,
       coalesce(flags ->> 'everybody', 'false')::boolean as everybody,
       coalesce(flags ->> 'login_switch', 'false')::boolean as login_switch,
       coalesce(flags ->> 'legs_only', 'false')::boolean as legs_only,
       coalesce(flags ->> 'minutes', 'false')::boolean as minutes,
       coalesce(flags ->> 'activity_only', 'false')::boolean as activity_only,
       coalesce(flags ->> 'at_least', '0')::bigint as at_least,
       coalesce(flags ->> 'open', '') as open,
       coalesce(flags ->> 'long', '') as long,
       coalesce(flags ->> 'moved_in', '/') as moved_in,
       coalesce(flags ->> 'moved_out', '/') as moved_out,
       case when reading >= 0 then try_cast($without as date) end as without_day
from reading_kind
where reading in (select unnest($readings::integer[]))

-- name: reading_presence
-- Grain: reading x day x span of seconds in which a session counts in the scope, cut to the day. unit is what the reading counts
-- different ones of, agents or sessions; of_month is that within a month, where agents are known by its newest word.
-- Whole minutes: whoever is there in any second of a minute of the day is there in all of it. Activity only: the seconds of an
-- activity inside its session; one with a known switch counts where the switch leads, one without wherever its session counts.
-- The switch of the login: a session belongs to one place, that of its first activity with a known switch.
-- Inputs: all tables before.
create or replace temp table reading_presence as
with login as (
    select r.*,
           m.day,
           m.session_id,
           s.day as slice_day,
           s.resource_key,
           s.start_ts,
           s.is_open,
           s.default_here,
           s.default_place,
           xor(s.last_second, r.other_end) as more,
           least(
               greatest(s.logout_ts + more, s.start_ts + 1),
               case when r.long = 'cut' then s.start_ts + 172800 end
           ) as until_ts
    from reading as r
    join reading_seat as m on m.is_utc = r.utc_days
    join reading_session as s on s.rowid = m.session_id
    where m.day is distinct from r.without_day
      and (r.everybody or not s.is_excluded)
      and not (r.open = 'out' and s.is_open)
      and not (r.long = 'out' and s.logout_ts - s.start_ts > 172800)
      and s.logout_ts - s.start_ts >= r.at_least
),
met as (
    select l.reading,
           l.day,
           l.session_id,
           t.kind <> 'other' as qualifies,
           t.place is not null as is_known,
           t.place = l.moved_in or t.is_here and t.place <> l.moved_out as is_here,
           t.turn,
           case when l.open = 'cut' and l.is_open then t.heard_ts end as heard_ts
    from login as l
    join reading_touch as t on t.session_id = l.session_id
        and t.first_ts < l.until_ts
    where coalesce(t.last_second, l.more) = l.more
      and not (l.legs_only and t.kind = 'preview')
),
told as (
    select reading,
           day,
           session_id,
           max(heard_ts) filter (where qualifies) as heard_ts,
           bool_or(is_here) filter (where qualifies and is_known) as known_here,
           bool_or(is_here) filter (where not qualifies) as other_here,
           arg_min(is_here, turn) filter (where qualifies and is_known) as first_here,
           arg_min(is_here, turn) filter (where not qualifies) as first_other_here
    from met
    group by reading, day, session_id
    having bool_or(qualifies)
),
seat as (
    select l.* replace (least(l.until_ts, case when t.heard_ts is not null then greatest(t.heard_ts, l.start_ts + 1) end) as until_ts)
    from told as t
    join login as l using (reading, day, session_id)
    where coalesce(
        case when l.login_switch then coalesce(t.first_here, t.first_other_here) else coalesce(t.known_here, t.other_here) end,
        l.default_place = l.moved_in or l.default_here and l.default_place <> l.moved_out
    )
),
span as (
    select reading, utc_days, day, session_id, minutes, sessions, start_ts, until_ts
    from seat
    where not activity_only
    union all
    select l.reading, l.utc_days, l.day, l.session_id, l.minutes, l.sessions,
           greatest(l.start_ts, a.start_ts),
           least(l.until_ts, a.end_ts)
    from seat as l
    join reading_activity as a on a.day = l.slice_day
        and a.resource_key = l.resource_key
        and a.start_ts < l.until_ts
        and a.end_ts > l.start_ts
    where l.activity_only
      and a.kind <> 'other'
      and coalesce(a.last_second, l.more) = l.more
      and not (l.legs_only and a.kind = 'preview')
      and (a.place is null or a.place = l.moved_in or a.is_here and a.place <> l.moved_out)
),
within as (
    select p.reading, p.day, p.session_id, p.minutes, p.sessions,
           greatest(p.start_ts, d.from_ts) as start_ts,
           least(p.until_ts, d.until_ts) as end_ts
    from span as p
    join reading_day as d on d.is_utc = p.utc_days
        and d.day = p.day
        and d.from_ts < p.until_ts
        and d.until_ts > p.start_ts
)
select p.reading,
       p.day,
       p.session_id,
       s.agent,
       s.sm_res_session_fact_key || ':' || s.start_date_time_key as session,
       case when p.sessions then session else s.agent end as unit,
       case when p.sessions then session else coalesce(w.agent, s.agent) end as of_month,
       case when p.minutes then p.start_ts // 60 * 60 else p.start_ts end as start_ts,
       case when p.minutes then (p.end_ts + 59) // 60 * 60 else p.end_ts end as end_ts
from within as p
join reading_session as s on s.rowid = p.session_id
left join reading_word as w on w.month = strftime(p.day, '%Y-%m')
    and w.resource_key = s.resource_key

-- name: reading_number
-- Grain: reading x measure x period: of each day, and of each month, the most at once (concurrent) with its first second, and how
-- many at all (enabled). Of a month also what it would be without one of its days, which left_out names; else that is ''.
-- Nobody at all is 0, without a second. Inputs: reading, reading_day, reading_presence.
create or replace temp table reading_number as
with asked as (
    select r.reading,
           d.day,
           strftime(d.day, '%Y-%m') as month
    from reading as r
    join reading_day as d on d.is_utc = r.utc_days
),
reaching as (
    select *,
           max(end_ts) over (
               partition by reading, day, unit
               order by start_ts, end_ts
               rows between unbounded preceding and 1 preceding
           ) as reached_ts
    from reading_presence
),
addition as ( -- each adds only what the earlier ones have not reached yet
    select reading, day,
           greatest(start_ts, coalesce(reached_ts, start_ts)) as start_ts,
           end_ts
    from reaching
    where reached_ts is null
       or end_ts > reached_ts
),
change as (
    select reading, day, start_ts as ts, 1 as units from addition
    union all
    select reading, day, end_ts, -1 from addition
),
net as (
    select reading, day, ts,
           sum(units) as units
    from change
    group by reading, day, ts
),
curve as (
    select reading, day, ts,
           sum(units) over (partition by reading, day order by ts)::bigint as units
    from net
),
peak as (
    select reading, day,
           max(units) as units,
           arg_max(ts, (units, -ts)) as ts
    from curve
    group by reading, day
),
daily as (
    select a.reading, a.day, a.month,
           coalesce(p.units, 0) as units,
           coalesce(p.ts, 0) as ts
    from asked as a
    left join peak as p using (reading, day)
),
enabled as (
    select reading, day,
           count(distinct unit) as units
    from reading_presence
    group by reading, day
),
unit_of_month as (
    select reading,
           strftime(day, '%Y-%m') as month,
           of_month,
           min(day) as first_day,
           max(day) as last_day
    from reading_presence
    group by reading, month, of_month
),
units_of_month as (
    select reading, month,
           count(*) as units
    from unit_of_month
    group by reading, month
),
only_then as (
    select reading,
           first_day as day,
           count(*) as units
    from unit_of_month
    where first_day = last_day
    group by reading, first_day
)
select reading, 'concurrent' as measure, day::varchar as period, '' as left_out, units as value, ts as peak_ts
from daily
union all
select reading, 'enabled', a.day::varchar, '', coalesce(e.units, 0), 0
from asked as a
left join enabled as e using (reading, day)
union all
select reading, 'concurrent', month, '', max(units), arg_max(ts, (units, -ts))
from daily
group by reading, month
union all
select d.reading, 'concurrent', d.month, d.day::varchar, coalesce(max(o.units), 0), 0
from daily as d
left join daily as o on o.reading = d.reading
    and o.month = d.month
    and o.day <> d.day
group by d.reading, d.month, d.day
union all
select a.reading, 'enabled', a.month, '', coalesce(any_value(u.units), 0), 0
from asked as a
left join units_of_month as u using (reading, month)
group by a.reading, a.month
union all
select a.reading, 'enabled', a.month, a.day::varchar, coalesce(u.units, 0) - coalesce(t.units, 0), 0
from asked as a
left join units_of_month as u using (reading, month)
left join only_then as t on t.reading = a.reading
    and t.day = a.day

-- name: reading_result
-- Grain: as reading_number; the numbers of all readings since the rows were put there.
create or replace temp table reading_result (
    reading  integer not null,
    size     integer not null,
    measure  varchar not null,
    period   varchar not null,
    left_out varchar not null,
    value    bigint not null,
    peak_ts  bigint not null
)

-- name: keep_reading
-- Output: reading_result. Inputs: reading_number, reading.
insert into reading_result
select reading, size, measure, period, left_out, value, peak_ts
from reading_number
join reading using (reading)

-- name: number_of_day
-- Grain: reading, with its most at once on a day. Inputs: reading_kind, reading_result; $day.
select k.name,
       coalesce(r.value, 0),
       coalesce(r.peak_ts, 0),
       k.meaning
from reading_kind as k
left join reading_result as r on r.reading = k.reading
    and r.measure = 'concurrent'
    and r.period = $day
where k.reading >= 0
order by k.reading

-- name: difference
-- Grain: as reading_difference; of all sets of readings that are asked for. An open session has no logout.
create or replace temp table difference (
    region                  varchar not null,
    turn                    bigint not null,
    period                  varchar not null,
    side                    varchar not null,
    agent                   varchar not null,
    sm_res_session_fact_key bigint not null,
    start_date_time_key     bigint not null,
    login                   timestamptz not null,
    logout                  timestamptz
)

-- name: reading_difference
-- Grain: session that makes a difference between two readings in a period: whose agent (or which of her sessions, where these are
-- counted) is there in one of them alone; of an agent's the earliest. is_theirs: in the second reading alone, not in the first. Of
-- the most at once it is who is there in the first second of it, of the reading that gives more.
-- Inputs: reading_presence and reading_number of two readings, of which the first is -1; reading_session, found; $region, $turn, whose difference it is; $periods, by commas. Output: difference.
insert into difference
with asked as (
    select period,
           case when measure = 'concurrent' then arg_max(peak_ts, struct_pack(value := value, earlier := -reading)) else 0 end as peak_ts,
           measure = 'enabled' and length(period) = 7 as of_month
    from reading_number
    where measure = (select measure from found where region = $region and turn = $turn)
      and left_out = ''
      and period in (select unnest(string_split($periods, ',')))
    group by measure, period
),
there as (
    select a.period, p.reading, p.day, p.session_id, p.agent, p.session, p.start_ts,
           case when a.of_month then p.of_month else p.unit end as named
    from asked as a
    join reading_presence as p on starts_with(p.day::varchar, a.period)
        and (a.peak_ts = 0 or p.start_ts <= a.peak_ts and p.end_ts > a.peak_ts)
    qualify row_number() over (partition by a.period, p.reading, named order by p.day, p.start_ts, p.session) = 1
),
ranked as (
    select *,
           row_number() over (partition by period, reading, agent order by day, start_ts, session) as turn
    from there
)
select $region,
       $turn,
       p.period,
       case when p.reading >= 0 then 'in this reading alone' else 'as counted alone' end,
       p.agent,
       s.sm_res_session_fact_key,
       s.start_date_time_key,
       to_timestamp(s.start_ts),
       case when not s.is_open then to_timestamp(s.logout_ts) end
from ranked as p
join reading_session as s on s.rowid = p.session_id
anti join ranked as o on o.reading <> p.reading
    and o.period = p.period
    and o.agent = p.agent
    and o.turn = p.turn

-- name: dry_run
-- Grain: number of a region and a day, or a month, as it stands beside what a configuration gives: by the newest data file, in the store
-- (null: none), under that configuration (null: not computed, or no such region there), and that less what was issued or, where nothing
-- was, what is stored. First what was computed, in its order. Inputs: published._data.daily_concurrent, enabled_daily, monthly_concurrent,
-- monthly_enabled, _data.issued_file; $periods (days and months), $measures (that are issued), $numbers, as JSON, $tenant.
with stored as (
    select region,
           'concurrent' as measure,
           day::varchar as period,
           agents as stored
    from published._data.daily_concurrent
    where location is null
    union all
    select region, 'enabled', day::varchar, agents
    from published._data.enabled_daily
    union all
    select region, 'concurrent', month, agents
    from published._data.monthly_concurrent
    union all
    select region, 'enabled', month, agents
    from published._data.monthly_enabled
),
issued as (
    select region,
           measure,
           period,
           arg_max(value, revision) as issued
    from _data.issued_file
    group by region,
             measure,
             period
),
standing as (
    select *
    from stored
    full join issued using (region, measure, period)
    where period in (select unnest($periods::varchar[]))
      and if(length(period) = 7, 'monthly_', 'daily_') || measure in (select unnest($measures::varchar[]))
),
computed as (
    select unnest(numbers, max_depth := 2),
           generate_subscripts(numbers, 1) as place
    from (
        select from_json($numbers, '[{"region": "VARCHAR", "measure": "VARCHAR", "period": "VARCHAR", "value": "BIGINT"}]') as numbers
    )
)
select $tenant as tenant,
       region,
       measure,
       period,
       issued,
       stored,
       value,
       value - coalesce(issued, stored) as difference
from computed
full join standing using (region, measure, period)
order by place nulls last, period, measure, region
