insert into rule_switch
values ($switch_name, $region, $location)
