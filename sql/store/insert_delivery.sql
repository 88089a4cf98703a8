insert into _data.delivery
values ($file, $sha256, $sent_as, $sent_sha256, $target, $delivered_ts)
