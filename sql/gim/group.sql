-- Grain: row of the dimension of groups: those of agents, places and queues alike.
select group_key,
       group_name
from {{.Schema}}.group_
