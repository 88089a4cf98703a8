insert into reading_switch
select unnest($switch_names::varchar[]),
       $is_here
