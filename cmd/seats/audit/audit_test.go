package audit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	gimsim "example.com/seats/cmd/gimsim/cli"
	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
)

const (
	daily   = "CNT_US_PES_SEATS_OUTBOUND_acme_20260226.csv"
	dailyEU = "CNT_EU_PES_SEATS_OUTBOUND_acme_20260226.csv"
	suffix  = ".manifest.json"
)

// Each fault is made once, in a copy of a clean site of three days, and found: it, and what must come with it.
var faults = []struct {
	name  string
	spoil func(s *site)
	found []string
}{
	{"a byte of a data file is flipped", func(s *site) { s.replace(s.out(daily), ",AGENT_SEATS,", ",AGENT_SEATs,") },
		[]string{"data_file_changed"}},
	{"a data file is longer", func(s *site) {
		text := must.Have(os.ReadFile(s.out(daily)))(s.t)
		s.write("out/acme/"+daily, string(text)+"acme,US,seats_outbound,2026-02-26,4,23,5,AGENT_SEATS,1,99\n")
	}, []string{"data_file_changed"}},
	{"a data file is gone", func(s *site) { require.NoError(s.t, os.Remove(s.out(daily))) }, []string{"data_file_missing"}},
	{"a manifest is edited", func(s *site) { s.replace(s.out(daily+suffix), `"state": "final"`, `"state": "provisional"`) },
		[]string{"manifest_changed"}},
	{"a manifest is no manifest", func(s *site) { s.write("out/acme/"+daily+suffix, "{") }, []string{"manifest_changed"}},
	{"a manifest is gone", func(s *site) { require.NoError(s.t, os.Remove(s.out(daily+suffix))) }, []string{"manifest_missing"}},
	{"the store says another number was issued", does("update _data.issued_file set value = value + 1 where file = '" + daily + "'"),
		[]string{"manifest_wrong", "number_differs"}},
	{"the store says another peak was issued", does("update _data.issued_file set peak_seconds = peak_seconds + 1 where file = '" + daily + "'"),
		[]string{"number_differs"}},
	{"a file nobody issued", func(s *site) { s.write("out/acme/CNT_US_PES_SEATS_OUTBOUND_acme_20260226_R2.csv", "x\n") },
		[]string{"stray_file"}},
	{"a file of another kind", func(s *site) { s.write("out/acme/notes.txt", "x\n") }, []string{"stray_file"}},
	{"a row of the slice is deleted", does(`delete from _data.voice_session where day = '2026-02-26' and sm_res_session_fact_key = (
			select max(sm_res_session_fact_key) from _data.voice_session where day = '2026-02-26' and resource_key not in (
				select resource_key from _data.ocs_activity where day = '2026-02-26'))`), []string{"slice_changed"}},
	{"the slice and its hash are changed", does("update _data.slice set sha256 = 'ab' where day = '2026-02-26'"),
		[]string{"ledger_slice", "slice_changed"}},
	{"a day is deleted", func(s *site) {
		for _, table := range []string{"slice", "slice_span", "voice_session", "ocs_activity", "agent", "duplicate_key"} {
			s.exec("delete from _data." + table + " where day = '2026-02-26'")
		}
	}, []string{"missing_day"}},
	{"a result is changed", does("update _data.concurrency set agents = agents + 1 where day = '2026-02-26' and rowid = (select min(rowid) from _data.concurrency where day = '2026-02-26')"),
		[]string{"results_changed"}},
	{"the record of the rules is changed", does("update _data.computation set rules = replace(rules, 'TEST*', 'T*') where day = '2026-02-26'"),
		[]string{"rules_record"}},
	{"a number was never issued", func(s *site) {
		s.exec("delete from _data.issued_file where file = '" + daily + "'")
		require.NoError(s.t, os.Remove(s.out(daily)))
		require.NoError(s.t, os.Remove(s.out(daily+suffix)))
	}, []string{"not_issued"}},
	{"a ledger entry is changed", does("update _data.run set os_user = 'nobody' where run_id = 1"), []string{"ledger_entry"}},
	{"a ledger entry is taken out", does("delete from _data.run where run_id = 1"),
		[]string{"ledger_chain", "ledger_issue", "ledger_slice"}},
	{"the ledger of files names a file of no run", does("update _data.issued_file set issued_ts = issued_ts + 3600 where file = '" + daily + "'"),
		[]string{"ledger_issue", "manifest_wrong"}},
	{"a revision lacks the one before", does("update _data.issued_file set revision = 2 where file = '" + daily + "'"),
		[]string{"manifest_wrong", "revision_chain"}},
	{"more at once than in the day", does("update _data.enabled_daily set agents = 0 where day = '2026-02-26' and region = 'US'"),
		[]string{"results_changed", "concurrent_over_enabled"}},
	{"a location above its region", does("update _data.daily_concurrent set agents = 1000 where day = '2026-02-26' and location = 'dallas'"),
		[]string{"results_changed", "location_over_region"}},
	{"a region above its locations", does("update _data.daily_concurrent set agents = 0 where day = '2026-02-26' and location is not null and region = 'US'"),
		[]string{"results_changed", "region_over_locations"}},
	{"a quality count above the slice", does("update _data.data_quality set occurrences = 1000000 where day = '2026-02-26' and rule = 'orphan_activity'"),
		[]string{"results_changed", "quality_impossible"}},
	{"a quality count is missing", does("delete from _data.data_quality where day = '2026-02-26' and rule = 'open_session'"),
		[]string{"results_changed", "quality_impossible"}},
	{"a day was counted by other rules than it was issued by", moveRules("SIP_LON", "SIP_LONDON"),
		[]string{"configuration_moved", "results_changed"}},
	{"and they have no such region", moveRules("\"EU\"", "\"GB\""), []string{"configuration_moved", "results_changed"}},
	{"and they have a region on the other side of the world", moveRules("Europe/London", "Pacific/Auckland"),
		[]string{"cannot_compute"}},
	{"the rules of an issue are lost", does("update _data.computation set rules_sha256 = 'x', rules = '' where day = '2026-02-26'; delete from _data.counting_rules"),
		[]string{"rules_record"}},
	{"the store is gone", func(s *site) { require.NoError(s.t, os.Remove(s.path("var", "acme.duckdb"))) }, []string{"store_lost"}},
	{"the store was made anew", func(s *site) {
		require.NoError(s.t, os.Remove(s.path("var", "acme.duckdb")))
		require.NoError(s.t, os.Rename(s.path("out"), s.path("put-away")))
		s.run("2026-02-25", "2026-02-25", "", false)
		require.NoError(s.t, os.RemoveAll(s.path("out")))
		require.NoError(s.t, os.Rename(s.path("put-away"), s.path("out")))
	}, []string{"store_reset", "manifest_changed"}},
	{"an older store was put back", func(s *site) {
		old := must.Have(os.ReadFile(s.path("var", "acme.duckdb")))(s.t)
		s.run("2026-02-24", "2026-02-24", "", false)
		s.write("var/acme.duckdb", string(old))
	}, []string{"store_behind"}},
}

// does changes the store by statements.
func does(statements ...string) func(*site) { return func(s *site) { s.exec(statements...) } }

// moveRules has the store say that a day was counted by other rules than it was.
func moveRules(from, to string) func(*site) {
	return func(s *site) {
		moved := "replace(rules, '" + from + "', '" + to + "')"
		s.exec("update _data.computation set rules = " + moved + ", rules_sha256 = sha256(" + moved + ") where day = '2026-02-26'")
	}
}

// TestTheConfigurationMayMoveOn: each issued day stays with the rules that it was counted by.
func TestTheConfigurationMayMoveOn(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-26", "2026-02-26")
	for _, move := range [][2]string{{"SIP_LON", "SIP_LONDON"}, {"Europe/London", "Pacific/Auckland"}, {"      EU:", "      GB:"}} {
		s.replace(s.path("seats.yaml"), move[0], move[1])
		only(t, s.audit(false))
	}
}

func TestEachFaultIsFound(t *testing.T) {
	clean := simulate(t, "2026-02-25", "2026-02-27")
	clean.run("2026-02-27", "2026-02-27", "", false)
	require.Empty(t, clean.audit(true), "a clean site has neither findings nor remarks")
	for _, fault := range faults {
		clean.spoilt(t, fault.name, func(t *testing.T, s *site) {
			fault.spoil(s)
			found := s.audit(false)
			only(t, found, fault.found...)
			for _, f := range found {
				require.NotEmpty(t, f.What)
				require.NotEmpty(t, f.Advice())
				require.Equal(t, "acme", f.Tenant)
			}
		})
	}
}

func TestConfigurationIsProvenToBeTheCause(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-26", "2026-02-26")
	moveRules("SIP_LON", "SIP_LONDON")(s)
	moved := of(s.audit(false), "configuration_moved")
	require.NotEmpty(t, moved)
	for _, f := range moved {
		require.Contains(t, f.What, "by the rules of the issue the slice still gives")
		require.Equal(t, []string{`was: location EU/london: switch "SIP_LON"`, `is:  location EU/london: switch "SIP_LONDON"`}, []string(f.Details))
	}
}

func TestProofThatTheConfigurationIsNotTheCause(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-26", "2026-02-26")
	moveRules("SIP_LON", "SIP_LONDON")(s)
	s.exec("update _data.issued_file set value = value + 5 where file = '" + daily + "'")
	found := of(s.audit(false), "number_differs")
	require.Len(t, found, 1)
	require.Contains(t, found[0].What, "so that they do not explain it")
}

func TestProgramThatChanged(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-26", "2026-02-26")
	s.replace(s.out(daily+suffix), s.ask("select sql_sha256 from _data.computation"), "ab")
	seal := func() {
		sum := sha256.Sum256(must.Have(os.ReadFile(s.out(daily + suffix)))(t))
		s.exec("update _data.issued_file set manifest_sha256 = '" + hex.EncodeToString(sum[:]) + "' where file = '" + daily + "'")
	}
	seal()
	alone(t, s.audit(false), "moved_without_effect") // other statements, the same number

	s.replace(s.out(daily+suffix), `"value": `, `"value": 1`)
	s.exec("update _data.issued_file set value = ('1' || value)::bigint where file = '" + daily + "'")
	seal()
	only(t, s.audit(false), "program_moved")
}

func TestSettingWithoutEffectIsARemark(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-26", "2026-02-26")
	moveRules(`"TEST*"`, `"NOBODY*","TEST*"`)(s)
	found := s.audit(false)
	require.Len(t, found, 1)
	require.True(t, found[0].IsRemark())
	require.Equal(t, "moved_without_effect", found[0].Rule)
	require.Equal(t, []string{`is:  exclude_agents: "NOBODY*"`}, []string(found[0].Details))
}

func TestSourceThatChanged(t *testing.T) {
	t.Parallel()
	clean := simulate(t, "2026-02-26", "2026-02-26")
	peak := clean.ask("select peak_ts::varchar from _data.daily_concurrent where day = '2026-02-26' and region = 'US' and location is null")
	key := clean.ask("select sm_res_session_fact_key::varchar from _data.qualifying_session where day = '2026-02-26' and region = 'US' and start_ts <= " + peak + " and end_ts > " + peak + " order by all limit 1")
	agent := clean.ask("select agent from _data.qualifying_session where sm_res_session_fact_key = " + key)
	at := must.Have(strconv.ParseInt(peak, 10, 64))(t)

	clean.spoilt(t, "a session at the peak is gone", func(t *testing.T, s *site) {
		s.editExport("sm_res_session_fact", "from t where sm_res_session_fact_key <> '"+key+"'")
		before := must.Have(os.ReadFile(s.path("var", "acme.duckdb")))(t)
		found := s.audit(true)
		only(t, found, "source_number")
		require.Contains(t, found[0].What, "1 session removed in the source")
		require.Contains(t, found[0].What, "would be")
		require.Contains(t, found[0].Details[0], "agent "+agent+" in US: ")
		require.Contains(t, found[0].Details[0], "not in the peak")
		require.Equal(t, before, must.Have(os.ReadFile(s.path("var", "acme.duckdb")))(t), "the audit changes nothing")
		require.Empty(t, s.audit(false), "and sees nothing without --source")

		require.ErrorContains(t, s.run("2026-02-26", "2026-02-26", "", true).Err, "revision 1 was issued")
		require.Len(t, of(s.audit(false), "slice_moved"), 1, "a day read again and not issued")
		require.NoError(t, s.run("2026-02-26", "2026-02-26", "late correction", true).Err)
		only(t, s.audit(true)) // restated, all is well again
	})
	clean.spoilt(t, "a session ends before the peak", func(t *testing.T, s *site) {
		ended := fmt.Sprintf("case when sm_res_session_fact_key = '%s' then '%d' else end_ts end", key, at-1)
		s.editExport("sm_res_session_fact", "select * replace ("+ended+" as end_ts) from t")
		found := s.audit(true)
		only(t, found, "source_number")
		require.Contains(t, found[0].What, "1 session changed in the source")
	})
	clean.spoilt(t, "an attempt is renamed, and no number moves", func(t *testing.T, s *site) {
		leg := s.ask("select activity_key::varchar from _data.ocs_activity where day = '2026-02-26' and kind = 'leg' order by all limit 1")
		s.editExport("irf_user_data_gen_1",
			"select * replace (case when interaction_resource_id = '"+leg+"' then 'OTHER' else gsw_call_attempt_guid end as gsw_call_attempt_guid) from t")
		found := alone(t, s.audit(true), "source_rows")
		require.Contains(t, found.What, "1 activity changed in the source; every daily number stays")
	})
	clean.spoilt(t, "the source has purged the day", func(t *testing.T, s *site) {
		s.editExport("sm_res_session_fact", "from t limit 0")
		alone(t, s.audit(true), "source_gone")
	})
}

func TestMonth(t *testing.T) {
	t.Parallel()
	clean := simulate(t, "2026-02-01", "2026-02-28", "2026-02")
	require.Empty(t, clean.audit(false), "a clean month has neither findings nor remarks")

	clean.spoilt(t, "a number of the month is changed", func(t *testing.T, s *site) {
		s.exec("update _data.monthly_enabled set agents = 1 where region = 'US'")
		only(t, s.audit(false), "results_changed", "day_over_month")
	})
	clean.spoilt(t, "the month was issued over a gap", func(t *testing.T, s *site) {
		for _, table := range []string{"slice", "slice_span", "voice_session", "ocs_activity", "agent", "duplicate_key"} {
			s.exec("delete from _data." + table + " where day between '2026-02-11' and '2026-02-12'")
		}
		found := s.audit(false)
		only(t, found, "missing_day", "month_over_gap")
		require.Equal(t, "2026-02-11 to 2026-02-12", found[0].Period)
	})
	clean.spoilt(t, "the rows of the month were dropped with age", func(t *testing.T, s *site) {
		for _, table := range []string{"slice", "slice_span", "voice_session", "ocs_activity", "agent", "duplicate_key", "qualifying_session", "concurrency"} {
			s.exec("delete from _data." + table)
		}
		found := alone(t, s.audit(false), "aged_month")
		require.Equal(t, "2026-02", found.Period)
	})
	clean.spoilt(t, "a peak far from its weekday's", func(t *testing.T, s *site) {
		s.exec("update _data.daily_concurrent set agents = 0 where day <= '2026-02-21'",
			"insert into _data.daily_concurrent select day - 28, region, location, agents, peak_ts, peak_seconds, state from _data.daily_concurrent where day <= '2026-02-21'",
			"update _data.daily_concurrent set agents = 100 where day = '2026-02-25' and region = 'US' and location is null")
		jumps := of(s.audit(false), "jump")
		require.Len(t, jumps, 1)
		require.Equal(t, "2026-02-25", jumps[0].Period)
		require.True(t, jumps[0].IsRemark())
	})
	clean.spoilt(t, "an agent less in the source", func(t *testing.T, s *site) {
		key := s.ask("select min(resource_key)::varchar from _data.qualifying_session where region = 'EU'")
		s.editExport("sm_res_session_fact", "from t where resource_key <> '"+key+"'")
		monthly := func(f audit.Finding) bool { return f.Period == "2026-02" && f.Region == "EU" }
		found := of(s.audit(true), "source_number")
		require.NotEmpty(t, found)
		last := found[len(found)-1]
		require.True(t, monthly(last), "%+v", last)
		require.Len(t, last.Details, 1)
		require.Contains(t, last.Details[0], "is counted no more")
	})
}

func TestRemarks(t *testing.T) {
	t.Parallel()
	t.Run("a day that stayed provisional", func(t *testing.T) {
		s := simulate(t, "2026-02-25", "2026-02-25")
		s.replace(s.path("seats.yaml"), "globals: {", "globals: {settle_hours: 999, ")
		s.run("2026-02-26", "2026-02-26", "", false)
		found := of(s.audit(false), "provisional")
		require.Len(t, found, 1)
		require.Equal(t, "2026-02-26", found[0].Period)
	})
	t.Run("files taken over by a store made anew", func(t *testing.T) {
		s := simulate(t, "2026-02-25", "2026-02-25")
		s.now = s.now.Add(time.Hour)
		require.NoError(t, os.Remove(s.path("var", "acme.duckdb")))
		s.run("2026-02-25", "2026-02-25", "", false)
		found := alone(t, s.audit(false), "adopted_file")
		require.Len(t, found.Details, 2)
	})
}

func TestBlockedNumberInAFile(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-25", "2026-02-25")
	s.replace(s.out("CNT_US_PES_SEATS_OUTBOUND_acme_20260225.csv"+suffix), `"rule": "unmapped_switch",
      "count": 0`, `"rule": "unmapped_switch",
      "count": 3`)
	require.Len(t, of(s.audit(false), "issued_though_blocked"), 1)
}

func TestRefusedRunIsInTheLedger(t *testing.T) {
	t.Parallel()
	s := simulate(t, "2026-02-25", "2026-02-25")
	require.Error(t, s.run("2026-03-05", "2026-03-05", "", true).Err, "the source is not complete for it")
	require.Equal(t, "4", s.ask("select exit_code::varchar from _data.run where run_id = 2"))
	require.Contains(t, s.ask("select message from _data.run where run_id = 2"), "not ready")
	require.Empty(t, s.audit(false))
}

func TestNothingToAudit(t *testing.T) {
	s := &site{t: t, dir: t.TempDir()}
	s.write("seats.yaml", must.Text(t, "testdata/seats.yaml"))
	require.ErrorIs(t, must.Err(s.audited(false)), store.ErrMissing)
}

// site is a tenant with a simulated GIM, whose month has been issued.
type site struct {
	t   *testing.T
	dir string
	now time.Time
}

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
		made.dir = must.Have(os.MkdirTemp("", "audit-*"))(t)
	}
	s := &site{t: t, dir: filepath.Join(made.dir, name), now: time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)}
	require.NoError(t, os.Mkdir(s.dir, 0o700))
	s.write("seats.yaml", must.Text(t, "testdata/seats.yaml"))
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
		Tenant: s.tenant(), Clock: func() time.Time { return s.now }, Version: "test", Log: must.Quiet{}}
	first, last := must.Date(s.t, from), must.Date(s.t, to)
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

// audit gives every finding and remark.
func (s *site) audit(source bool) []audit.Finding { return must.Have(s.audited(source))(s.t).Findings }

func (s *site) audited(source bool) (audit.Summary, error) {
	return audit.Audit{Tenant: s.tenant(), Source: source, Clock: func() time.Time { return s.now }, Log: must.Quiet{}}.Do(context.Background())
}

// copy is the same site in a folder of its own, to be spoilt.
func (s *site) copy(t *testing.T) *site {
	c := &site{t: t, dir: t.TempDir(), now: s.now}
	require.NoError(t, os.CopyFS(c.dir, os.DirFS(s.dir)))
	return c
}

// spoilt is a test of a copy of the site.
func (s *site) spoilt(t *testing.T, name string, test func(*testing.T, *site)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		test(t, s.copy(t))
	})
}

// exec changes the store behind the program's back.
func (s *site) exec(statements ...string) {
	db := must.Have(duck.Open(s.path("var", "acme.duckdb"), duck.Options{}))(s.t)
	for _, statement := range statements {
		require.NoError(s.t, must.Err(db.Exec(statement)), statement)
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
func only(t *testing.T, found []audit.Finding, rules ...string) {
	var got []string
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

// alone wants one finding and no other, of the rule.
func alone(t *testing.T, found []audit.Finding, rule string) audit.Finding {
	require.Len(t, found, 1)
	require.Equal(t, rule, found[0].Rule)
	return found[0]
}

// of picks the findings of a rule.
func of(found []audit.Finding, rule string) []audit.Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f audit.Finding) bool { return f.Rule != rule })
}
