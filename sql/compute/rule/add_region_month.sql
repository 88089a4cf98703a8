insert into rule_region_month
values ($region, $state, $slices_sha256)
