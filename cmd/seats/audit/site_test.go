package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	gimsim "seats/cmd/gimsim/cli"
	"seats/cmd/seats/audit"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
)

// quiet is a log that nobody reads.
type quiet struct{}

func (quiet) Info(string, ...any) {}
func (quiet) Warn(string, ...any) {}
func (quiet) Start(string)        {}
func (quiet) Add(int64)           {}
func (quiet) Stop()               {}
func (quiet) Expect(int64)        {}

// site is a tenant with a simulated GIM, whose month has been issued.
type site struct {
	t   *testing.T
	dir string
	now time.Time
}

const configuration = `
globals: {engine: {memory_limit: 500MB, threads: 1}}
tenants:
  acme:
    export_dir: exports
    exclude_agents: ["TEST*"]
    regions:
      US:
        timezone: America/New_York
        locations:
          dallas: {switches: [SIP_DAL_1, SIP_DAL_2]}
          other: {switches: []}
      EU:
        timezone: Europe/London
        locations:
          london: {switches: [SIP_LON]}
`

// made are the sites that tests have copies of, by the days that were issued there.
var made = struct {
	sync.Mutex
	dir   string
	sites map[string]*site
}{sites: map[string]*site{}}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(made.dir) //nolint:errcheck // the tests have ended
	os.Exit(code)
}

// simulate gives a site of its own with an export of February 2026 and the days around it, at which the days asked for are issued.
func simulate(t *testing.T, from, to string, months ...string) *site {
	made.Lock()
	defer made.Unlock()
	days := from + "-" + to
	if made.sites[days] == nil {
		made.sites[days] = issue(t, days, from, to, months)
	}
	return made.sites[days].copy(t)
}

func issue(t *testing.T, name, from, to string, months []string) *site {
	if made.dir == "" {
		dir := must.Have(os.MkdirTemp("", "audit-*"))(t)
		made.dir = dir
	}
	s := &site{t: t, dir: filepath.Join(made.dir, name), now: time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)}
	require.NoError(t, os.Mkdir(s.dir, 0o700))
	s.write("seats.yaml", configuration)
	var out bytes.Buffer
	code := gimsim.Run(context.Background(), []string{"export", "--dir", s.path("exports"), "--seed=5", "--from=2026-01-31", "--days=30",
		"--agents=12", "--ocs-share=1", "--switches=SIP_DAL_1=America/Chicago,SIP_LON=Europe/London", "--legs-per-hour=1", "--presence=1",
		"--open=0", "--long=0", "--broken=0", "--late=0", "--corrected=0", "--two-keys=0.2", "--test-agents=0.15", "--no-employee-id=0.1",
		"--no-interactions", "--high-water=2026-03-02T12:00:00Z"}, &out, &out)
	require.Zero(t, code, out.String())
	s.run(from, to, "", false, months...)
	return s
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *site) write(name, text string) {
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(text), 0o600))
}

func (s *site) tenant() config.Tenant {
	return must.Have(config.Load(s.path("seats.yaml"), func(string) (string, bool) { return "", false }))(s.t).Tenants[0]
}

// run is the nightly job over days; each call is a minute later than the last.
func (s *site) run(from, to, restate string, refresh bool, months ...string) job.Result {
	s.now = s.now.Add(time.Minute)
	j := job.Job{Plan: job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}, Refresh: refresh, Restate: restate},
		Tenant: s.tenant(), Clock: func() time.Time { return s.now }, Version: "test", Log: quiet{}}
	first, last := s.date(from), s.date(to)
	for d := first; !last.Before(d); d = d.AddDays(1) {
		j.Days = append(j.Days, d)
	}
	for _, text := range months {
		j.Months = append(j.Months, must.Have(calendar.ParseMonth(text))(s.t))
	}
	result := j.Do(context.Background())
	if restate == "" && !refresh {
		require.NoError(s.t, result.Err)
	}
	return result
}

func (s *site) date(text string) calendar.Date {
	return must.Have(calendar.ParseDate(text))(s.t)
}

// audit gives every finding and remark.
func (s *site) audit(source bool) []audit.Finding {
	return must.Have(s.audited(source))(s.t).Findings
}

func (s *site) audited(source bool) (audit.Summary, error) {
	return audit.Audit{Tenant: s.tenant(), Source: source, Clock: func() time.Time { return s.now }, Log: quiet{}}.Do(context.Background())
}

// copy is the same site in a folder of its own, to be spoilt.
func (s *site) copy(t *testing.T) *site {
	c := &site{t: t, dir: t.TempDir(), now: s.now}
	require.NoError(t, os.CopyFS(c.dir, os.DirFS(s.dir)))
	return c
}

// exec changes the store behind the program's back.
func (s *site) exec(statements ...string) {
	db := must.Have(duck.Open(s.path("var", "acme.duckdb"), duck.Options{}))(s.t)
	for _, statement := range statements {
		_, err := db.Exec(statement)
		require.NoError(s.t, err, statement)
	}
	require.NoError(s.t, db.Close())
}

// ask reads one text from the store.
func (s *site) ask(query string) string {
	db := must.Have(duck.Open(s.path("var", "acme.duckdb"), duck.Options{ReadOnly: true}))(s.t)
	var text sql.NullString
	require.NoError(s.t, db.QueryRow(query).Scan(&text), query)
	require.NoError(s.t, db.Close())
	return text.String
}

func (s *site) out(name string) string { return s.path("out", "acme", name) }

// replace edits a file of the site.
func (s *site) replace(path, old, new string) {
	text := must.Have(os.ReadFile(path))(s.t)
	require.Contains(s.t, string(text), old)
	require.NoError(s.t, os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(new), 1), 0o600))
}

// editExport puts what a query makes of an exported table, t, in its place.
func (s *site) editExport(table, query string) {
	files := must.Have(filepath.Glob(s.path("exports", "*", table+".csv")))(s.t)
	require.Len(s.t, files, 1)
	db := must.Have(duck.Open("", duck.Options{}))(s.t)
	must.Have(db.Exec(fmt.Sprintf("create table t as from read_csv('%[1]s', all_varchar = true, header = true); copy (%[2]s) to '%[1]s' (header)",
		files[0], query)))(s.t)
	require.NoError(s.t, db.Close())
}

// only wants the findings to be of these rules and no other, in any number; remarks are left aside.
func only(t *testing.T, found []audit.Finding, rules ...audit.Rule) {
	var got []audit.Rule
	for _, f := range found {
		if f.IsRemark() {
			continue
		}
		if len(got) == 0 || got[len(got)-1] != f.Rule {
			got = append(got, f.Rule)
		}
	}
	require.Equal(t, rules, got, "%+v", found)
}

// of picks the findings of a rule.
func of(found []audit.Finding, rule audit.Rule) []audit.Finding {
	var picked []audit.Finding
	for _, f := range found {
		if f.Rule == rule {
			picked = append(picked, f)
		}
	}
	return picked
}
