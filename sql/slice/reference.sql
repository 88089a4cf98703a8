-- name: voice_media
-- Grain: media type whose code is VOICE (R2), by its newest row. Names are localized, codes are not.
-- Input: _stage.gim.media_type.
create or replace table _stage.gim.voice_media as
with newest as (
    select media_type_key,
           media_name_code
    from _stage.gim.media_type
    qualify row_number() over (partition by media_type_key order by chunk desc, rowid desc) = 1
)
select media_type_key
from newest
where media_name_code = 'VOICE'

-- name: voice_media_key
-- The keys of voice media, for the source to leave other media at home.
select media_type_key
from _stage.gim.voice_media
order by media_type_key

-- name: preview_mode
-- Grain: dialing mode in which the agent sees the record before anything is dialled (R3), by its newest row.
-- Input: _stage.gim.dialing_mode.
create or replace table _stage.gim.preview_mode as
with newest as (
    select dialing_mode_key,
           dialing_mode_code
    from _stage.gim.dialing_mode
    qualify row_number() over (partition by dialing_mode_key order by chunk desc, rowid desc) = 1
)
select dialing_mode_key,
       dialing_mode_code
from newest
where dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW')

-- name: preview_mode_key
-- The keys of preview dialing modes, for the source to leave other attempts at home.
select dialing_mode_key
from _stage.gim.preview_mode
order by dialing_mode_key

-- name: known_agent
-- Grain: resource that is an agent.
create or replace table _stage.gim.known_agent as
select resource_key,
       employee_id,
       resource_name
from _stage.gim.resource_
where resource_type_code = 'AGENT'

-- name: known_switch
-- Grain: resource that has a switch: DNs and queues.
create or replace table _stage.gim.known_switch as
select resource_key,
       switch_name
from _stage.gim.resource_
where switch_name <> ''

-- name: switch
-- Grain: switch that a DN or queue of the source has. Input: _stage.gim.known_switch.
select distinct switch_name
from _stage.gim.known_switch
order by switch_name

-- name: insert_default_guid
-- Grain: attempt GUID that the source's mapping puts on calls that have none; for the slice's data quality (R11).
insert into _data.default_guid
select $day::date,
       unnest($guids::varchar[])

-- name: insert_left_out
-- Grain: data source that was left out of the slice's high-water mark (R10).
insert into _data.left_out
values ($day::date, $data_source_key, $data_source_type, $dap_name, $read_up_to)

-- name: insert_agent
-- The agents that the slice's sessions and activities name, and every other resource of theirs, wherever it is: a pattern of
-- exclude_agents that matches one of them leaves out the person (R6).
insert into _data.agent
with used as (
    select resource_key
    from _data.voice_session
    where day = $day::date
    union
    select resource_key
    from _data.ocs_activity
    where day = $day::date
),
person as (
    select distinct a.employee_id
    from _stage.gim.known_agent as a
    semi join used as u using (resource_key)
    where a.employee_id <> ''
)
select $day::date,
       a.resource_key,
       a.employee_id,
       a.resource_name
from _stage.gim.known_agent as a
where a.resource_key in (select resource_key from used)
   or a.employee_id in (select employee_id from person)
order by a.resource_key
