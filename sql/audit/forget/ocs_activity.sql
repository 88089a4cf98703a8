truncate data.ocs_activity
