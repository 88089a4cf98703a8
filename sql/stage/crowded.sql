-- One row: how many hours before the day ($from), and how many after it ($to), are crowded: at least one in a hundred of
-- all sessions of the slice runs in them, and no fewer than $crowd. Sessions reach from the day into those hours, so what
-- is crowded begins beside it.
-- Input: stay.
with reaching as (
    select ceil(greatest($from - start_ts, 0) / 3600)::bigint as before,
           ceil(greatest(until_ts - $to, 0) / 3600)::bigint as after
    from stay
),
crowd as (
    select greatest(count(*) / 100, $crowd) as stays
    from stay
),
hour_before as (
    select before as hour,
           sum(count(*)) over (order by before desc) as stays
    from reaching
    where before > 0
    group by before
),
hour_after as (
    select after as hour,
           sum(count(*)) over (order by after desc) as stays
    from reaching
    where after > 0
    group by after
)
select (
           select coalesce(max(hour), 0)
           from hour_before as h
           join crowd as c on h.stays >= c.stays
       ),
       (
           select coalesce(max(hour), 0)
           from hour_after as h
           join crowd as c on h.stays >= c.stays
       )
