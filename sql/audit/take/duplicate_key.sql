-- Raw rows of the slices of a range of days, both included, to be worked on. Input: $from, $to.
insert into _data.duplicate_key
select *
from published._data.duplicate_key
where day between $from::date and $to::date
