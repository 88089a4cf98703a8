-- Two days in March and two in April, with $n seats at the peak.
insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) select '2026-03-30'::date + i::integer, 's', 1, 2, 3, 8, 0, 4, 0, 'final', 'h' || i from range(4) as r (i);
insert into _data.voice_session select '2026-03-30'::date + i::integer, i, 900, i, 100 + i, 200 + 10 * $n, 0, i from range(4) as r (i);
insert into _data.agent select '2026-03-30'::date + i::integer, i, 'E' || i, null from range(4) as r (i);
insert into _data.qualifying_session select day, 'US', 'dallas', 'E1', resource_key, sm_res_session_fact_key, 900, start_ts, end_ts, false, 'leg', 1, start_ts, $n from _data.voice_session;
insert into _data.concurrency select '2026-03-30'::date + i::integer, 'US', null, 0, 86400, $n, $n from range(4) as r (i);
insert into _data.daily_concurrent select '2026-03-30'::date + i::integer, 'US', unnest([null, 'dallas']), $n + i, 0, 86400, 'final' from range(4) as r (i);
