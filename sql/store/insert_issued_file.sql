insert into _data.issued_file
values ($region, $measure, $period, $revision, $value, $state, $file, $sha256, $manifest_sha256,
        nullif($supersedes, ''), nullif($reason, ''), $peak_ts, nullif($peak_seconds, 0), $issued_ts, (select sha256 from _data.counting_rules where sha256 = $rules_sha256))
