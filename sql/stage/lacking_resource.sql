-- Grain: resource with a session whose own activities know no switch: from when until when such sessions last.
-- Input: lacking_session.
select resource_key,
       min(start_ts),
       max(until_ts)
from lacking_session
group by resource_key
order by resource_key
