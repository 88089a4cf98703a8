-- One row: whether any day was counted by the given rules. Input: _data.computation; $rules_sha256.
select exists (
    from _data.computation
    where rules_sha256 = $rules_sha256
)
