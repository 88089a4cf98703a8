-- Rows of other tenants go, once of every row only the newest copy is left.
delete from _stage.gim.{{.Name}}
where tenant_key is distinct from $tenant_key::bigint
