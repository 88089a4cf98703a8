delete from _data.sealed_month
where month = $month
