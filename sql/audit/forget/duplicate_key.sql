truncate data.duplicate_key
