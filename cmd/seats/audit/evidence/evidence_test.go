package evidence_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	gimsim "seats/cmd/gimsim/cli"
	"seats/cmd/seats/audit"
	"seats/cmd/seats/audit/evidence"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/report"
)

type quiet struct{}

func (quiet) Info(string, ...any) {}
func (quiet) Warn(string, ...any) {}
func (quiet) Start(string)        {}
func (quiet) Add(int64)           {}
func (quiet) Stop()               {}
func (quiet) Expect(int64)        {}

const configuration = `
globals: {engine: {memory_limit: 500MB, threads: 2}}
tenants:
  acme:
    export_dir: exports
    exclude_agents: ["TEST*"]
    regions:
      US: {timezone: America/New_York, locations: {dallas: {switches: [SIP_DAL_1]}, other: {switches: []}}}
      EU: {timezone: Europe/London, locations: {london: {switches: [SIP_LON]}}}
`

// site issues days of a simulated February, and its month where the days are all of it. spoil may change the exports.
func site(t *testing.T, from, to string, spoil ...func(exports string)) (string, config.Tenant) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "seats.yaml"), []byte(configuration), 0o600))
	var out bytes.Buffer
	code := gimsim.Run(context.Background(), []string{"export", "--dir", filepath.Join(dir, "exports"), "--seed=5", "--from=2026-01-31", "--days=30",
		"--agents=12", "--ocs-share=1", "--switches=SIP_DAL_1=America/Chicago,SIP_LON=Europe/London", "--legs-per-hour=1", "--presence=1",
		"--two-keys=0.3", "--test-agents=0.2", "--no-employee-id=0.2", "--open=0", "--no-interactions", "--high-water=2026-03-02T12:00:00Z"}, &out, &out)
	require.Zero(t, code, out.String())
	for _, change := range spoil {
		change(filepath.Join(dir, "exports"))
	}
	cfg, err := config.Load(filepath.Join(dir, "seats.yaml"), func(string) (string, bool) { return "", false })
	require.NoError(t, err)
	tenant := cfg.Tenants[0]
	j := job.Job{Plan: job.Plan{Command: "run", Steps: []string{job.Extract, job.Compute, job.Report}}, Tenant: tenant, Version: "test", Log: quiet{},
		Clock: func() time.Time { return time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC) }}
	for d := day(t, from); !day(t, to).Before(d); d = d.AddDays(1) {
		j.Days = append(j.Days, d)
	}
	if len(j.Days) == 28 {
		j.Months = []calendar.Month{{Year: 2026, Month: time.February}}
	}
	require.NoError(t, j.Do(context.Background()).Err)
	return dir, tenant
}

func day(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	require.NoError(t, err)
	return d
}

// unpack unpacks a pack into a folder of its own, far from the site.
func unpack(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	r, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer r.Close() //nolint:errcheck // only read
	for _, f := range r.File {
		in, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, text, 0o600))
	}
	return dir
}

// recompute runs recompute.sql as any client would, in the unpacked folder, and gives the rows that it prints. Every number
// agrees.
func recompute(t *testing.T, dir string) []string {
	t.Helper()
	t.Chdir(dir)
	script, err := os.ReadFile("recompute.sql")
	require.NoError(t, err)
	db, err := duck.Open("", duck.Options{})
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // in memory
	rows, err := db.Query(string(script))
	require.NoError(t, err)
	var printed []string
	for rows.Next() {
		var period, region, measure, files, signature, slices string
		var revision, issued, counted int64
		var peak any
		var agrees bool
		require.NoError(t, rows.Scan(&period, &region, &measure, &revision, &issued, &counted, &peak, &agrees, &files, &signature, &slices))
		require.True(t, agrees, "%s %s", region, period)
		require.Equal(t, issued, counted)
		printed = append(printed, fmt.Sprintf("%s %s %s R%d %d, files %s, slices %s", period, region, measure, revision, counted, files, slices))
	}
	require.NoError(t, rows.Err())
	return printed
}

func write(t *testing.T, o evidence.Options) string {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "pack.zip")
	}
	require.NoError(t, evidence.Write(context.Background(), o))
	return o.Path
}

func TestTheNumberFromThePackAlone(t *testing.T) {
	dir, tenant := site(t, "2026-02-01", "2026-02-28")
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600))
	exec(t, tenant, "update _data.run set message = 'no such agent: ' || (select max(employee_id) from _data.agent)",
		"update _data.issued_file set reason = 'asked by ' || (select max(resource_name) from _data.agent) where period = '2026-02-10'")
	plain, masked := write(t, evidence.Options{Tenant: tenant}), write(t, evidence.Options{Tenant: tenant, KeyFile: key})
	names := agents(t, tenant)
	sums := column(t, tenant, "select distinct unnest([rules_sha256, slices_sha256]) from _data.monthly_enabled")
	require.NoError(t, os.RemoveAll(dir), "nothing but the pack is left")

	rows := recompute(t, unpack(t, plain))
	require.Len(t, rows, 2*28+2)
	for _, row := range rows {
		require.True(t, strings.HasSuffix(row, ", files as issued, slices as recorded"), row)
	}
	unpacked := unpack(t, masked)
	pseudonymized := recompute(t, unpacked)
	require.Len(t, pseudonymized, len(rows))
	for at := range rows {
		require.Equal(t, strings.TrimSuffix(rows[at], "as recorded"), strings.TrimSuffix(pseudonymized[at], "as packed"))
	}
	namesNobody(t, unpacked, names)
	month, err := os.ReadFile(filepath.Join(unpacked, "results", "monthly_enabled.csv"))
	require.NoError(t, err)
	for _, sum := range sums {
		require.NotContains(t, string(month), sum)
	}
}

// Pseudonyms keep the count of damaged names, and none of the names.
func TestR11DamagedNamesArePseudonymized(t *testing.T) {
	const damaged = "E\ufffdxFC0001"
	dir, tenant := site(t, "2026-02-10", "2026-02-10", func(exports string) {
		paths, err := filepath.Glob(filepath.Join(exports, "*", "resource_.csv"))
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(text), "E000001")
			require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte("E000001"), []byte(damaged)), 0o600))
		}
	})
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600))
	const manifest = "issued/CNT_US_PES_SEATS_OUTBOUND_acme_20260210.csv.manifest.json"
	counts := func(dir string) report.Quality {
		m, _, err := report.ReadManifest(filepath.Join(dir, manifest))
		require.NoError(t, err)
		return m.Quality[slices.IndexFunc(m.Quality, func(q report.Quality) bool { return q.Rule == "damaged_name" })]
	}
	plain, masked := unpack(t, write(t, evidence.Options{Tenant: tenant})), unpack(t, write(t, evidence.Options{Tenant: tenant, KeyFile: key}))
	require.Positive(t, counts(plain).Count)
	require.Equal(t, counts(plain).Count, counts(masked).Count)
	require.Empty(t, counts(masked).Examples)
	recompute(t, masked)
	namesNobody(t, masked, append(agents(t, tenant), counts(plain).Examples...))
}

// exec changes the store behind the program's back.
func exec(t *testing.T, tenant config.Tenant, statements ...string) {
	t.Helper()
	db, err := duck.Open(tenant.StorePath(), duck.Options{})
	require.NoError(t, err)
	for _, statement := range statements {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, db.Close())
}

// agents are the names by which the store knows agents.
func agents(t *testing.T, tenant config.Tenant) []string {
	t.Helper()
	names := column(t, tenant, `select distinct name from (select unnest([employee_id, resource_name, '#' || resource_key]) as name from _data.agent) where name <> '' order by name`)
	require.Greater(t, len(names), 20)
	return names
}

// column asks the store for texts.
func column(t *testing.T, tenant config.Tenant, query string) (texts []string) {
	t.Helper()
	db, err := duck.Open(tenant.StorePath(), duck.Options{ReadOnly: true})
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // only read
	rows, err := db.Query(query)
	require.NoError(t, err)
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		texts = append(texts, text)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, texts)
	return texts
}

// namesNobody looks into every file of an unpacked pack, the columns of Parquet files included.
func namesNobody(t *testing.T, dir string, names []string) {
	t.Helper()
	db, err := duck.Open("", duck.Options{})
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // in memory
	for _, table := range []string{"voice_session", "ocs_activity", "agent"} {
		var least int64
		require.NoError(t, db.QueryRow("select min(resource_key) from read_parquet($files)", filepath.Join(dir, "slices", "*", table+".parquet")).Scan(&least))
		require.Greater(t, least, int64(1_000_000), "simulated keys are small, pseudonyms are not")
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var text string
		if filepath.Ext(path) == ".parquet" {
			err = db.QueryRow("select coalesce(string_agg(t::varchar, chr(10)), '') from read_parquet($file) as t", path).Scan(&text)
			require.NoError(t, err)
		} else {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			text = string(b)
		}
		for _, name := range names {
			require.NotContains(t, text, name, path)
		}
		return nil
	}))
}

func TestEqualInputsGiveEqualBytes(t *testing.T) {
	_, tenant := site(t, "2026-02-10", "2026-02-11")
	period := audit.Period{From: day(t, "2026-02-10"), To: day(t, "2026-02-10")}
	first, err := os.ReadFile(write(t, evidence.Options{Tenant: tenant, Period: period}))
	require.NoError(t, err)
	second, err := os.ReadFile(write(t, evidence.Options{Tenant: tenant, Period: period}))
	require.NoError(t, err)
	require.Equal(t, first, second)
	other, err := os.ReadFile(write(t, evidence.Options{Tenant: tenant}))
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

func TestPackIsPrivateAndNeverOverwritten(t *testing.T) {
	_, tenant := site(t, "2026-02-10", "2026-02-10")
	path := write(t, evidence.Options{Tenant: tenant})
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorContains(t, evidence.Write(context.Background(), evidence.Options{Tenant: tenant, Path: path}), "exists")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)

	dir := unpack(t, path)
	check := osexec.Command("sha256sum", "--check", "--quiet", "SHA256SUMS")
	check.Dir = dir
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

// A session that counts nowhere is taken out: of the store, or of the pack, along with more and more of what speaks of it. Only
// a signature holds against who changes all of it.
func TestTheScriptSeesAChangedSlice(t *testing.T) {
	dir, tenant := site(t, "2026-02-10", "2026-02-10")
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600))
	const takeOut = "delete from _data.voice_session where sm_res_session_fact_key = (select min(sm_res_session_fact_key) from _data.voice_session where resource_key not in (select resource_key from _data.ocs_activity))"
	ends := func(dir, want string) {
		t.Helper()
		for _, row := range recompute(t, dir) {
			require.True(t, strings.HasSuffix(row, want), row)
		}
	}
	for _, keyFile := range []string{"", key} {
		pack := unpack(t, write(t, evidence.Options{Tenant: tenant, KeyFile: keyFile}))
		for _, forge := range []struct{ change, want string }{
			{takeOut + "; copy _data.voice_session to 'slices/2026-02-10/voice_session.parquet'", "files as issued, slices CHANGED"},
			{"update _data.slice set sha256 = (select sha256 from pack.slice_hash); copy _data.slice to 'slices/slice.parquet'", "files as issued, slices CHANGED"},
			{"manifests", "files CHANGED, slices NOT KNOWN"},
		} {
			forged(t, pack, forge.change)
			ends(pack, forge.want)
		}
	}
	exec(t, tenant, takeOut)
	ends(unpack(t, write(t, evidence.Options{Tenant: tenant})), "files as issued, slices CHANGED")
	ends(unpack(t, write(t, evidence.Options{Tenant: tenant, KeyFile: key})), "files as issued, slices CHANGED")
	require.NoError(t, os.RemoveAll(tenant.OutputDir))
	ends(unpack(t, write(t, evidence.Options{Tenant: tenant})), "files MISSING, slices NOT KNOWN")
}

// forged changes an unpacked pack by statements, or puts the hash that its rows have now into its manifests.
func forged(t *testing.T, dir, change string) {
	t.Helper()
	t.Chdir(dir)
	db, err := duck.Open("", duck.Options{})
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // in memory
	script, err := os.ReadFile("recompute.sql")
	require.NoError(t, err)
	_, err = db.Exec(string(script))
	require.NoError(t, err)
	if change != "manifests" {
		_, err = db.Exec(change)
		require.NoError(t, err)
		return
	}
	var now string
	require.NoError(t, db.QueryRow("select sha256 from pack.slice_hash").Scan(&now))
	manifests, err := filepath.Glob("issued/*.manifest.json")
	require.NoError(t, err)
	for _, path := range manifests {
		m, _, err := report.ReadManifest(path)
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte(m.Slices[0].SHA256), []byte(now)), 0o600))
	}
}

func TestKeysThatAreNone(t *testing.T) {
	_, tenant := site(t, "2026-02-10", "2026-02-10")
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"short":  {"0123456789abcde\n", 0o600, "at least 16"},
		"shared": {"0123456789abcdef", 0o640, "nobody but its owner"},
	} {
		t.Run(name, func(t *testing.T) {
			key := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(key, []byte(c.text), 0o600))
			require.NoError(t, os.Chmod(key, c.mode))
			path := filepath.Join(t.TempDir(), "pack.zip")
			err := evidence.Write(context.Background(), evidence.Options{Tenant: tenant, Path: path, KeyFile: key})
			require.ErrorContains(t, err, c.want)
			require.NoFileExists(t, path)
		})
	}
	err := evidence.Write(context.Background(), evidence.Options{Tenant: tenant, Path: filepath.Join(t.TempDir(), "p.zip"), KeyFile: t.TempDir()})
	require.ErrorContains(t, err, "nobody but its owner")
}
