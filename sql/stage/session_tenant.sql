-- Grain: tenant_key of a session of the slice. More than one, and nobody said whose rows are wanted.
-- Inputs: temp.slice_session, _stage.gim.sm_res_session_fact.
select distinct f.tenant_key
from _stage.gim.sm_res_session_fact as f
semi join slice_session as s on s.sm_res_session_fact_key = f.sm_res_session_fact_key
    and s.start_date_time_key = f.start_date_time_key
where f.tenant_key is not null
order by f.tenant_key
