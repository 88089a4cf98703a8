-- Grain: data-quality rule (R11) of the newest day that was computed.
select rule,
       occurrences
from _data.data_quality
where day = (select max(day) from _data.data_quality)
order by rule
