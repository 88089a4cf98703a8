-- The agents of a month as they were counted from the kept slices: before the source is read again. Input: month_agent.
create or replace temp table kept_month_agent as
from month_agent
