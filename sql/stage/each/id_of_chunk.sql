-- Grain: row of one chunk ($chunk): the id in its primary key.
select {{index .Key 0}}
from _stage.gim.{{.Name}}
where chunk = $chunk::integer
