drop table slice_session
