-- Grain: primary key that the stage holds more than once. In one chunk that is a fault of the source (R11
-- duplicate_key); in several it is how an export brings corrections. Where the source itself keeps the key
-- unique ($unique) there is nothing to look for.
create or replace table _stage.gim.repeated_{{.Name}} as
with repeated as (
    select {{list .Key}},
           count(*) as copies
    from _stage.gim.{{.Name}}
    where not $unique
    group by {{list .Key}}
    having count(*) > 1
)
select {{list (of "r" .Key)}},
       any_value(r.copies) as copies,
       any_value(r.copies) > count(distinct f.chunk) as is_fault
from repeated as r
join _stage.gim.{{.Name}} as f using ({{list .Key}})
group by {{list (of "r" .Key)}}
