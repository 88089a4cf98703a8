-- Raw rows of the slices of a range of days, both included, to be worked on. Input: $from, $to.
insert into data.voice_session
select *
from published.data.voice_session
where day between $from::date and $to::date
