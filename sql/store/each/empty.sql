-- All rows of a scratch store go.
truncate _data.{{.Name}}
