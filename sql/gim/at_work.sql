-- One row: whether the session's statement still computes. One that waits for its client, to take rows or to send
-- something, has nothing to do. $1: the process of the session, one of the own user's.
select exists (
    select
    from pg_catalog.pg_stat_activity
    where pid = $1::bigint
      and usename = current_user
      and state = 'active'
      and wait_event_type is distinct from 'Client'
) as at_work
