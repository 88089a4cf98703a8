-- What the kept slices give, before the source is read again.
create or replace table kept_daily_concurrent as
select *
from _data.daily_concurrent
