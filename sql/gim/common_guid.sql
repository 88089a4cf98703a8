-- Grain: attempt GUID on legs of more than 5 agents in a range of time keys (R11 common_guid); the most agents first, no more
-- than 5.
-- $1, $2: time keys, half-open.
select d.gsw_call_attempt_guid,
       count(*) as legs,
       count(distinct f.resource_key) as agents
from {{.Schema}}.irf_user_data_gen_1 as d
join {{.Schema}}.interaction_resource_fact as f on f.interaction_resource_id = d.interaction_resource_id
    and f.start_date_time_key = d.start_date_time_key
join {{.Schema}}.resource_ as r on r.resource_key = f.resource_key
    and r.resource_type_code = 'AGENT'
where d.start_date_time_key >= $1::bigint
  and d.start_date_time_key < $2::bigint
  and f.start_date_time_key >= $1::bigint
  and f.start_date_time_key < $2::bigint
  and d.gsw_call_attempt_guid <> ''
group by d.gsw_call_attempt_guid
having count(distinct f.resource_key) > 5
order by agents desc, d.gsw_call_attempt_guid
limit 5
