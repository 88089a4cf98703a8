-- Grain: session of the slice that has an interval: its resource is logged in from start_ts until until_ts.
-- Input: slice_session.
create or replace temp table stay as
select resource_key,
       start_ts,
       until_ts
from slice_session
where not is_rejected
