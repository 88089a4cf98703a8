-- In a scratch store, the hash of a slice gives way to that of its pseudonymized rows, or to a keyed one. Inputs: $day, $sha256.
update _data.slice
set sha256 = $sha256
where day = $day::date
