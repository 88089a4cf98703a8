-- Raw rows of the slices of a range of days, both included, to be worked on. Input: $from, $to.
insert into _data.ocs_activity
select *
from published._data.ocs_activity
where day between $from::date and $to::date
