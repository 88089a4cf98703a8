-- Raw rows of the slices of a range of days, both included, to be worked on. Input: $from, $to.
insert into data.ocs_activity
select *
from published.data.ocs_activity
where day between $from::date and $to::date
