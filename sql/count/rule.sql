-- name: rule
-- What the rules need besides the slices, for the length of one computation, stands in tables like this one: the
-- configuration's part as rows, so that no statement is put together from values.
-- Grain: day that is counted, all days at once. as_of and state are its slice's (R10); the hashes say what it is counted from.
-- Input: $rules, a list of days as JSON.
create or replace temp table rule as
select unnest(day)
from (
    select unnest(from_json_strict($rules, '[{
        "day": "DATE",
        "as_of": "BIGINT",
        "end_second_counts": "BOOLEAN",
        "exclude": ["VARCHAR"],
        "regions": [{
            "region": "VARCHAR",
            "span": {"Start": "BIGINT", "End": "BIGINT"},
            "locations": [{"location": "VARCHAR", "switches": ["VARCHAR"]}]
        }],
        "state": "VARCHAR",
        "slice_sha256": "VARCHAR",
        "rules_sha256": "VARCHAR",
        "rules": "VARCHAR"
    }]')) as day
)

-- name: rule_region_day
-- Grain: region of the tenant and day, with the region's day (R7); the span is empty where the zone skipped the date.
-- Input: rule.
create or replace temp table rule_region_day as
select day,
       region.region,
       region.span.Start as start_ts,
       region.span.End as end_ts
from (select day, unnest(regions) as region from rule)

-- name: rule_location
-- Grain: location of the tenant and day (R5). At most one of a day is the default.
-- Input: rule.
create or replace temp table rule_location as
select day,
       region,
       location.location,
       len(coalesce(location.switches, [])) = 0 as is_default
from (
    select day,
           region.region,
           unnest(region.locations) as location
    from (select day, unnest(regions) as region from rule)
)

-- name: rule_switch
-- Grain: switch that a location lists on a day (R5).
-- Input: rule.
create or replace temp table rule_switch as
select day,
       region,
       location.location,
       unnest(location.switches) as switch_name
from (
    select day,
           region.region,
           unnest(region.locations) as location
    from (select day, unnest(regions) as region from rule)
)

-- name: rule_exclude
-- Grain: pattern of exclude_agents and day (R6).
-- Input: rule.
create or replace temp table rule_exclude as
select day,
       unnest(exclude) as pattern
from rule

-- name: keep_rules
-- The counting rules are kept by their hash, once. Output: _data.counting_rules. Inputs: $rules_sha256, $rules.
insert or ignore into _data.counting_rules
values ($rules_sha256, $rules)

-- name: keep_rules_of_days
-- Likewise those of the days that are counted. Output: _data.counting_rules. Input: rule.
insert or ignore into _data.counting_rules
select distinct rules_sha256,
                rules
from rule
