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

var (
	rootKeys   = []string{"globals", "tenants", "tenants_dir", "report"}
	globalKeys = []string{
		"gimdb", "data_dir", "output_dir", "timezone", "max_session_hours", "readiness", "settle_hours", "retired_after_days", "session_end",
		"run_timeout", "engine", "metrics_file", "production_date", "sign_key", "sign_key_password", "deliver", "breakdown",
	}
	engineKeys = []string{"memory_limit", "threads", "temp_dir"}
	tenantKeys = []string{"gimdb", "export_dir", "export_marker", "timezone", "exclude_agents", "run_timeout", "retired_after_days", "regions", "production_date", "enabled", "until", "deliver", "breakdown"}
	reportKeys = []string{"columns"}
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
	return l.finish(l.read("is empty: it needs at least one tenant"))
}

// Parse reads a configuration that is to stand at path.
func Parse(path string, content []byte, env func(string) (string, bool)) (*Config, error) {
	l := &loader{file: path, env: env, findings: &findings{}}
	return l.finish(l.parse(content, "is empty: it needs at least one tenant"))
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

// read gives the file's root, unless it reported why not. empty says what is wrong with a file that holds nothing.
func (l *loader) read(empty string) (root value, ok bool) {
	content, info, err := readFile(l.file)
	l.info = info
	if err != nil {
		l.report(Problem{Msg: "cannot be read: " + cause(err)})
		return value{}, false
	}
	return l.parse(content, empty)
}

func (l *loader) parse(content []byte, empty string) (root value, ok bool) {
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
	node := parseTree(content, empty, func(at position, msg, hint string) {
		l.report(Problem{Line: at.line, Column: at.column, Msg: msg, Hint: hint})
	})
	return value{loader: l, at: position{line: 1, column: 1}, node: node}, node != nil
}

// maxBytes is far beyond any configuration: a million switches take 13 MB.
const maxBytes = 64 << 20

// readFile reads a file, which may also be a pipe, unless it is too large.
func readFile(path string) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(content) > maxBytes {
		err = fmt.Errorf("it is larger than %d MB", maxBytes>>20)
	}
	return content, info, err
}

func (l *loader) config(root value) *Config {
	f := root.fields(rootKeys...)
	g := l.globals(f.get("globals"))
	return &Config{
		Path:    l.file,
		Tenants: l.tenants(f.get("tenants"), f.get("tenants_dir"), g),
		Columns: l.columns(f.get("report").fields(reportKeys...).get("columns")),

		MetricsFile: g.metricsFile,

		SignKey: g.signKey, SignKeyPassword: g.signKeyPassword,
	}
}

// globals are the settings that tenants share.
type globals struct {
	gimdb       fields // unread: a tenant may override each
	retired     int    // retired_after_days
	deliver     fields // likewise
	defaults    Tenant
	metricsFile string

	signKey         string
	signKeyPassword Secret
}

const maxHours = 366 * 24

func (l *loader) globals(v value) globals {
	f := v.fields(globalKeys...)
	t := Tenant{
		DataDir:         l.path(f.get("data_dir"), "var"),
		OutputDir:       l.path(f.get("output_dir"), "out"),
		Zone:            f.get("timezone").zone(time.UTC),
		MaxSessionHours: 48,
		SettleHours:     1,
		Readiness:       ReadinessRequire,
		SessionEnd:      SessionEndExclusive,
		Engine:          l.engine(f.get("engine")),
	}
	if n, ok := f.get("max_session_hours").integer(1, maxHours); ok {
		t.MaxSessionHours = int(n)
	}
	if n, ok := f.get("settle_hours").integer(0, maxHours); ok {
		t.SettleHours = int(n)
	}
	if word, ok := f.get("readiness").word(string(ReadinessRequire), string(ReadinessWarn), string(ReadinessOff)); ok {
		t.Readiness = Readiness(word)
	}
	if word, ok := f.get("session_end").word(string(SessionEndExclusive), string(SessionEndInclusive)); ok {
		t.SessionEnd = SessionEnd(word)
	}
	if day, ok := f.get("production_date").date(); ok {
		t.ProductionDate = day
	}
	t.RunTimeout, _ = f.get("run_timeout").timeout()
	t.Breakdown = f.get("breakdown").units()
	gimdb := l.gimdbFields(f.get("gimdb"), false)
	l.gimdb(gimdb) // what is wrong here is wrong even where no tenant inherits it
	deliver := l.deliverFields(f.get("deliver"))
	l.delivery(deliver)
	g := globals{gimdb: gimdb, deliver: deliver, retired: 7, defaults: t, metricsFile: l.metricsFile(f.get("metrics_file"))}
	g.signKey, g.signKeyPassword = l.signKey(f)
	g.retired = f.retiredAfterDays(g.retired)
	return g
}

// retiredAfterDays is how long a data source of a GIM DB may lag (R10).
func (f fields) retiredAfterDays(inherited int) int {
	if n, ok := f.get("retired_after_days").integer(0, 3660); ok {
		return int(n)
	}
	return inherited
}

// signKey is not read: only who signs needs it.
func (l *loader) signKey(f fields) (path string, password Secret) {
	if text, ok := f.get("sign_key").filledText(); ok {
		path = l.absolute(text)
	}
	given := f.get("sign_key_password")
	if given.given() {
		l.keepSecret(given.node.text) // whatever else is wrong with it
	}
	text, _ := given.filledText()
	given.keepToOneself(text)
	if given.given() && !f.get("sign_key").given() {
		given.complain("is for a sign_key, and there is none", "")
	}
	return path, Secret(text)
}

// metricsFile is replaced by every run, so it must not be able to name a store or a data file.
func (l *loader) metricsFile(v value) string {
	text, ok := v.filledText()
	if !ok {
		return ""
	}
	if filepath.Ext(text) != ".prom" {
		v.problem("must end in .prom", "Prometheus' textfile collector reads no other files")
	}
	return l.absolute(text)
}

// path returns the path given, or else fallback, relative to the file's folder.
func (l *loader) path(v value, fallback string) string {
	if text, ok := v.filledText(); ok {
		return l.absolute(text)
	}
	return l.absolute(fallback)
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
