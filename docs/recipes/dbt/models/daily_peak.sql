-- Grain: tenant x region x day. A day that is not issued, or was issued otherwise than it is counted by now, shows in issued.
select 'acme' as tenant,
       d.region,
       d.day,
       d.agents,
       d.peak_at,
       d.peak_seconds,
       d.state,
       i.value as issued,
       i.revision
from {{ source('acme', 'daily_concurrent') }} as d
left join {{ source('acme', 'issued_file') }} as i
  on i.region = d.region
 and i.measure = 'concurrent'
 and i.period = d.day::varchar
where d.location is null
qualify row_number() over (partition by d.region, d.day order by i.revision desc nulls last) = 1
