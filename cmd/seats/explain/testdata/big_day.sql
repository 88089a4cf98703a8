insert into _data.voice_session
select date '2026-03-10', i, 0, i // 10, login, login + 600 + hash(i + 7) % 5000, 0, 1
from (select i, epoch(date '2026-03-10'::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 as login from range(1000000) as r(i));
insert into _data.ocs_activity
select date '2026-03-10', case when a % 10 = 0 then 'preview' else 'leg' end, i * 10 + a, 0, i // 10,
       login + a * 100, login + a * 100 + 60, 0, 'SIP_' || (i // 10) % 5, 'guid' || i, 'PREDICTIVE', 1
from (select i, a, epoch(date '2026-03-10'::timestamp)::bigint + (i % 10) * 8000 + hash(i) % 4000 as login from range(1000000) as r(i), range(2) as k(a))
where a = 0 or i % 5 = 0
order by i, a;
insert into _data.agent select date '2026-03-10', i, 'emp' || i, 'Agent ' || i from range(100000) as r(i);
insert into _data.slice_span values (date '2026-03-10', epoch(date '2026-03-10'::timestamp)::bigint - 86400, epoch(date '2026-03-10'::timestamp)::bigint + 172800);
insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values (date '2026-03-10', 'bench', epoch(date '2026-03-10'::timestamp)::bigint + 172800,
     epoch(date '2026-03-10'::timestamp)::bigint + 172800, 0, 1000000, 1200000, 100000, 0, 'final', 'x');
