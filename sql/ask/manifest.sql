-- name: manifest
-- Grain: manifest as it lies beside the data file of an issue of the period. Input: $manifests, as JSON.
create or replace temp table manifest as
select unnest(m)
from (
    select unnest(from_json_strict($manifests, '[{
        "beside": "VARCHAR",
        "file": "VARCHAR",
        "sha256": "VARCHAR",
        "region": "VARCHAR",
        "measure": "VARCHAR",
        "period": "VARCHAR",
        "value": "BIGINT",
        "state": "VARCHAR",
        "revision": "BIGINT",
        "supersedes": "VARCHAR",
        "reason": "VARCHAR",
        "issued_ts": "BIGINT",
        "rules_hash": "VARCHAR",
        "sql_hash": "VARCHAR",
        "versions": {"program": "VARCHAR"},
        "slices": [{"day": "VARCHAR", "sha256": "VARCHAR", "as_of": "VARCHAR"}],
        "quality": [{"rule": "VARCHAR", "count": "BIGINT", "blocking": "BOOLEAN", "examples": ["VARCHAR"]}]
    }]')) as m
)

-- name: comparison
-- Grain: file that stands and that has another number than was counted again, or has it though something moved: see compare.
create or replace temp table compared (
    region   varchar,
    measure  varchar,
    period   varchar,
    revision bigint,
    rule     varchar,
    moved    varchar,
    what     varchar, -- null: the number is as it was issued
    lines    varchar[],
    value    bigint,
    rules    varchar
)

-- name: rule_fact
-- Grain: set of counting rules and single statement of them, in the order of their text: two sets differ in the statements that only one
-- of them has. Those of a month say which days were counted by which others. Input: $rules, texts by their hash, as JSON.
create or replace temp table rule_fact as
with rule as (
    select sum,
           from_json(if(json_valid(text), text, null), '{
               "session_end": "VARCHAR",
               "exclude_agents": ["VARCHAR"],
               "regions": [{"name": "VARCHAR", "timezone": "VARCHAR", "locations": [{"name": "VARCHAR", "switches": ["VARCHAR"]}]}],
               "days": [{"from": "VARCHAR", "to": "VARCHAR", "rules_sha256": "VARCHAR"}]
           }') as said
    from (select unnest(map_entries(from_json_strict($rules, '"MAP(VARCHAR, VARCHAR)"')), recursive := true))
         as t (sum, text)
)
select sum,
       coalesce(
           if(said is null, ['counting rules that cannot be read'], null),
           nullif([d."from" || ' to ' || d."to" || ': counting rules ' || d.rules_sha256 for d in said.days], []),
           list_concat(
               ['session_end: ' || said.session_end],
               ['exclude_agents: ' || to_json(pattern) for pattern in said.exclude_agents],
               flatten([list_concat(
                   ['region ' || r.name, 'region ' || r.name || ': timezone ' || r.timezone],
                   flatten([list_concat(
                       ['location ' || r.name || '/' || l.name],
                       if(len(l.switches) > 0, [], ['location ' || r.name || '/' || l.name || ': no switches, the default location']),
                       ['location ' || r.name || '/' || l.name || ': switch ' || to_json(s) for s in l.switches]
                   ) for l in r.locations])
               ) for r in said.regions])
           )
       ) as facts
from rule

-- name: disagreement
-- Grain: issue of the period whose manifest says something else of it than the store, and what, in words.
-- Inputs: _data.issued_file, manifest. Which rules an older version issued by is not known.
with field as (
    select region,
           measure,
           period,
           revision,
           unnest([
               {nth: 1, name: 'file', stored: i.file, said: m.file},
               {nth: 2, name: 'sha256', stored: i.sha256, said: m.sha256},
               {nth: 3, name: 'region', stored: i.region, said: m.region},
               {nth: 4, name: 'measure', stored: i.measure, said: m.measure},
               {nth: 5, name: 'period', stored: i.period, said: m.period},
               {nth: 6, name: 'value', stored: i.value::varchar, said: m.value::varchar},
               {nth: 7, name: 'state', stored: i.state, said: m.state},
               {nth: 8, name: 'revision', stored: i.revision::varchar, said: m.revision::varchar},
               {nth: 9, name: 'supersedes', stored: coalesce(i.supersedes, ''), said: coalesce(m.supersedes, '')},
               {nth: 10, name: 'reason', stored: coalesce(i.reason, ''), said: coalesce(m.reason, '')},
               {nth: 11, name: 'rules_sha256', stored: i.rules_sha256, said: if(i.rules_sha256 is not null, m.rules_hash, null)},
               {nth: 12, name: 'issued_at', stored: i.issued_ts::varchar, said: m.issued_ts::varchar}
           ], recursive := true)
    from (select i.region, i.measure, i.period, i.revision, i, m from _data.issued_file as i join manifest as m on m.beside = i.file)
)
select region,
       measure,
       period,
       revision,
       name || ': ' || stored || ' in the store, ' || said || ' in the manifest'
from field
where stored is distinct from said
order by region, measure, period, revision, nth

-- name: issued_by
-- Grain: finding about which run issued a file of the period, in words, and its details. The run names the file, and the file's time of
-- issue lies in it.
--   ledger_issue: there is no such run.
--   adopted_file: all files that another run names, and which were adopted, whatever time their manifests give: a clock may have been
--   wrong; and those that no run names and that may be earlier revisions, taken over with a later one.
-- Inputs: _data.issued_file, run, manifest; $from, $to (days, both included; a month belongs to its last day, and what is no period
-- is always looked at).
with naming as (
    select unnest(files) as file,
           started_ts,
           ended_ts
    from _data.run
),
issue as (
    select i.*,
           m.issued_ts as said_ts,
           i.file in (select file from naming) as is_named,
           exists (from naming as n where n.file = i.file and i.issued_ts between n.started_ts and n.ended_ts) as is_its_own,
           max(if(i.file in (select file from naming), i.revision, 0)) over (partition by i.region, i.measure, i.period) as newest_named,
           i.file || ', issued at ' || strftime(make_timestamp(i.issued_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') as line
    from _data.issued_file as i
    left join manifest as m on m.beside = i.file
),
judged as (
    select *,
           if(is_named, said_ts is null or said_ts = issued_ts, newest_named > revision) as is_adopted
    from issue
    where not is_its_own
      and coalesce(
          coalesce(try_strptime(period, '%Y-%m-%d')::date, last_day(try_strptime(period, '%Y-%m')::date)) between $from::date and $to::date,
          true
      )
)
select rule,
       region,
       period,
       what,
       lines
from (
    select 'ledger_issue' as rule,
           region,
           period,
           file || ' with ' || value || ' agents, issued at ' || strftime(make_timestamp(issued_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ')
               || ', is named by no run of that time' as what,
           []::varchar[] as lines,
           measure,
           revision
    from judged
    where not is_adopted
    union all
    select 'adopted_file',
           '',
           '',
           count(*) || if(count(*) = 1, ' file', ' files') || ' issued by runs that this ledger does not have',
           list(line order by region, measure, period, revision),
           '',
           0
    from judged
    where is_adopted
    having count(*) > 0
)
order by rule, region, measure, period, revision

-- name: issued_though_blocked
-- Grain: finding of a file whose manifest names a blocking data-quality rule that found something: the first one, with its examples.
-- Inputs: _data.issued_file, manifest (and so of the period).
select 'issued_though_blocked',
       region,
       period,
       file || ' was issued with ' || found.count || ' of ' || found.rule,
       coalesce(found.examples, [])
from (
    select i.*,
           list_filter(m.quality, lambda q: q.blocking and q.count > 0)[1] as found
    from _data.issued_file as i
    join manifest as m on m.beside = i.file
)
where found is not null
order by region, measure, period, revision

-- name: compare
-- Grain: file that stands, of those of the period of which the scratch store has counted the number again: what has changed since it was
-- issued, by its manifest, without which nothing can be said; and in words, whether it still has that number. A peak that moved in time
-- is a finding only where nothing explains it: R13 issues numbers, not their moments.
--   rule: of the first thing that changed: configuration_moved, slice_moved, program_moved; where nothing did, number_differs.
--   rules: those of the issue, where these are all that moved.
-- Inputs: _data.issued_file, slice, manifest, rule_fact, recounted; $statements (their hash), $from, $to (as in issued_by). Facts under ''
-- are of the configuration of today: a set by which nothing was counted before is held against these.
insert into compared
with issue as (
    select i.*,
           m.rules_hash,
           m.sql_hash,
           m.versions.program,
           m.slices,
           m.beside is not null as is_readable,
           r.rules_sha256 as rules_now,
           r.has_region,
           r.agents,
           r.peak_ts as peak_now,
           r.peak_seconds as seconds_now
    from _data.issued_file as i
    join recounted as r on (r.region, r.measure, r.period) = (i.region, i.measure, i.period)
    left join manifest as m on m.beside = i.file
    where coalesce(
        coalesce(try_strptime(i.period, '%Y-%m-%d')::date, last_day(try_strptime(i.period, '%Y-%m')::date)) between $from::date and $to::date,
        true
    )
    qualify row_number() over (partition by i.region, i.measure, i.period order by i.revision desc) = 1
),
pair as (
    select distinct rules_hash, rules_now
    from issue
    where rules_hash <> rules_now
),
rule as (
    select p.*,
           case
               when o.sum is null then ['the counting rules of the issue, SHA-256 ' || rules_hash || ', are not in the store any more']
               else list_concat(
                   ['was: ' || fact for fact in o.facts if not list_contains(n.facts, fact)],
                   ['is:  ' || fact for fact in n.facts if not list_contains(o.facts, fact)]
               )
           end as lines
    from pair as p
    left join rule_fact as o on o.sum = rules_hash
    left join rule_fact as n on n.sum = coalesce((select sum from rule_fact where sum = rules_now), '')
),
named as (
    select file,
           unnest(slices, max_depth := 2),
           generate_subscripts(slices, 1) as nth
    from issue
),
slice as (
    select file,
           list(case
               when s.sha256 is distinct from n.sha256
                   then 'slice of ' || n.day || ': SHA-256 was ' || n.sha256 || ', is ' || coalesce(nullif(s.sha256, ''), 'none')
               else 'slice of ' || n.day || ': as_of was ' || n.as_of || ', is ' || strftime(make_timestamp(s.as_of * 1000000), '%Y-%m-%dT%H:%M:%SZ')
           end order by nth) as lines
    from named as n
    left join _data.slice as s on s.day::varchar = n.day
    where s.sha256 is distinct from n.sha256
       or strftime(make_timestamp(s.as_of * 1000000), '%Y-%m-%dT%H:%M:%SZ') <> n.as_of
    group by file
),
moved as (
    select i.*,
           list_filter([
               {rule: 'configuration_moved', what: 'the counting rules', lines: r.lines},
               {rule: 'slice_moved', what: 'the slice', lines: s.lines},
               {rule: 'program_moved', what: 'the statements that count', lines: if(
                   sql_hash <> $statements, ['issued by program ' || program || ' with statements ' || sql_hash || ', now ' || $statements], null
               )}
           ], lambda m: m.lines is not null) as things
    from issue as i
    left join rule as r using (rules_hash, rules_now)
    left join slice as s using (file)
),
cause as (
    select *,
           coalesce(things[1].rule, 'number_differs') as rule,
           flatten([thing.lines for thing in things]) as lines,
           case
               when not is_readable then 'its manifest is gone, so nothing can be said about why'
               when things = [] then 'slice, counting rules and statements are those of the issue'
               else 'changed since: ' || array_to_string([thing.what for thing in things], ' and ')
           end as why
    from moved
),
told as (
    select *,
           'issued ' || value || ' ' || measure || ' agents (revision ' || revision || ')' || case
               when not has_region then ', the configuration has no such region'
               when agents <> value then ', counted again ' || agents || '; ' || why
               when rule = 'number_differs' and (peak_ts <> peak_now or coalesce(peak_seconds, 0) <> seconds_now)
                   then ' at ' || strftime(make_timestamp(peak_ts * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ' for ' || coalesce(peak_seconds, 0)
                       || ' seconds, counted again at ' || strftime(make_timestamp(peak_now * 1000000), '%Y-%m-%dT%H:%M:%SZ') || ' for '
                       || seconds_now || ' seconds; ' || why
           end as what
    from cause
)
select region,
       measure,
       period,
       revision,
       rule,
       why,
       what,
       lines,
       value,
       if(len(things) = 1 and rule = 'configuration_moved', rules_hash, '')
from told
where what is not null
   or rule <> 'number_differs'

-- name: compared
-- Grain: finding of a file of a month that has another number than it was issued with, in words, its details, and by which rules it may
-- have that number still. Inputs: compared; $month.
select rule,
       region,
       period,
       what,
       lines,
       measure,
       value,
       rules
from compared
where left(period, 7) = $month
  and what is not null
order by region, measure, period, revision

-- name: moved_without_effect
-- Grain: remark on what moved without moving a number, in words, with its details. Input: compared, of all months.
select 'moved_without_effect',
       '',
       min(period) || if(count(distinct period) = 1, '', ' to ' || max(period)),
       moved || '; the numbers are as issued in ' || count(distinct period) || if(count(distinct period) = 1, ' period', ' periods'),
       first(lines order by left(period, 7), region, measure, period, revision)
from compared
where what is null
group by moved, if(rule = 'configuration_moved', lines, null)
order by min({month: left(period, 7), region: region, measure: measure, period: period, revision: revision})
