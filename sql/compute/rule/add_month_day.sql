insert into rule_month_day
select $region,
       unnest($days)::date
