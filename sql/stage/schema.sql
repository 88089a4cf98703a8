-- Where a source's rows wait, as read, until the slices are cut from them. In an attached database in memory, not in
-- temporary tables, because several readers fill them over connections of their own.
create schema _stage.gim
