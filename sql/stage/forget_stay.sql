drop table stay
