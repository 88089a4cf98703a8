package main

import (
	"io"

	"seats/internal/config"
)

type configCmd struct {
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of a configuration: editors that have it know the keys."`
}

// Help is that of its one command.
func (c *configCmd) Help() string { return c.Schema.Help() }

type configSchemaCmd struct {
	Tenant bool `help:"Of a file of tenants_dir instead."`
}

// Help gives examples.
func (*configSchemaCmd) Help() string {
	return `Examples:
  seats config schema > seats.schema.json
  seats config schema --tenant > tenant.schema.json`
}

// Run needs no configuration.
func (c *configSchemaCmd) Run(w *world) error {
	schema := config.Schema()
	if c.Tenant {
		schema = config.TenantSchema()
	}
	_, err := io.WriteString(w.stdout, schema)
	return err
}
