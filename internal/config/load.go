package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones on machines that have no zone files

	"github.com/agnivade/levenshtein"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

// loader holds what reading one file needs, and what all files of a configuration have in common.
type loader struct {
	file string      // as given
	dir  string      // absolute: what relative paths in the file are relative to
	info os.FileInfo // the file's own; nil where there is none on disk
	env  func(string) (string, bool)
	only []string // tenants whose files are read; none: all
	*findings
}

// findings of all files of a configuration.
type findings struct {
	problems Errors
	secrets  []string
	unread   []Secret
}

// later is a secret that is read when it is used; anew gives each value that it is read from a place for what is wrong then.
func (f *findings) later(read func(anew func(value) value) string) Secret {
	s := Secret{sync.OnceValues(func() (string, *findings) {
		found := &findings{}
		text := read(func(v value) value {
			own := *v.loader
			own.findings, v.loader = found, &own
			return v
		})
		found.problems = found.problems.tidy(append(found.secrets, f.secrets...))
		return text, found
	})}
	f.unread = append(f.unread, s)
	return s
}

// Load reads the configuration at path. Text may name environment variables, which env looks up (os.LookupEnv). The only error is Errors.
//
// Nothing but the file itself and those of its tenants_dir is read: whether a folder, a certificate or a database is there is found
// out by who uses it, and so is what a Secret comes from. Where there are problems, it is looked up all the same, not to be quoted.
//
// Of tenants_dir only the files of the tenants that only names are read, if it names any: one costs the same however many others there are,
// and what is wrong with theirs is no matter to it.
func Load(path string, env func(string) (string, bool), only ...string) (*Config, error) {
	l := &loader{file: path, env: env, only: only, findings: &findings{}}
	return l.config(l.read("configuration", "at least one tenant"))
}

// Parse reads a configuration that is to stand at path.
func Parse(path string, content []byte, env func(string) (string, bool)) (*Config, error) {
	l := &loader{file: path, env: env, findings: &findings{}}
	return l.config(l.parse("configuration", "at least one tenant", content))
}

// read gives the file's root, unless it reported why not. rule is its definition in the schema, needs what it cannot be without.
func (l *loader) read(rule, needs string) value {
	const maxBytes = 64 << 20 // far beyond any configuration: a million switches take 13 MB
	content, info, err := readUpTo(maxBytes, fmt.Sprintf("it is larger than %d MB", maxBytes>>20), l.file, os.Open)
	l.info = info
	if err != nil {
		l.report(place{}, Problem{Msg: "cannot be read: " + cause(err)})
		return value{}
	}
	return l.parse(rule, needs, content)
}

func (l *loader) parse(rule, needs string, content []byte) value {
	absolute, err := filepath.Abs(l.file)
	if err != nil {
		l.report(place{}, Problem{Msg: "has no absolute path: " + cause(err)})
		return value{}
	}
	l.dir = filepath.Dir(absolute)
	return value{loader: l, place: place{1, 1}, node: l.tree(content, "is empty: it needs "+needs), rule: definition(rule)}
}

// readUpTo reads a file, unless it is too large.
func readUpTo(limit int64, tooLong, path string, open func(string) (*os.File, error)) ([]byte, os.FileInfo, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = errors.New(tooLong)
	}
	return content, info, err
}

func (l *loader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(l.dir, path)
}

func (l *loader) report(at place, p Problem) {
	p.File, p.Line, p.Column = l.file, at.line, at.column
	l.problems = append(l.problems, p)
}

func (l *loader) keepSecret(texts ...string) { l.secrets = append(l.secrets, texts...) }

// cause returns why a file operation failed, without the path, which the problem names already.
func cause(err error) string {
	if pathError, is := errors.AsType[*os.PathError](err); is {
		return pathError.Err.Error()
	}
	return err.Error()
}

// config makes the configuration of a file's root, where there is one.
func (l *loader) config(root value) (*Config, error) {
	cfg := &Config{Path: l.file}
	if root.node != nil {
		f := root.fields()
		g := globals{value: f.get("globals").fields()}
		g.defaults = Tenant{
			DataDir: l.absolute("var"), OutputDir: l.absolute("out"), Zone: time.UTC, MaxSessionHours: 48, SettleHours: 1, RetiredAfterDays: 7,
			Readiness: ReadinessRequire, SessionEnd: SessionEndExclusive, Engine: Engine{MemoryLimit: 2e9},
		}
		g.fill(&g.defaults)
		g.get("engine").fields().fill(&g.defaults.Engine)
		g.gimdb = g.get("gimdb").gimdbFields(false)
		g.gimdb.gimdb() // what is wrong here is wrong even where no tenant inherits it
		g.deliver = g.get("deliver").fields()
		g.deliver.delivery()
		files := f.get("report").fields()
		g.defaults.Measures = files.get("measures").texts("")
		g.defaults.FileName = files.get("file_name").fileName()
		rows, _ := files.get("breakdown").text()
		g.defaults.ByGroup = rows == string(ByAgentGroup)
		cfg.Tenants, cfg.Names = g.tenants(f.get("tenants"), f.get("tenants_dir"))
		cfg.Columns = files.get("columns").columns()
		isUnit := func(c Column) bool { return c.Field == "BusinessUnitName" }
		if g.defaults.ByGroup && !slices.ContainsFunc(cfg.Columns, isUnit) {
			files.get("breakdown").complain("needs a column of the field BusinessUnitName in report.columns, which tells the rows apart", "")
		}
		if name := files.get("file_name"); name.given() || files.get("measures").given() {
			name.tellApart(cfg.Tenants)
		}
		cfg.Notify = g.get("notify").fields().get("command").program()
		g.fill(cfg) // the key is not read: only who signs needs it
		if password := g.get("sign_key_password"); password.given() && !g.get("sign_key").given() {
			password.complain("is for a sign_key, and there is none", "")
		}
	}
	if len(l.problems) > 0 {
		for _, s := range l.unread {
			_, found := s.look()
			l.keepSecret(found.secrets...)
		}
		return nil, l.problems.tidy(l.secrets)
	}
	return cfg, nil
}

type globals struct {
	value
	defaults       Tenant // what a tenant has that says nothing itself
	gimdb, deliver value  // unread: a tenant may override each
}

func (g globals) tenants(v, dir value) ([]Tenant, map[string]bool) {
	before, names := len(g.problems), map[string]bool{}
	inFolder := dir.tenantFiles(names)
	entries := append(v.named("tenant", len(names) == 0 && len(g.problems) == before), inFolder...)
	distinctFiles(entries, "tenant")
	tenants := make([]Tenant, len(entries))
	for i, e := range entries {
		names[e.key] = true
		tenants[i] = g.tenant(e.key, e.fields())
	}
	return tenants, names
}

// tenantFiles are the tenants of a folder: each file of one holds what would stand under its name in tenants. They come in the
// order of their names. The names are those of all files.
func (v value) tenantFiles(names map[string]bool) (entries []value) {
	text, ok := v.text()
	if !ok {
		return nil
	}
	dir := text // as the file's own path is given
	if !filepath.IsAbs(text) {
		dir = filepath.Join(filepath.Dir(v.file), text)
	}
	files, err := os.ReadDir(v.absolute(text))
	if err != nil {
		v.problem("cannot be read: "+cause(err), "")
	}
	for _, f := range files {
		ending := filepath.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ending)
		if strings.HasPrefix(f.Name(), ".") || !slices.Contains([]string{".yaml", ".yml", ".json"}, ending) {
			continue
		}
		names[name] = true
		isName := func(wanted string) bool { return strings.EqualFold(name, wanted) } // in capital letters it would be the same store
		if len(v.only) > 0 && !slices.ContainsFunc(v.only, isName) {
			continue
		}
		of := &loader{file: filepath.Join(dir, f.Name()), env: v.env, findings: v.findings}
		if !namePattern.MatchString(name) {
			of.report(place{}, Problem{Msg: "is no name for a tenant", Hint: nameHint + ", before " + ending})
		} else if err := plain.Check(of.file); err != nil {
			of.report(place{}, Problem{Msg: "cannot be read: " + cause(err)})
		} else if root := of.read("tenant", "regions"); root.node != nil {
			root.key = name
			entries = append(entries, root)
		}
	}
	return entries
}

func (g globals) tenant(name string, f value) Tenant {
	t := g.defaults
	t.Name = name
	f.fill(&t)
	t.Regions = f.get("regions").regions(t.Zone)
	if t.EndedBefore(t.ProductionDate) {
		f.get("until").problem("lies before production_date "+t.ProductionDate.String(), "")
	}
	for i := range t.Regions {
		if r := &t.Regions[i]; r.Until.IsZero() || t.EndedBefore(r.Until) {
			r.Until = t.Until // a region ends with its tenant
		}
	}
	if t.FileName.Has("account") && t.Account == "" {
		f.get("account").complain("is required: report.file_name names it", "the customer's number at the vendor, in quotes")
	}
	if t.ByGroup && !t.ReadsGroups() {
		f.get("breakdown").complain("must list agent_group, here or in globals: report.breakdown wants rows by it, and no groups are read otherwise", "")
	}
	if t.OutputGroup != "" && t.OutputMode == 0 {
		f.get("output_group").complain("is for an output_mode such as 0640, and there is none", "")
	}
	g.source(&t, f)
	t.Deliver = f.get("deliver").fields().deliver(g.deliver)
	return t
}

const nameHint = "1 to 63 of A-Z a-z 0-9 _ -, the first a letter or a digit"

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// named returns the entries of a mapping whose keys the user chooses: tenants, regions, locations. Where they stand nowhere else, there must be one.
func (v value) named(what string, needed bool) []value {
	entries := v.mapping()
	if needed && len(entries) == 0 && v.is(kindMapping) {
		v.complain("needs at least one "+what, "")
	}
	for _, e := range entries {
		if !namePattern.MatchString(e.key) {
			e.wrong(strconv.Quote(e.key), "is no name for a "+what, nameHint)
		}
	}
	return entries
}

// distinctFiles reports names that are one file name on a file system that does not tell capital letters from small ones.
func distinctFiles(entries []value, what string) {
	first := map[string]value{}
	for _, e := range entries {
		folded := strings.ToLower(e.key)
		other, seen := first[folded]
		if !seen {
			first[folded] = e
			continue
		}
		where := fmt.Sprintf("on line %d", other.line)
		if other.file != e.file {
			where = "in " + other.file
		}
		if other.key == e.key { // one in the file, one in the folder
			e.complain(fmt.Sprintf("is a %s that there is already, %s", what, where), "")
		} else {
			e.complain(fmt.Sprintf("differs only in capital letters from the %s %s %s", what, other.key, where), "")
		}
	}
}

// Column is one column of the data file: a field under its name or another, or the same constant in every row.
type Column struct {
	Name     string
	Field    string // one of Fields; empty for a constant
	Value    string // of a constant
	Constant bool
}

// Fields are the fields of a measurement that a data file may show, those of the default data file first and in its order.
func Fields() []string { return definition("column").under("field").words() }

// DefaultColumns returns the columns of a data file for which report.columns says nothing: every field that a column can be by its
// name alone, under that name.
func DefaultColumns() (columns []Column) {
	for _, name := range definition("column").words() {
		columns = append(columns, Column{Name: name, Field: name})
	}
	return columns
}

func (v value) columns() (columns []Column) {
	items := v.items()
	if len(items) == 0 {
		return DefaultColumns()
	}
	lines := map[string]int{}
	for _, item := range items {
		column, ok := item.column()
		columns = append(columns, column)
		if line, seen := lines[column.Name]; ok && seen {
			item.complain(fmt.Sprintf("has the name of the column on line %d", line), "")
		}
		if ok {
			lines[column.Name] = item.line
		}
	}
	const countField = "MessageSize" // the number that the data file is there for
	if !slices.ContainsFunc(columns, func(c Column) bool { return c.Field == countField }) {
		v.complain("must show the field "+countField+": a data file without the count is none", "")
	}
	return columns
}

// column reads NAME, {name: N, field: NAME} or {name: N, value: constant}.
func (v value) column() (c Column, ok bool) {
	switch {
	case v.given() && v.node.kind == kindText:
		c.Field, ok = v.fieldName()
		c.Name = c.Field
		return c, ok
	case !v.given() || v.node.kind != kindMapping:
		v.problem("must be a field, {name, field} or {name, value}", "")
		return c, false
	}
	f := v.fields()
	name, field, constant := f.get("name"), f.get("field"), f.get("value")
	c.Name, ok = name.text()
	if !name.given() {
		v.complain("needs a name", "")
	}
	var isRead bool
	if c.Constant = constant.given(); field.given() == c.Constant {
		v.complain("needs either field or value", "")
	} else if c.Constant {
		c.Value, isRead = constant.scalar()
	} else {
		c.Field, isRead = field.fieldName()
	}
	return c, ok && isRead
}

func (v value) fieldName() (string, bool) {
	name, ok := v.anyText()
	switch {
	case !ok:
	case name == "":
		v.problem("must not be empty", "")
	case !slices.Contains(Fields(), name):
		v.problem("is no field of the data file", cmp.Or(suggest(name, Fields()), "one of "+strings.Join(Fields(), ", ")))
	default:
		return name, true
	}
	return "", false
}

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	File   string // as given to Load
	Line   int    // from 1; 0 when it is about the file as a whole
	Column int    // from 1; 0 likewise
	Key    string // as globals.gimdb.port, or tenants.acme.exclude_agents[0]
	Value  string // what was given: text in quotes, numbers as written; never a password
	Msg    string // what is wrong
	Hint   string // what may mend it, or empty
}

func (p Problem) String() string {
	line := p.File
	if p.Line > 0 {
		line += ":" + strconv.Itoa(p.Line)
	}
	if p.Key != "" {
		line += ": " + p.Key
	}
	line += ": " + p.Msg
	if p.Value != "" {
		line += ", got " + p.Value
	}
	if p.Hint != "" {
		line += " (" + p.Hint + ")"
	}
	return line
}

// Errors are all problems of a configuration, in the order of the file. It is the only error that Load returns.
type Errors []Problem

func (e Errors) ExitCode() int { return int(fail.BadConfig) }

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// tidy puts the problems in order and drops repetitions: what is wrong in globals is found again for every tenant that inherits it. It takes the
// values out that show a secret, which can end up as that of another key, through an alias or a slip of the hand; and then shortens long ones.
func (e Errors) tidy(secrets []string) Errors {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Key, b.Key),
			cmp.Compare(a.Msg, b.Msg))
	})
	e = slices.Compact(e)
	const longestShown = 80
	for i := range e {
		value := &e[i].Value
		for _, secret := range secrets {
			quoted := strconv.Quote(secret)
			if secret != "" && (strings.Contains(*value, secret) || strings.Contains(*value, quoted[1:len(quoted)-1])) {
				*value = redacted
			}
		}
		if shown := []rune(*value); len(shown) > longestShown {
			*value = string(shown[:longestShown]) + "…"
		}
	}
	return e
}

// suggest words the hint for a slip of the hand: the word of known that given may have been meant as; no such word, no hint.
func suggest(given string, known []string) string {
	best, bestDistance := "", min(2, len(given)/2)+1
	for _, word := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(given), strings.ToLower(word)); d < bestDistance {
			best, bestDistance = word, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", best)
}
