-- Grain: region and month (R9): its different agents.
-- Inputs: month_agent, rule_region_month; $month, $rules_sha256, $sql_sha256, $computed_ts.
insert into _data.monthly_enabled
select $month,
       r.region,
       count(a.agent),
       r.state,
       $rules_sha256,
       $sql_sha256,
       r.slices_sha256,
       $computed_ts
from rule_region_month as r
left join month_agent as a on a.region = r.region
group by r.region,
         r.state,
         r.slices_sha256
order by r.region
