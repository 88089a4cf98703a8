truncate data.enabled_daily
