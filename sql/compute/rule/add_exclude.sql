insert into rule_exclude
values ($pattern)
