package config

import (
	_ "embed"
	"strings"
)

//go:embed schema.json
var schema string

const (
	schemaOfConfiguration = `"$ref": "#/definitions/configuration"`
	schemaOfTenant        = `"$ref": "#/definitions/tenant"`
)

// Schema is the JSON Schema (draft 7, which editors know) of a configuration. It says of keys and values what can be said of
// each by itself: what Load takes fits it; what is wrong between two keys, or is found out by looking, it does not see.
func Schema() string { return schema }

// TenantSchema is that of a file of tenants_dir.
func TenantSchema() string {
	return strings.Replace(schema, schemaOfConfiguration, schemaOfTenant, 1)
}
