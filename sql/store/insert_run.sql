insert into _data.run
values ($run_id, $command, $started_ts, $ended_ts, $os_user, $program, $duckdb, $rules_sha256, $exit_code, $message,
        from_json($days, '["VARCHAR"]'), from_json($files, '["VARCHAR"]'), from_json($slices, '["VARCHAR"]'),
        $previous_sha256, $sha256)
