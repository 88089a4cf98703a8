-- Of a repeated primary key only the newest copy stays: by update_audit_key, where rows have one, then by order of arrival.
-- Inputs: the table and its repeated keys.
delete from _stage.gim.{{.Name}}
where rowid in (
    select arrival
    from (
        select f.rowid as arrival,
               row_number() over (
                   partition by {{list (of "f" .Key)}}
                   order by {{if .Has "update_audit_key"}}f.update_audit_key desc nulls last, {{end}}f.chunk desc, f.rowid desc
               ) as age
        from _stage.gim.{{.Name}} as f
        semi join _stage.gim.repeated_{{.Name}} as r using ({{list .Key}})
    )
    where age > 1
)
