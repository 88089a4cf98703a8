insert into reading_switch
values ($switch_name, $is_here)
