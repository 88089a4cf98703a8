-- name: leg
-- Grain: leg that begins in a range of time keys, and of these, by $8,
--   id: of any resource, whose id is among those asked for: the join with the attached data is made outside the GIM DB, which is
--     somebody's production;
--   around: that can matter before or after the hours that are read whole: of a resource whose session reaches there; or it reaches
--     into those hours by its end, or by a start that its time key does not tell, or has no end to tell by;
--   resource: of one of some resources, that reaches into a span of time, OCS-driven or not: those that tell the switch of a login whose
--     own activities know none (R5).
-- So are, as a few are, those with the same remainder as an id or a resource. Where the key is not known to be unique, the last two say
-- only of which legs the copies matter, which leg_copies.sql brings, and the tenant is looked at once the newest copy of a row is chosen.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: whether the key is known to be unique; $5: whether the type of ids, or of
-- resource_key, allows fractions, which must not round one to another: one too large to be read is sent, to be told of; $6: one bit for
-- each remainder; $7: the divisor; $9: one that begins or ends no earlier reaches there; $10: one that begins earlier does.
select interaction_resource_id,
       start_date_time_key,
       resource_key,
       media_resource_key,
       start_ts,
       end_ts,
       active_flag,
       update_audit_key,
       case when $4::boolean then 0 else tenant_key end as tenant_key
from {{.Schema}}.interaction_resource_fact
where start_date_time_key >= $1::bigint
  and start_date_time_key < $2::bigint
  and (not $4::boolean or $3::bigint is null or tenant_key = $3::bigint)
  and case
      when $8::text = 'id' then case
          when interaction_resource_id > 9000000000000000000 then true
          when $5::boolean then get_bit($6::bytea, abs(floor(interaction_resource_id)::bigint % $7::bigint)::integer) = 1
          else get_bit($6::bytea, abs(interaction_resource_id::bigint % $7::bigint)::integer) = 1
      end
      -- Around, it matters if it reaches there or is of a resource; else, if it does both.
      when ($8::text = 'around') = coalesce(greatest(start_ts, end_ts) >= $9::bigint or start_ts < $10::bigint or end_ts is null or active_flag <> 0, false)
          then $8::text = 'around'
      when resource_key not between -9000000000000000000 and 9000000000000000000 then true
      when $5::boolean then get_bit($6::bytea, abs(floor(resource_key)::bigint % $7::bigint)::integer) = 1
      else get_bit($6::bytea, abs(resource_key::bigint % $7::bigint)::integer) = 1
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
-- Grain: finished contact attempt in a preview dialing mode in a range of time keys (R3); where the key is not known to be unique, in any
-- mode and of any tenant, since the newest copy of a row has to be chosen first. Else, before or after the hours that are read whole, one
-- that can matter, as leg.sql says of legs.
-- $1, $2: time keys, half-open; $3: tenant_key or null; $4: preview dialing modes; $5: whether the key is known to be unique; $6: one bit for
-- each remainder of a resource, or null: all matter; $7: the divisor; $8: whether the type of resource_key allows fractions; $9: one that
-- begins or ends no earlier matters; $10: one that begins earlier does.
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
  and (
      not $5::boolean
      or (
          ($3::bigint is null or tenant_key = $3::bigint)
          and dialing_mode_key = any ($4::bigint[])
          and case
              when $6::bytea is null or greatest(start_ts, end_ts) >= $9::bigint or start_ts < $10::bigint or end_ts is null then true
              when resource_key not between -9000000000000000000 and 9000000000000000000 then true
              when $8::boolean then get_bit($6::bytea, abs(floor(resource_key)::bigint % $7::bigint)::integer) = 1
              else get_bit($6::bytea, abs(resource_key::bigint % $7::bigint)::integer) = 1
          end
      )
  )
