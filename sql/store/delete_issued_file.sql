delete from _data.issued_file
where region = $region
  and measure = $measure
  and period = $period
  and revision = $revision
