package config

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/plain"
)

// source reads where the tenant's data comes from: one GIM DB or one export folder (R1).
func (g globals) source(t *Tenant, f value) {
	own := f.get("gimdb").gimdbFields(true)
	own.fill(t) // its tenant_key
	exportDir, marker := f.get("export_dir"), f.get("export_marker")
	switch name := t.ExportMarker; {
	case name == "":
	case !exportDir.given():
		marker.complain("there is no export_dir that it could speak of", "")
	case name != filepath.Base(name) || name == "." || name == ".." || strings.ContainsRune(name, '\\'):
		marker.problem("must be the name of a file", "such as _SUCCESS in a chunk's folder, or .done for export_... .done beside a chunk")
	}
	if exportDir.given() {
		var extra []string
		for _, key := range definition("gimdb").keys() {
			if own.get(key).given() {
				extra = append(extra, "gimdb."+key)
			}
		}
		if len(extra) > 0 {
			exportDir.complain("a tenant has one source, and there is also "+strings.Join(extra, ", "), "with export_dir, gimdb may hold tenant_key alone")
			own.gimdb()
		}
		return
	}
	settings := own.over(g.gimdb, "password", "password_file")
	if password, given := g.gimdb.byKey["password"]; given && own.get("password_file").isText("") && !own.get("password").given() {
		settings.byKey["password"] = password // an empty password_file leaves it as it is
	}
	isGiven := func(key string) bool { return settings.get(key).given() }
	hint := ""
	if !slices.ContainsFunc(definition("gimdb").keys(), isGiven) {
		hint = "or give the tenant an export_dir"
	}
	for _, key := range []string{"host", "database", "user"} {
		if !isGiven(key) {
			settings.entry(key, settings.place, nil).complain("is required, here or in globals.gimdb", hint)
		}
	}
	t.GIM = settings.gimdb()
	t.GIM.RetiredAfterDays = t.RetiredAfterDays
}

// gimdbFields returns the settings given under one gimdb key, which is a tenant's or globals'. Only a tenant has a tenant_key.
func (v value) gimdbFields(ofTenant bool) value {
	v.rule = definition("tenant_gimdb")
	f := v.fields()
	if key := f.get("tenant_key"); key.given() && !ofTenant {
		key.problem("is not for all tenants", "it belongs in a tenant's gimdb")
	}
	password, file := f.get("password"), f.get("password_file")
	if password.given() && file.given() && !file.isText("") && !password.isText("") {
		file.complain(fmt.Sprintf("there is a password on line %d: give one of the two", password.line), "")
	}
	return f
}

// gimdb reads settings that are complete but for those that have no default.
func (v value) gimdb() *GIMDB {
	db := &GIMDB{Port: 5432, Schema: "public", Connections: 2, StatementTimeout: 30 * time.Minute, ReadTimeout: 5 * time.Minute, Retries: 2}
	v.fill(db)
	addr, err := netip.ParseAddr(db.Host)
	stays := isSocket(db.Host) || strings.EqualFold(db.Host, "localhost") || err == nil && addr.Unmap().IsLoopback()
	// Encryption, and a checked certificate, are asked for wherever data leaves the machine.
	db.SSLMode = cmp.Or(db.SSLMode, map[bool]string{true: "prefer", false: "verify-full"}[stays])
	password, file := v.get("password"), v.get("password_file")
	password.foresee()
	file.foresee()
	if password.given() || file.given() {
		db.Password = v.later(func(anew func(value) value) string {
			text, _ := anew(password).text()
			return anew(file).passwordIn(text)
		})
	}
	return db
}

// isSocket reports whether PostgreSQL takes host for a socket: a directory, or an abstract name.
func isSocket(host string) bool { return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") }

// passwordIn returns the password in the file given; another one where there is no file.
func (v value) passwordIn(other string) string {
	path, ok := v.text()
	if !ok || path == "" {
		return other
	}
	const longestPassword = 1 << 16 // bytes: more than PostgreSQL takes
	bytes, info, err := readUpTo(longestPassword, fmt.Sprintf("longer than %d bytes", longestPassword), v.absolute(path), plain.Open)
	if err != nil {
		v.problem("cannot be read: "+cause(err), "")
		return ""
	}
	if exposed(info) {
		v.problem(fmt.Sprintf("others can read that file (mode %s)", info.Mode()), "chmod 600")
	}
	content := string(bytes)
	password := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(content, string(byteOrderMark)), "\n"), "\r")
	switch {
	case strings.HasPrefix(content, "\xff\xfe"), strings.HasPrefix(content, "\xfe\xff"), strings.Contains(content, "\x00"):
		v.problem("must be UTF-8 text", "it is UTF-16, as Windows writes it, or no text")
	case password == "", strings.Contains(password, "\n"):
		v.problem("must hold the password on its one line", "")
	}
	v.keepSecret(password)
	return password
}

// exposed tells whether others have rights to a file that a password is in. What is no plain file is somebody's pipe.
func exposed(info fs.FileInfo) bool {
	return info != nil && info.Mode().IsRegular() && plain.Exposed(info)
}

// delivery reads the settings, which are complete but for those that have no default.
func (v value) delivery() Delivery {
	d := Delivery{Port: 22, Retries: 5, Timeout: time.Minute}
	v.fill(&d)
	if d.Host == "" && d.Folder != "" {
		d.Folder = v.get("folder").absolute(d.Folder)
	}
	return d
}

// deliver reads where a tenant's files are delivered to: nil where neither it nor globals say so, or where its folder is empty.
func (v value) deliver(global value) *Delivery {
	settings := v.over(global, "key_file", "agent")
	d := settings.delivery()
	folder := settings.get("folder")
	if len(settings.byKey) == 0 || folder.given() && d.Folder == "" {
		return nil
	}
	lacks := func(key, hint string) {
		if v := settings.get(key); !v.given() {
			v.complain("is required, here or in globals.deliver", hint)
		}
	}
	lacks("folder", "an empty one delivers nothing")
	if d.Host == "" {
		for _, key := range []string{"port", "user", "key_file", "agent", "known_hosts"} {
			if own := v.get(key); own.given() {
				own.complain("is for SFTP, and there is no host", "")
			}
		}
		return &d
	}
	lacks("user", "")
	lacks("known_hosts", "")
	keyFile, agent := settings.get("key_file"), settings.get("agent")
	if !agent.given() {
		lacks("key_file", "or agent: ${SSH_AUTH_SOCK}")
	} else if keyFile.given() {
		agent.complain(fmt.Sprintf("there is a key_file on line %d: give one of the two", keyFile.line), "")
	}
	return &d
}

func (v value) regions(fallback *time.Location) []Region {
	entries := v.named("region", true)
	distinctFiles(entries, "region")
	var m switchMap
	regions := make([]Region, len(entries))
	for i, e := range entries {
		f := e.fields()
		regions[i] = Region{Name: e.key, Zone: fallback, Locations: f.get("locations").locations(&m)}
		f.fill(&regions[i])
		f.contracts(&regions[i])
	}
	m.settle()
	return regions
}

func (v value) locations(m *switchMap) []Location {
	entries := v.named("location", true)
	locations := make([]Location, len(entries))
	for i, e := range entries {
		list := e.fields().get("switches")
		locations[i].Name = e.key
		if e.is(kindMapping) && list.is(kindList) && len(list.node.all()) == 0 {
			if was := m.byDefault; was != nil {
				e.complain(fmt.Sprintf("has no switches, as %s on line %d: a tenant has one default location", was.path, was.line), "")
			} else {
				m.byDefault = &e
			}
		}
		for _, item := range list.items() {
			if d, place, ok := item.listedSwitch(); ok {
				m.listed = append(m.listed, &listing{d, place, &locations[i]})
			}
		}
	}
	return locations
}

// listedSwitch is a name, or a name with the days from which and until when it belongs to the location; and where the name stands.
func (v value) listedSwitch() (d Dated, name value, ok bool) {
	switch {
	case !v.given():
		v.complain("must not be empty", "")
		return d, v, false
	case v.node.kind != kindMapping:
		d.Name, ok = v.text()
		return d, v, ok
	}
	f := v.fields()
	name = f.get("name")
	if !name.given() {
		v.complain("needs a name", "")
		return d, v, false
	}
	f.fill(&d)
	if !d.Until.IsZero() && d.Until.Before(d.Since) {
		f.get("until").problem("lies before since "+d.Since.String(), "")
	}
	return d, name, d.Name != ""
}

// switchMap sees to it that each switch of a tenant has one location on a day, and that there is one default location at most (R5).
type switchMap struct {
	listed    []*listing // in the order of the file
	byDefault *value
}

type listing struct {
	Dated
	place    value
	location *Location
}

// settle gives the locations their switches. One that is listed with a day since when has left, the day before, the location that
// listed it until then.
func (m *switchMap) settle() {
	all := slices.Clone(m.listed)
	slices.SortStableFunc(all, func(a, b *listing) int { return cmp.Or(cmp.Compare(a.Name, b.Name), a.Since.Compare(b.Since)) })
	for i := 1; i < len(all); i++ {
		switch was, next := all[i-1], all[i]; {
		case was.Name != next.Name:
		case was.Since == next.Since:
			next.place.problem(fmt.Sprintf("is a switch that %s on line %d lists already", was.place.path, was.place.line), "")
		case was.Until.IsZero():
			was.Until = next.Since.AddDays(-1)
		case !was.Until.Before(next.Since):
			next.place.problem(fmt.Sprintf("is a switch that %s on line %d lists until %s", was.place.path, was.place.line, was.Until), "")
		}
	}
	for _, l := range m.listed {
		if l.Since.IsZero() && l.Until.IsZero() {
			l.location.Switches = append(l.location.Switches, l.Name)
		} else {
			l.location.Dated = append(l.location.Dated, l.Dated)
		}
	}
}
