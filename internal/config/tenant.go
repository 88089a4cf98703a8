package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seats/internal/plain"
)

func (l *loader) tenants(v, dir value, g globals) []Tenant {
	before := len(l.problems)
	inFolder := l.tenantFiles(dir)
	entries := append(v.named("tenant", len(inFolder) == 0 && len(l.problems) == before), inFolder...)
	distinctFiles(entries, "tenant")
	tenants := make([]Tenant, len(entries))
	for i, e := range entries {
		tenants[i] = e.value.loader.tenant(e, g)
	}
	return tenants
}

// tenantFiles are the tenants of a folder: each file of one holds what would stand under its name in tenants. They come in
// the order of their names.
func (l *loader) tenantFiles(v value) (entries []keyed) {
	text, ok := v.text()
	if !ok {
		return nil
	}
	files, err := os.ReadDir(l.absolute(text))
	if err != nil {
		v.problem("cannot be read: "+cause(err), "")
		return nil
	}
	for _, f := range files {
		ending := filepath.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ending)
		if strings.HasPrefix(f.Name(), ".") || !slices.Contains([]string{".yaml", ".yml", ".json"}, ending) {
			continue
		}
		of := &loader{file: filepath.Join(filepath.Dir(l.file), text, f.Name()), env: l.env, findings: l.findings}
		if filepath.IsAbs(text) {
			of.file = filepath.Join(text, f.Name())
		}
		if !namePattern.MatchString(name) {
			of.report(Problem{Msg: "is no name for a tenant", Hint: "1 to 63 of A-Z a-z 0-9 _ -, the first a letter or a digit, before " + ending})
			continue
		}
		if err := plain.Check(of.file); err != nil {
			of.report(Problem{Msg: "cannot be read: " + cause(err)})
			continue
		}
		if root, ok := of.read("tenant", "regions"); ok {
			entries = append(entries, keyed{key: name, value: root})
		}
	}
	return entries
}

func (l *loader) tenant(e keyed, g globals) Tenant {
	f := e.value.fields()
	t := g.defaults
	t.Name = e.key
	f.fill(&t)
	t.Disabled = !f.get("enabled").flag(true)
	t.Regions = l.regions(f.get("regions"), t.Zone)
	if t.EndedBefore(t.ProductionDate) {
		f.get("until").problem("lies before production_date "+t.ProductionDate.String(), "")
	}
	for i := range t.Regions {
		t.Regions[i].endWith(t.Term)
	}
	l.source(&t, f, g)
	t.Deliver = l.deliver(f.get("deliver").fields(), g.deliver)
	return t
}

// exportMarker is the name of a file, and no path to one.
func (f fields) exportMarker(isExport bool) string {
	marker := f.get("export_marker")
	name, ok := marker.text()
	switch {
	case !ok:
		return ""
	case !isExport:
		marker.complain("there is no export_dir that it could speak of", "")
	case name != filepath.Base(name) || name == "." || name == ".." || strings.ContainsRune(name, '\\'):
		marker.problem("must be the name of a file", "such as _SUCCESS in a chunk's folder, or .done for export_... .done beside a chunk")
	}
	return name
}

// source reads where the tenant's data comes from: one GIM DB or one export
// folder (R1).
func (l *loader) source(t *Tenant, f fields, g globals) {
	own := l.gimdbFields(f.get("gimdb"), true)
	own.fill(t) // its tenant_key
	settings := overGlobals(own, g.gimdb)
	exportDir, retired := f.get("export_dir"), f.retiredAfterDays(g.retired)
	t.ExportMarker = f.exportMarker(exportDir.given())
	if !exportDir.given() {
		l.requireSource(settings)
		db := l.gimdb(settings)
		db.RetiredAfterDays = retired
		t.GIM = &db
		return
	}
	var extra []string
	for _, key := range definition("gimdb").keys() {
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
	if slices.ContainsFunc(definition("gimdb").keys(), func(key string) bool { return settings.get(key).given() }) {
		return ""
	}
	return "or give the tenant an export_dir"
}
