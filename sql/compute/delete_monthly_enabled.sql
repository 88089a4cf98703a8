delete from data.monthly_enabled
where month = $month
