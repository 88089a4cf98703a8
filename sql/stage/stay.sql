-- Grain: session of the slice that has an interval: its resource is logged in from start_ts until end_ts, or, where the end
-- second counts (R2), until_ts.
-- Input: slice_session.
create or replace temp table stay as
select resource_key,
       start_ts,
       greatest(until_ts - 1, least(start_ts, 253402300799) + 1) as end_ts,
       until_ts
from slice_session
where not is_rejected
