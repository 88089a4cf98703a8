package config

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

func (l *loader) tenants(v value, g globals) []Tenant {
	entries := v.named("tenant")
	if len(entries) == 0 && v.is(kindMapping) {
		v.complain("needs at least one tenant", "")
	}
	distinctFiles(entries, "tenant")
	tenants := make([]Tenant, len(entries))
	for i, e := range entries {
		tenants[i] = l.tenant(e, g)
	}
	return tenants
}

func (l *loader) tenant(e keyed, g globals) Tenant {
	f := e.value.fields(tenantKeys...)
	t := g.defaults
	t.Name = e.key
	t.Zone = f.get("timezone").zone(t.Zone)
	if timeout, ok := f.get("run_timeout").timeout(); ok {
		t.RunTimeout = timeout
	}
	t.ExcludeAgents, _ = f.get("exclude_agents").texts()
	t.Regions = l.regions(f.get("regions"), t.Zone)
	if day, ok := f.get("production_date").date(); ok {
		t.ProductionDate = day
	}
	t.Term = f.term()
	if t.EndedBefore(t.ProductionDate) {
		f.get("until").problem("lies before production_date "+t.ProductionDate.String(), "")
	}
	l.source(&t, f, g.gimdb)
	return t
}

// source reads where the tenant's data comes from: one GIM DB or one export
// folder (R1).
func (l *loader) source(t *Tenant, f, global fields) {
	own := l.gimdbFields(f.get("gimdb"), true)
	if n, ok := own.get("tenant_key").integer(math.MinInt64, math.MaxInt64); ok {
		t.TenantKey = &n
	}
	settings := overGlobals(own, global)
	exportDir := f.get("export_dir")
	if !exportDir.given() {
		l.requireSource(settings)
		db := l.gimdb(settings)
		t.GIM = &db
		return
	}
	if path, ok := exportDir.filledText(); ok {
		t.ExportDir = l.absolute(path)
	}
	var extra []string
	for _, key := range gimdbKeys {
		if own.get(key).given() {
			extra = append(extra, "gimdb."+key)
		}
	}
	if len(extra) > 0 {
		exportDir.complain(fmt.Sprintf("a tenant has one source, and there is also %s", strings.Join(extra, ", ")), "with export_dir, gimdb may hold tenant_key alone")
		l.gimdb(own)
	}
}

// requireSource reports which settings a tenant that reads a GIM DB lacks.
func (l *loader) requireSource(settings fields) {
	for _, key := range []string{"host", "database", "user"} {
		if v := settings.get(key); !v.given() {
			settings.of.entry(key, settings.of.at, nil).complain("is required, here or in globals.gimdb", sourceHint(settings))
		}
	}
}

// sourceHint reminds a tenant without any setting of the other kind of source.
func sourceHint(settings fields) string {
	if slices.ContainsFunc(gimdbKeys, func(key string) bool { return settings.get(key).given() }) {
		return ""
	}
	return "or give the tenant an export_dir"
}
