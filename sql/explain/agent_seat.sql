-- Grain: session x location of an agent that was counted on a day, in any region.
-- Input: _data.qualifying_session; $day, $agent.
select sm_res_session_fact_key,
       start_date_time_key,
       region,
       location
from _data.qualifying_session
where day = $day::date
  and agent = $agent
