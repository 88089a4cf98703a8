select tenant, region, day
from {{ ref('daily_peak') }}
group by all
having count(*) > 1
