insert into rule
values ($as_of, $end_second_counts)
