-- Raw rows of the slices of a range of days, both included, to be worked on. Input: $from, $to.
insert into _data.voice_session
select *
from published._data.voice_session
where day between $from::date and $to::date
