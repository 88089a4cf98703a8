-- Grain: qualifying session x location (R5). A row without region is a switch that has nowhere to go.
-- Unknown switches count only for a session that has no known one. Excluded agents are gone before (R6).
-- Inputs: session_activity, rule_switch, rule_location.
create or replace temp table session_location as
with session_switch as (
    select session_id,
           switch_name,
           min(activity_id) as first_activity_id,
           count(*) as activities
    from session_activity
    where not is_excluded
    group by session_id, switch_name
),
decided as (
    select session_id,
           switch_name,
           first_activity_id,
           activities,
           bool_or(switch_name is not null) over (partition by session_id) as has_known
    from session_switch
)
select d.session_id,
       coalesce(w.region, l.region) as region,
       coalesce(w.location, l.location) as location,
       min(d.first_activity_id) as first_activity_id,
       sum(d.activities)::bigint as activities,
       not bool_or(d.has_known) as is_unknown_switch,
       case when coalesce(w.region, l.region) is null then list(distinct d.switch_name order by d.switch_name) end as unmapped_switches
from decided as d
left join rule_switch as w on w.switch_name = d.switch_name
left join rule_location as l on l.is_default
where d.switch_name is not null
   or not d.has_known
group by d.session_id, coalesce(w.region, l.region), coalesce(w.location, l.location)
