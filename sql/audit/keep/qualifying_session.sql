-- What the kept slices give, before the source is read again.
create or replace table kept_qualifying_session as
select *
from _data.qualifying_session
