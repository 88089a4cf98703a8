-- Grain: region whose monthly number in the published store is not what the slices give under the same rules and
-- statements: published, computed again. Input: $month.
select p.region,
       p.agents,
       m.agents
from published._data.monthly_enabled as p
join _data.monthly_enabled as m on m.month = p.month
    and m.region = p.region
    and m.rules_sha256 = p.rules_sha256
    and m.sql_sha256 = p.sql_sha256
    and m.slices_sha256 = p.slices_sha256
where p.month = $month
  and p.agents <> m.agents
order by p.region
