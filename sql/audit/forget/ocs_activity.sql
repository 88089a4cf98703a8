truncate _data.ocs_activity
