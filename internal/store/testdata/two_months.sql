-- Rows in March and April, in every table that belongs to a day.
insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) select '2026-03-30'::date + i::integer, 's', 1, 2, 3, 1000, 1000, 10, 0, 'final', 'h' || i from range(4) as r (i);
insert into _data.voice_session select '2026-03-30'::date + (i % 4)::integer, hash(i) >> 2, 900, i % 10, i % 80000, i % 80000 + 60, 0, hash(i + 1) >> 2 from range(140000) as r (i);
insert into _data.ocs_activity select '2026-03-30'::date + (i % 4)::integer, 'leg', i, 900, i % 10, i, i + 5, 0, 'S', 'g' || i, null, 1 from range(28000) as r (i);
insert into _data.agent select '2026-03-30'::date + (i % 4)::integer, i, 'E' || i, null from range(40) as r (i);
insert into _data.duplicate_key values ('2026-03-31', 'a', '1/2', 2);
insert into _data.qualifying_session select day, 'US', 'dallas', 'E1', resource_key, sm_res_session_fact_key, 900, start_ts, end_ts, false, 'leg', 1, start_ts, 1 from _data.voice_session where sm_res_session_fact_key % 64 = 0;
insert into _data.session_group select day, sm_res_session_fact_key, start_date_time_key, 'g' || resource_key % 2 from _data.qualifying_session;
insert into _data.concurrency select '2026-03-30'::date + i::integer, 'US', null, i * 86400, (i + 1) * 86400, 1, 1 from range(4) as r (i);
insert into _data.daily_concurrent select '2026-03-30'::date + i::integer, 'US', null, 1, 0, 86400, 'final' from range(4) as r (i);
insert into _data.contract values ('US', 'held', 'sustained', 90000, 5, [0.2], null);
