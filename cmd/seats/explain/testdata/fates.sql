-- Sessions and activities of 2026-03-10; 1773100800 is its midnight in UTC, and New York's comes four hours later.
insert into _data.slice_span values ('2026-03-10', 0, 9999999999);
insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values ('2026-03-10', 'test', 1773300000, 1773300000, 0, 0, 0, 0, 0, 'final', 'hash');
insert into _data.agent values ('2026-03-10', 1, 'counted', null), ('2026-03-10', 2, 'reversed', null), ('2026-03-10', 3, 'timeless', null),
 ('2026-03-10', 4, 'idle', null), ('2026-03-10', 5, 'unlisted', null), ('2026-03-10', 6, 'TEST1', null), ('2026-03-10', 7, 'early', null),
 ('2026-03-10', 10, 'twice', null), ('2026-03-10', 11, 'twice', null), ('2026-03-10', 12, 'told', null);
insert into _data.voice_session
 select '2026-03-10', k, 0, k, 1773100800 + s, 1773100800 + e, 0, 1
 from (values (1, 36000, 36100), (2, 36000, 35000), (3, null, 36100), (4, 36000, 36100), (5, 36000, 36100), (6, 36000, 36100),
              (7, 3600, 7200), (9, 36000, 36100), (10, 36000, 36100), (11, 36050, 36200), (12, 36000, 36100)) as v(k, s, e);
insert into _data.ocs_activity
 select '2026-03-10', 'leg', k, 0, k, 1773100800 + s, 1773100800 + e, 0, w, 'g', null, 1
 from (values (1, 36000, 36100, 'L'), (4, 36100, 36200, 'L'), (4, 36050, 36000, 'L'), (5, 36000, 36100, 'X'), (6, 36000, 36100, 'L'),
              (7, 3600, 3700, 'D'), (9, 36000, 36100, 'L'), (10, 36000, 36100, 'L'), (11, 36060, 36100, 'L'), (12, 36010, 36020, null)) as v(k, s, e, w);
insert into _data.other_leg values ('2026-03-10', 77, 0, 12, 1773136850, 1773136870, 0, 'L', 1);
