-- Of a repeated resource only the newest row stays. Resources have no update_audit_key: the order of arrival decides.
-- Inputs: _stage.gim.resource_, repeated_resource_.
delete from _stage.gim.resource_
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (partition by f.resource_key order by f.chunk desc, f.rowid desc) as age
        from _stage.gim.resource_ as f
        semi join _stage.gim.repeated_resource_ as r using (resource_key)
    )
    where age > 1
)
