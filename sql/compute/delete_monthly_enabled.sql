delete from _data.monthly_enabled
where month = $month
