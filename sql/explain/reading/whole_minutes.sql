-- The reading that rounds to minutes: whoever is there in any second of a minute of the day is there in all of
-- it.
-- Grain: span of time of an agent; spans of one agent may overlap. Input: seat; $from, $until (the day).
create or replace temp table reading as
select agent_id,
       greatest(start_ts, $from) // 60 * 60 as start_ts,
       (least(end_ts, $until) + 59) // 60 * 60 as end_ts
from seat
