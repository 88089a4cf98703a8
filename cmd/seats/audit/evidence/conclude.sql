-- What was issued last, and what has just been counted from the slices. files: whether data file and manifest are those that the
-- ledger names. slices: whether the rows have the hashes that this manifest names. Whoever has changed rows, manifest and ledger
-- alike is not found here: the signature of the manifest, where there is one, is to be checked as RECOMPUTE.md says.
with counted as (
    select region, 'concurrent' as measure, day::varchar as period, agents, peak_ts
    from _data.daily_concurrent
    where location is null
    union all
    select region, 'enabled', day::varchar, agents, null
    from _data.enabled_daily
    union all
    select region, 'concurrent', month, agents, peak_ts
    from _data.monthly_concurrent
    union all
    select region, 'enabled', month, agents, null
    from _data.monthly_enabled
),
standing as (
    select *
    from pack.issued_file
    qualify row_number() over (partition by region, measure, period order by revision::integer desc) = 1
),
issued as (
    select i.*,
           m.content as manifest,
           d.content as data_file,
           g.content as signature,
           from_json(decode(m.content), '{"region": "varchar", "measure": "varchar", "period": "varchar", "value": "bigint", "sha256": "varchar",
               "slices": [{"day": "varchar", "sha256": "varchar"}]}') as said
    from standing as i
    left join pack.file as m on m.name = i.file || '.manifest.json'
    left join pack.file as d on d.name = i.file
    left join pack.file as g on g.name = i.file || '.manifest.json.minisig'
),
named_slice as (
    select region,
           measure,
           period,
           unnest(said.slices, recursive := true)
    from issued
),
slice_of_issue as (
    select s.region,
           s.measure,
           s.period,
           bool_and(coalesce(h.sha256 = s.sha256, false)) as fits
    from named_slice as s
    left join pack.slice_hash as h using (day)
    group by s.region, s.measure, s.period
),
checked as (
    select i.region,
           i.measure,
           i.period,
           case
               when i.manifest is null or i.data_file is null then 'MISSING'
               when sha256(i.manifest) = i.manifest_sha256
                   and sha256(i.data_file) = i.sha256
                   and said.sha256 = i.sha256
                   and said.value = i.value::bigint
                   and said.region = i.region
                   and said.measure = i.measure
                   and said.period = i.period then 'as issued'
               else 'CHANGED'
           end as files,
           case when i.signature is null then 'none' else 'to be checked' end as signature,
           s.fits
    from issued as i
    left join slice_of_issue as s using (region, measure, period)
)
select i.period,
       i.region,
       i.measure,
       i.revision::integer as revision,
       i.value::bigint as issued,
       c.agents as counted,
       to_timestamp(c.peak_ts) as peak_at,
       coalesce(i.value::bigint = c.agents, false) as agrees,
       k.files,
       k.signature,
       case
           when not k.fits then 'CHANGED'
           when k.fits and k.files = 'as issued' then $recorded
           else 'NOT KNOWN'
       end as slices
from standing as i
join checked as k using (region, measure, period)
left join counted as c using (region, measure, period)
order by i.period, i.region, i.measure
