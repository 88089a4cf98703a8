-- A table of the stage, empty. `chunk` orders the folders of an export; a GIM DB is one chunk, 0.
create or replace table _stage.gim.{{.Name}} (
    chunk integer not null
{{- range .Columns}},
    {{.Name}} {{.Type}}{{if $.IsKey .Name}} not null{{end}}
{{- end}}
)
