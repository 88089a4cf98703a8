-- Grain: switch that a DN or queue of the source has. Input: _stage.gim.known_switch.
select distinct switch_name
from _stage.gim.known_switch
order by switch_name
