-- Grain: day computed: from what, by which rules and which statements, so that it can be told when stale.
insert into _data.computation
values ($day::date, $slice_sha256, $rules_sha256, $sql_sha256, $rules, $state, $computed_ts, $as_of)
