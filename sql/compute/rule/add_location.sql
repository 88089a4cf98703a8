insert into rule_location
values ($region, $location, $is_default)
