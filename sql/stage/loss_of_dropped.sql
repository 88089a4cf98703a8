-- One row, as loss.sql gives them, for a day whose rows were dropped and whose numbers stayed: how many agents were enabled
-- in the region that had the most, how many of these the new slice lacks at least, and how many agents it has in all.
-- Inputs: _data.enabled_daily, voice_session; $day.
select 'enabled agents',
       counted.agents,
       greatest(counted.agents - found.agents, 0),
       found.agents
from (
    select coalesce(max(agents), 0) as agents
    from _data.enabled_daily
    where day = $day::date
) as counted
cross join (
    select count(distinct resource_key) as agents
    from _data.voice_session
    where day = $day::date
) as found
