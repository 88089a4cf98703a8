package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // zones on machines that have no zone files
)

// loader holds what reading one file needs, and what all files of a configuration have in common.
type loader struct {
	file string      // as given
	dir  string      // absolute: what relative paths in the file are relative to
	info fs.FileInfo // the file's own; nil where there is none on disk
	env  func(string) (string, bool)
	*findings
}

// findings of all files of a configuration.
type findings struct {
	problems Errors
	secrets  []string
}

// Load reads the configuration at path. Text may name environment variables,
// which env looks up (os.LookupEnv). The only error is Errors.
//
// Nothing but the file itself, those of its tenants_dir and the password files
// that they name is read: whether a folder, a certificate or a database is there
// is found out by who uses it.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	l := &loader{file: path, env: env, findings: &findings{}}
	return l.finish(l.read("configuration", "at least one tenant"))
}

// Parse reads a configuration that is to stand at path.
func Parse(path string, content []byte, env func(string) (string, bool)) (*Config, error) {
	l := &loader{file: path, env: env, findings: &findings{}}
	return l.finish(l.parse("configuration", "at least one tenant", content))
}

// finish makes the configuration of a file's root, where there is one.
func (l *loader) finish(root value, ok bool) (*Config, error) {
	var cfg *Config
	if ok {
		cfg = l.config(root)
	}
	if len(l.problems) > 0 {
		l.problems = l.problems.tidy()
		l.problems.redact(l.secrets)
		return nil, l.problems
	}
	return cfg, nil
}

// read gives the file's root, unless it reported why not. rule is its definition in the schema, needs what it cannot be without.
func (l *loader) read(rule, needs string) (root value, ok bool) {
	content, info, err := readUpTo(maxBytes, fmt.Sprintf("it is larger than %d MB", maxBytes>>20), l.file, os.Open)
	l.info = info
	if err != nil {
		l.report(Problem{Msg: "cannot be read: " + cause(err)})
		return value{}, false
	}
	return l.parse(rule, needs, content)
}

func (l *loader) parse(rule, needs string, content []byte) (root value, ok bool) {
	absolute, err := filepath.Abs(l.file)
	if err != nil {
		l.report(Problem{Msg: "has no absolute path: " + cause(err)})
		return value{}, false
	}
	l.dir = filepath.Dir(absolute)

	content = bytes.TrimPrefix(content, byteOrderMark)
	if line := badText(content); line > 0 {
		l.report(Problem{Line: line, Column: 1, Msg: "is not UTF-8 text"})
		return value{}, false
	}
	node := parseTree(content, "is empty: it needs "+needs, func(at position, msg, hint string) {
		l.report(Problem{Line: at.line, Column: at.column, Msg: msg, Hint: hint})
	})
	return value{loader: l, at: position{line: 1, column: 1}, node: node, rule: definition(rule)}, node != nil
}

// maxBytes is far beyond any configuration: a million switches take 13 MB.
const maxBytes = 64 << 20

// readUpTo reads a file, unless it is too large.
func readUpTo(limit int64, tooLong, path string, open func(string) (*os.File, error)) ([]byte, fs.FileInfo, error) {
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

func (l *loader) config(root value) *Config {
	f := root.fields()
	g := globals{fields: f.get("globals").fields()}
	g.defaults, g.retired = l.defaults(g.fields), g.retiredAfterDays(7)
	g.gimdb = l.gimdbFields(g.get("gimdb"), false)
	l.gimdb(g.gimdb) // what is wrong here is wrong even where no tenant inherits it
	g.deliver = g.get("deliver").fields()
	l.delivery(g.deliver)
	cfg := &Config{
		Path:    l.file,
		Tenants: l.tenants(f.get("tenants"), f.get("tenants_dir"), g),
		Columns: l.columns(f.get("report").fields().get("columns")),

		MetricsFile:     l.metricsFile(g.get("metrics_file")),
		SignKeyPassword: Secret(g.get("sign_key_password").password()),
	}
	g.fill(cfg) // the key is not read: only who signs needs it
	if password := g.get("sign_key_password"); password.given() && !g.get("sign_key").given() {
		password.complain("is for a sign_key, and there is none", "")
	}
	return cfg
}

// globals are the settings that tenants share.
type globals struct {
	fields
	defaults       Tenant
	retired        int    // retired_after_days
	gimdb, deliver fields // unread: a tenant may override each
}

// defaults are what a tenant has that says nothing itself.
func (l *loader) defaults(f fields) Tenant {
	t := Tenant{
		DataDir:         l.absolute("var"),
		OutputDir:       l.absolute("out"),
		Zone:            time.UTC,
		MaxSessionHours: 48,
		SettleHours:     1,
		Readiness:       ReadinessRequire,
		SessionEnd:      SessionEndExclusive,
		Engine:          Engine{MemoryLimit: 2e9},
	}
	f.fill(&t)
	engine := f.get("engine").fields()
	engine.fill(&t.Engine)
	set(&t.Engine.MemoryLimit, engine.get("memory_limit").memory)
	return t
}

// retiredAfterDays is how long a data source of a GIM DB may lag (R10).
func (f fields) retiredAfterDays(inherited int) int {
	if n, ok := f.get("retired_after_days").integer(); ok {
		return int(n)
	}
	return inherited
}

// metricsFile is replaced by every run, so it must not be able to name a store or a data file.
func (l *loader) metricsFile(v value) string {
	text, ok := v.text()
	switch {
	case !ok:
		return ""
	case text == "":
		v.problem("must not be empty", "")
	case filepath.Ext(text) != ".prom":
		v.problem("must end in .prom", "Prometheus' textfile collector reads no other files")
	}
	return l.absolute(text)
}

func (l *loader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(l.dir, path)
}

func (l *loader) report(p Problem) {
	p.File = l.file
	l.problems = append(l.problems, p)
}

func (l *loader) keepSecret(texts ...string) {
	l.secrets = append(l.secrets, texts...)
}

// cause returns why a file operation failed, without the path, which the problem
// names already.
func cause(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
