-- Grain: region and month (R9): different agents of its days. Who touches the month touches one of its days,
-- so the days' sessions are all there is to count.
-- Inputs: _data.qualifying_session, rule_region_day (for the regions' names); $month, $from, $to (both days
-- included), $state, $rules_sha256, $sql_sha256, $slices_sha256, $computed_ts.
insert into _data.monthly_enabled
select $month,
       d.region,
       count(distinct q.agent),
       $state,
       $rules_sha256,
       $sql_sha256,
       $slices_sha256,
       $computed_ts
from rule_region_day as d
left join _data.qualifying_session as q on q.day between $from::date and $to::date
    and q.region = d.region
group by d.region
order by d.region
