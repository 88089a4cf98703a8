-- Raw rows of the slices of a range of days, both included, to be worked on. Input: $from, $to.
insert into data.duplicate_key
select *
from published.data.duplicate_key
where day between $from::date and $to::date
