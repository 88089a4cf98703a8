-- name: leg
-- Grain: leg of any resource that begins in a range of time keys and whose id is among those asked for, or, as a
-- few are, has the same remainder as one of them: the join with the attached data is made outside the GIM DB, which
-- is somebody's production.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: one bit for each remainder of an id; $5: the divisor; $6:
-- whether the key is known to be unique: if not, the tenant is looked at once the newest copy of a row is chosen; $7:
-- whether the type of ids allows fractions, which must not round one to another id. An id too large to be read is sent,
-- to be told of.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $6::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $6::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and case
      when interaction_resource_id > 9000000000000000000 then true
      when $7::boolean then get_bit($4::bytea, abs(floor(interaction_resource_id)::bigint % $5::bigint)::integer) = 1
      else get_bit($4::bytea, abs(interaction_resource_id::bigint % $5::bigint)::integer) = 1
  end

-- name: leg_around
-- Grain: leg that begins before or after the hours that are read whole and can matter: of a resource whose session reaches
-- there, or, as a few are, with the same remainder as one of those; or it reaches into those hours by its end, or by a start
-- that its time key does not tell, or has no end to tell by. Where the key is not known to be unique, this says only of
-- which legs the copies matter: leg_copies.sql brings them.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: one that begins or ends no earlier matters; $5: one that begins earlier matters; $6: one
-- bit for each remainder of a resource; $7: the divisor; $8: whether the key is known to be unique; $9: whether the type of
-- resource_key allows fractions, which must not round one to another. One too large to be read is sent, to be told of.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $8::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $8::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (
      greatest(start_ts, end_ts) >= $4::bigint
      or start_ts < $5::bigint
      or end_ts is null
      or active_flag <> 0
      or case
          when resource_key not between -9000000000000000000 and 9000000000000000000 then true
          when $9::boolean then get_bit($6::bytea, abs(floor(resource_key)::bigint % $7::bigint)::integer) = 1
          else get_bit($6::bytea, abs(resource_key::bigint % $7::bigint)::integer) = 1
      end
  )

-- name: leg_of_resource
-- Grain: leg, OCS-driven or not, of one of some resources, or, as a few are, with the same remainder as one of them, that begins in a
-- range of time keys and reaches into a span of time: those that tell the switch of a login whose own activities know none (R5). Where the
-- key is not known to be unique, this says only of which legs the copies matter, as in leg_around.sql.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: least end that matters; $5: one bit for each remainder of a resource; $6: the
-- divisor; $7: whether the key is known to be unique; $8: whether the type of resource_key allows fractions, which must not round
-- one to another. One too large to be read is sent, to be told of.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $7::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $7::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (greatest(start_ts, end_ts) >= $4::bigint or end_ts is null or active_flag <> 0)
  and case
      when resource_key not between -9000000000000000000 and 9000000000000000000 then true
      when $8::boolean then get_bit($5::bytea, abs(floor(resource_key)::bigint % $6::bigint)::integer) = 1
      else get_bit($5::bytea, abs(resource_key::bigint % $6::bigint)::integer) = 1
  end

-- name: leg_copies
-- Grain: copy of a given leg, of whatever tenant: the newest has to be chosen among all of them, also among those that
-- would not matter by themselves.
-- $1, $2: the legs' ids and time keys, pairwise.
select f.interaction_resource_id,
       f.start_date_time_key,
       f.resource_key,
       f.media_resource_key,
       f.start_ts,
       f.end_ts,
       f.active_flag,
       f.update_audit_key,
       f.tenant_key
from unnest($1::bigint[], $2::bigint[]) as k (id, time_key)
join {{.Schema}}.interaction_resource_fact as f on f.interaction_resource_id = k.id
    and f.start_date_time_key = k.time_key

-- name: user_data
-- Grain: attached data of legs and mediation segments in a range of time keys. Where the key is known to be
-- unique ($3), rows without a GUID stay at home, and update_audit_key has nothing to decide; where it is
-- not, a newer row may take the GUID back.
-- $1, $2: time keys, half-open.
select interaction_resource_id,
       start_date_time_key,
       gsw_call_attempt_guid,
       case when $3::boolean then 0 else update_audit_key end as update_audit_key
from {{.Schema}}.irf_user_data_gen_1
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (gsw_call_attempt_guid <> '' or not $3::boolean)

-- name: user_data_of_leg
-- Grain: attached data of given legs, by primary key. Which rows, and whether with update_audit_key: see user_data.sql.
-- $1, $2: the legs' ids and time keys, pairwise; $3: whether the key is known to be unique.
select d.interaction_resource_id,
       d.start_date_time_key,
       d.gsw_call_attempt_guid,
       case when $3::boolean then 0 else d.update_audit_key end as update_audit_key
from unnest($1::bigint[], $2::bigint[]) as k (id, time_key)
join {{.Schema}}.irf_user_data_gen_1 as d on d.interaction_resource_id = k.id
    and d.start_date_time_key = k.time_key
    and (d.gsw_call_attempt_guid <> '' or not $3::boolean)

-- name: attempt
-- Grain: finished contact attempt in a preview dialing mode in a range of time keys (R3); where the key is not known to
-- be unique, in any mode and of any tenant, since the newest copy of a row has to be chosen first.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: preview dialing modes; $5: whether the key is known to be unique.
select contact_attempt_fact_key,
       start_date_time_key,
       dialing_mode_key,
       resource_key,
       call_attempt_id,
       start_ts,
       end_ts,
       update_audit_key,
       case when $5::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.contact_attempt_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $5::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and (not $5::boolean or dialing_mode_key = any ($4::bigint[]))

-- name: attempt_around
-- Grain: finished contact attempt in a preview dialing mode (R3) that begins before or after the hours that are read whole
-- and can matter, as leg_around.sql says of legs; for a table whose key is known to be unique.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: preview dialing modes; $5: one that begins or ends no earlier matters; $6: one
-- that begins earlier matters; $7: one bit for each remainder of a resource; $8: the divisor; $9: whether the type of resource_key
-- allows fractions.
select contact_attempt_fact_key,
       start_date_time_key,
       dialing_mode_key,
       resource_key,
       call_attempt_id,
       start_ts,
       end_ts,
       update_audit_key,
       0 as tenant_key
from {{.Schema}}.contact_attempt_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and ($3::bigint is null or tenant_key = $3::bigint)
  and dialing_mode_key = any ($4::bigint[])
  and (
      greatest(start_ts, end_ts) >= $5::bigint
      or start_ts < $6::bigint
      or end_ts is null
      or case
          when resource_key not between -9000000000000000000 and 9000000000000000000 then true
          when $9::boolean then get_bit($7::bytea, abs(floor(resource_key)::bigint % $8::bigint)::integer) = 1
          else get_bit($7::bytea, abs(resource_key::bigint % $8::bigint)::integer) = 1
      end
  )
