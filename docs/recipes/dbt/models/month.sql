-- Grain: tenant x region x month: the highest daily peak, the day of it, the mean of the days, and the enabled agents.
select d.tenant,
       d.region,
       strftime(d.day, '%Y-%m') as month,
       max(d.agents) as peak,
       arg_max(d.day, d.agents) as peak_day,
       round(avg(d.agents), 1) as mean_peak,
       count(*) as days,
       any_value(e.agents) as enabled
from {{ ref('daily_peak') }} as d
left join {{ source('acme', 'monthly_enabled') }} as e
  on e.region = d.region
 and e.month = strftime(d.day, '%Y-%m')
group by all
