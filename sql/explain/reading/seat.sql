-- What a scope's readings are made from: the sessions that count there, once each however many locations they
-- have, with agents as numbers.
-- Grain: qualifying session. Input: _data.qualifying_session; $day, $region, $location ('' for the region as a
-- whole).
create or replace temp table seat as
select distinct hash(agent) as agent_id,
                resource_key,
                sm_res_session_fact_key,
                start_date_time_key,
                start_ts,
                end_ts
from _data.qualifying_session
where day = $day::date
  and region = $region
  and ($location = '' or location = $location)
