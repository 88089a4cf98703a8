-- Days of which another number is issued than is counted: `seats report` of the day says why.
select *
from {{ ref('daily_peak') }}
where state = 'final'
  and issued is distinct from agents
