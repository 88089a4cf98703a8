-- The counting rules are kept by their hash, once. Output: _data.counting_rules. Inputs: $rules_sha256, $rules.
insert or ignore into _data.counting_rules
values ($rules_sha256, $rules)
