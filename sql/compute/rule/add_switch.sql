insert into rule_switch
select unnest($switch_names::varchar[]),
       $region,
       $location
