-- name: configured_contract
-- Grain: contract of a region as the configuration has it. Input: $contracts, as JSON.
create or replace temp table configured_contract as
select unnest(from_json($contracts, '[{"region": "VARCHAR", "contract": "VARCHAR", "aggregate": "VARCHAR", "parameter": "BIGINT",
    "committed": "BIGINT", "alert_at": ["DOUBLE"], "until": "DATE"}]'), max_depth := 2)

-- name: drop_contracts
-- Of what the store has, what the configuration no longer says, or says otherwise. Input: configured_contract.
delete from _data.contract as c
where not exists (
    from configured_contract as w
    where w.region = c.region
      and w.contract = c.contract
      and w.aggregate = c.aggregate
      and w.parameter is not distinct from c.parameter
      and w.committed is not distinct from c.committed
      and w.alert_at = c.alert_at
      and w.until is not distinct from c.until
)

-- name: insert_contracts
-- Of what the configuration says, what the store does not have. Input: configured_contract.
insert into _data.contract by name
select *
from configured_contract
anti join _data.contract using (region, contract)
