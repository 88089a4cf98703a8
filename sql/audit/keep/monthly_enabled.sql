-- What the kept slices give, before the source is read again.
create or replace table kept_monthly_enabled as
select *
from _data.monthly_enabled
