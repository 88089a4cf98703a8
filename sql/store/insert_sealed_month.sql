insert into _data.sealed_month
values ($month, $file, $key, $sha256, $bytes, $sealed_ts)
