-- name: media_type
-- Grain: row of the dimension, whole: it is small beside the facts.
select media_type_key,
       media_name_code
from {{.Schema}}.media_type

-- name: dialing_mode
-- Grain: row of the dimension, whole: it is small beside the facts.
select dialing_mode_key,
       dialing_mode_code
from {{.Schema}}.dialing_mode

-- name: switch
-- Grain: switch that a DN or queue has.
select distinct switch_name
from {{.Schema}}.resource_
where switch_name <> ''

-- name: group
-- Grain: row of the dimension of groups: those of agents, places and queues alike.
select group_key,
       group_name
from {{.Schema}}.group_

-- name: group_combination
-- Grain: combination of groups x group. A resource that is in several groups at once is in one combination.
select group_combination_key,
       group_key
from {{.Schema}}.resource_group_combination

-- name: resource
-- Grain: row of the dimension that is an agent, or has a switch: DNs and queues. Of a row that is no agent only the switch
-- is read. Where the key is not known to be unique ($1), all rows come, since the newest copy of each is chosen first.
select resource_key,
       case when not $1::boolean or resource_type_code = 'AGENT' then resource_type_code end as resource_type_code,
       case when not $1::boolean or resource_type_code = 'AGENT' then resource_name end as resource_name,
       case when not $1::boolean or resource_type_code = 'AGENT' then employee_id end as employee_id,
       switch_name
from {{.Schema}}.resource_
where not $1::boolean
   or resource_type_code = 'AGENT'
   or switch_name <> ''

-- name: default_guid
-- Grain: attempt GUID that the site's mapping of user data puts on calls that have none (R3).
select default_value
from {{.Schema}}.ctl_ud_to_ude_mapping
where upper(ud_key_name) = 'GSW_CALL_ATTEMPT_GUID'
  and active_flag = 1
  and default_value <> ''

-- name: guid_mapping
-- One row: how many attempts of Outbound Contact a range of time keys holds, and how many attempt GUIDs. Attempts
-- without any GUID mean that the site does not store it.
-- $1, $2: time keys, half-open.
select (
           select count(*)
           from {{.Schema}}.contact_attempt_fact
           where start_date_time_key >= $1::bigint
             and start_date_time_key < $2::bigint
       ) as attempts,
       (
           select count(*)
           from {{.Schema}}.irf_user_data_gen_1
           where start_date_time_key >= $1::bigint
             and start_date_time_key < $2::bigint
             and gsw_call_attempt_guid <> ''
       ) as guids

-- name: common_guid
-- Grain: attempt GUID on legs of more than 5 agents in a range of time keys (R11 common_guid); the most agents first, no more
-- than 5.
-- $1, $2: time keys, half-open.
select d.gsw_call_attempt_guid,
       count(*) as legs,
       count(distinct f.resource_key) as agents
from {{.Schema}}.irf_user_data_gen_1 as d
join {{.Schema}}.interaction_resource_fact as f on f.interaction_resource_id = d.interaction_resource_id
    and f.start_date_time_key = d.start_date_time_key
join {{.Schema}}.resource_ as r on r.resource_key = f.resource_key
    and r.resource_type_code = 'AGENT'
where d.start_date_time_key >= $1::bigint
  and d.start_date_time_key < $2::bigint
  and f.start_date_time_key >= $1::bigint
  and f.start_date_time_key < $2::bigint
  and d.gsw_call_attempt_guid <> ''
group by d.gsw_call_attempt_guid
having count(distinct f.resource_key) > 5
order by agents desc, d.gsw_call_attempt_guid
limit 5
