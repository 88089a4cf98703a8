package audit_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/audit/evidence"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
)

// unpack unpacks a pack into a folder of its own, far from the site.
func unpack(t *testing.T, path string) string {
	dir := t.TempDir()
	r := must.Have(zip.OpenReader(path))(t)
	defer r.Close() //nolint:errcheck // only read
	require.NoError(t, os.CopyFS(dir, r))
	return dir
}

// recompute runs recompute.sql as any client would, in the unpacked folder, and gives the rows that it prints. Every number
// agrees.
func recompute(t *testing.T, dir string) []string {
	t.Chdir(dir)
	script := must.Have(os.ReadFile("recompute.sql"))(t)
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	rows := must.Have(db.Query(string(script)))(t)
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

// key is a file with a key for pseudonyms.
func (s *site) key() string {
	s.write("key", "0123456789abcdef\n")
	return s.path("key")
}

// pack packs the evidence of a period.
func (s *site) pack(keyFile string, period audit.Period) string {
	path := filepath.Join(s.t.TempDir(), "pack.zip")
	require.NoError(s.t, evidence.Write(context.Background(), evidence.Options{Tenant: s.tenant(), Period: period, Path: path, KeyFile: keyFile}))
	return path
}

func TestTheNumberFromThePackAlone(t *testing.T) {
	s := simulate(t, "2026-02-01", "2026-02-28", "2026-02")
	key := s.key()
	s.exec("update _data.run set message = 'no such agent: ' || (select max(employee_id) from _data.agent)",
		"update _data.issued_file set reason = 'asked by ' || (select max(resource_name) from _data.agent) where period = '2026-02-10'")
	plain, masked := s.pack("", audit.Period{}), s.pack(key, audit.Period{})
	names := s.agents()
	sums := s.column("select distinct unnest([rules_sha256, slices_sha256]) from _data.monthly_enabled")
	require.NoError(t, os.RemoveAll(s.dir), "nothing but the pack is left")

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
	month := must.Have(os.ReadFile(filepath.Join(unpacked, "results", "monthly_enabled.csv")))(t)
	for _, sum := range sums {
		require.NotContains(t, string(month), sum)
	}
}

// Pseudonyms keep the count of damaged names, and none of the names.
func TestR11DamagedNamesArePseudonymized(t *testing.T) {
	const damaged = "E\ufffdxFC0001"
	s := simulate(t, "2026-02-10", "2026-02-10")
	for _, path := range must.Have(filepath.Glob(s.path("exports", "*", "resource_.csv")))(t) {
		text := must.Have(os.ReadFile(path))(t)
		require.Contains(t, string(text), "E000001")
		require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte("E000001"), []byte(damaged)), 0o600))
	}
	require.NoError(t, s.run("2026-02-10", "2026-02-10", "", true).Err)
	key := s.key()
	const manifest = "issued/CNT_US_PES_SEATS_OUTBOUND_acme_20260210.csv.manifest.json"
	counts := func(dir string) settle.Quality {
		m, _, err := report.ReadManifest(filepath.Join(dir, manifest))
		require.NoError(t, err)
		return m.Quality[slices.IndexFunc(m.Quality, func(q settle.Quality) bool { return q.Rule == "damaged_name" })]
	}
	plain, masked := unpack(t, s.pack("", audit.Period{})), unpack(t, s.pack(key, audit.Period{}))
	require.Positive(t, counts(plain).Count)
	require.Equal(t, counts(plain).Count, counts(masked).Count)
	require.Empty(t, counts(masked).Examples)
	recompute(t, masked)
	namesNobody(t, masked, append(s.agents(), counts(plain).Examples...))
}

// agents are the names by which the store knows agents.
func (s *site) agents() []string {
	names := s.column(`select distinct name from (select unnest([employee_id, resource_name, '#' || resource_key]) as name from _data.agent) where name <> '' order by name`)
	require.Greater(s.t, len(names), 20)
	return names
}

// column asks the store for texts.
func (s *site) column(query string) []string {
	texts := strings.Split(s.ask("select string_agg(c, chr(10)) from ("+query+") as t (c)"), "\n")
	require.NotEmpty(s.t, texts[0])
	return texts
}

// namesNobody looks into every file of an unpacked pack, the columns of Parquet files included.
func namesNobody(t *testing.T, dir string, names []string) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
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
			require.NoError(t, db.QueryRow("select coalesce(string_agg(t::varchar, chr(10)), '') from read_parquet($file) as t", path).Scan(&text))
		} else {
			text = must.Text(t, path)
		}
		for _, name := range names {
			require.NotContains(t, text, name, path)
		}
		return nil
	}))
}

func TestEqualInputsGiveEqualBytes(t *testing.T) {
	s := simulate(t, "2026-02-10", "2026-02-11")
	period := audit.Period{From: must.Date(s.t, "2026-02-10"), To: must.Date(s.t, "2026-02-10")}
	first := must.Have(os.ReadFile(s.pack("", period)))(t)
	require.Equal(t, first, must.Have(os.ReadFile(s.pack("", period)))(t))
	require.NotEqual(t, first, must.Have(os.ReadFile(s.pack("", audit.Period{})))(t))
}

func TestPackIsPrivateAndNeverOverwritten(t *testing.T) {
	s := simulate(t, "2026-02-10", "2026-02-10")
	path := s.pack("", audit.Period{})
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(path))(t).Mode().Perm())
	before := must.Have(os.ReadFile(path))(t)
	require.ErrorContains(t, evidence.Write(context.Background(), evidence.Options{Tenant: s.tenant(), Path: path}), "exists")
	require.Equal(t, before, must.Have(os.ReadFile(path))(t))

	dir := unpack(t, path)
	check := osexec.Command("sha256sum", "--check", "--quiet", "SHA256SUMS")
	check.Dir = dir
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
}

// A session that counts nowhere is taken out: of the store, or of the pack, along with more and more of what speaks of it. Only
// a signature holds against who changes all of it.
func TestTheScriptSeesAChangedSlice(t *testing.T) {
	s := simulate(t, "2026-02-10", "2026-02-10")
	key := s.key()
	const takeOut = "delete from _data.voice_session where sm_res_session_fact_key = (select min(sm_res_session_fact_key) from _data.voice_session where resource_key not in (select resource_key from _data.ocs_activity))"
	ends := func(dir, want string) {
		for _, row := range recompute(t, dir) {
			require.True(t, strings.HasSuffix(row, want), row)
		}
	}
	for _, keyFile := range []string{"", key} {
		pack := unpack(t, s.pack(keyFile, audit.Period{}))
		for _, forge := range []struct{ change, want string }{
			{takeOut + "; copy _data.voice_session to 'slices/2026-02-10/voice_session.parquet'", "files as issued, slices CHANGED"},
			{"update _data.slice set sha256 = (select sha256 from pack.slice_hash); copy _data.slice to 'slices/slice.parquet'", "files as issued, slices CHANGED"},
			{"manifests", "files CHANGED, slices NOT KNOWN"},
		} {
			forged(t, pack, forge.change)
			ends(pack, forge.want)
		}
	}
	s.exec(takeOut)
	ends(unpack(t, s.pack("", audit.Period{})), "files as issued, slices CHANGED")
	ends(unpack(t, s.pack(key, audit.Period{})), "files as issued, slices CHANGED")
	require.NoError(t, os.RemoveAll(s.path("out")))
	ends(unpack(t, s.pack("", audit.Period{})), "files MISSING, slices NOT KNOWN")
}

// forged changes an unpacked pack by statements, or puts the hash that its rows have now into its manifests.
func forged(t *testing.T, dir, change string) {
	t.Chdir(dir)
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	must.Have(db.Exec(must.Text(t, "recompute.sql")))(t)
	if change != "manifests" {
		must.Have(db.Exec(change))(t)
		return
	}
	var now string
	require.NoError(t, db.QueryRow("select sha256 from pack.slice_hash").Scan(&now))
	for _, path := range must.Have(filepath.Glob("issued/*.manifest.json"))(t) {
		m, _, err := report.ReadManifest(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(must.Have(os.ReadFile(path))(t), []byte(m.Slices[0].SHA256), []byte(now)), 0o600))
	}
}

func TestKeysThatAreNone(t *testing.T) {
	s := simulate(t, "2026-02-10", "2026-02-10")
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
			err := evidence.Write(context.Background(), evidence.Options{Tenant: s.tenant(), Path: path, KeyFile: key})
			require.ErrorContains(t, err, c.want)
			require.NoFileExists(t, path)
		})
	}
	err := evidence.Write(context.Background(), evidence.Options{Tenant: s.tenant(), Path: filepath.Join(t.TempDir(), "p.zip"), KeyFile: t.TempDir()})
	require.ErrorContains(t, err, "nobody but its owner")
}
