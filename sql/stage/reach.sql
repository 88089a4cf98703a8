-- One row: how far the activities that can matter reach, from the earliest to the latest second of the
-- slice's sessions and of its day.
-- Inputs: stay, slice_span.
select least(min(s.start_ts), (select min(start_ts) from slice_span)) as from_ts,
       greatest(max(s.until_ts), (select max(end_ts) from slice_span)) as to_ts
from stay as s
