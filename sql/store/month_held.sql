-- Grain: month of which the store itself holds rows.
-- Input: _data.voice_session, ocs_activity.
select distinct strftime(day, '%Y-%m')
from (
    select distinct day
    from _data.voice_session
    union
    select distinct day
    from _data.ocs_activity
)
