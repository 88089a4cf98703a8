-- Grain: session of the slice x group that its agent was in when it began; one row without a name for a session whose agent
-- was in none that is known: so whose groups were read has a row. An export may tell them of some sessions alone, where the
-- column came later. The keys -1 and -2, which stand for an unknown group and for none, name no group.
-- Inputs: _data.voice_session, _stage.gim.session_groups, resource_group_combination, group_; $day.
insert into _data.session_group
with member as (
    select c.group_combination_key,
           g.group_name
    from _stage.gim.resource_group_combination as c
    join _stage.gim.group_ as g using (group_key)
    where c.group_combination_key > 0
      and c.group_key > 0
      and g.group_name <> ''
)
select distinct s.day,
                s.sm_res_session_fact_key,
                s.start_date_time_key,
                m.group_name
from _data.voice_session as s
join _stage.gim.session_groups as k using (sm_res_session_fact_key, start_date_time_key)
left join member as m on m.group_combination_key = k.resource_group_combination_key
where s.day = $day::date
order by s.sm_res_session_fact_key, s.start_date_time_key, m.group_name
