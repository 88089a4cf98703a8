-- One row: up to when the GIM is complete (R10): each T-Server (1) and each OCS (3) has been read up to somewhere.
select min(read_up_to)::bigint
from (
    select max(max_ts) as read_up_to
    from ctl_extract_history
    where data_source_type = 1
       or data_source_type = 3
    group by data_source_key
) as source
