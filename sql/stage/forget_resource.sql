drop table _stage.gim.resource_
