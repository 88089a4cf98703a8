package judge

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/gimsim/sim"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
)

// What both computations share, the slice, has a judge that has none: it asks the GIM itself.
func TestR12TheSliceIsCutAsTheRulesSay(t *testing.T) {
	for seed := range uint64(18) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, seed)
			require.Equal(t, s.answer(t, s.highWater(t)), lines(computed(t, s.tenant, s.day)), "from the GIM DB")
			require.Equal(t, s.answer(t, s.sim.HighWater.Unix()), lines(computed(t, s.exported(t), s.day)), "from its export")
		})
	}
}

// A month's agents are those of its days (R9); the judge asks for the month as a whole.
func TestR9TheAgentsOfAMonthAreThoseOfItsDays(t *testing.T) {
	r, p := rand.New(rand.NewPCG(1, 0)), places[0]
	month := calendar.Month{Year: 2026, Month: 2}
	s := &site{db: pgtest.Schema(t), keyed: true}
	o := troubled(t, r, p, month.First().AddDays(-1), 30)
	o.Agents, o.Presence, o.OCSSessions = 12, 0.5, 0.1
	s.fill(t, o)
	s.makeOdd(t)
	s.tenant = s.settings(t, r, p)
	s.addEdges(t, month.First(), 200_000)
	s.addEdges(t, month.Last(), 300_000)
	want := must.Have(Ask(s.tenant, wholeMonth{month}, s.highWater(t)).EnabledAgents(t.Context(), s.db.Conn))(t)

	failed := run(t, s.tenant, month.Days(), month)
	db := open(t, s.tenant)
	result, err := compute.LoadMonth(t.Context(), db, s.tenant, month)
	require.NoError(t, err, "%v", failed)
	requireFailure(t, failed, len(compute.Blocking(result.Quality)) > 0)
	require.Equal(t, want, enabled(t, db))
	var counts []compute.Enabled
	for _, r := range result.Regions {
		counts = append(counts, r.Enabled)
	}
	requireCounts(t, want, counts)
}

// The statement that the benchmark times knows less, and is quicker.
func TestBothOfTheJudgesStatementsAgreeOnACleanGIM(t *testing.T) {
	r, p := rand.New(rand.NewPCG(2, 0)), places[0]
	s := &site{db: pgtest.Schema(t), day: must.Date(t, p.day), keyed: true}
	s.fill(t, troubled(t, r, p, s.day.AddDays(-2), 4))
	s.tenant = s.settings(t, r, p)
	s.tenant.SessionEnd = config.SessionEndExclusive
	question := Ask(s.tenant, s.day, s.highWater(t))
	all := must.Have(question.Answer(t.Context(), s.db.Conn))(t)
	regions := must.Have(question.RegionPeaks(t.Context(), s.db.Conn))(t)
	require.Equal(t, slices.DeleteFunc(all.Peaks, func(p Peak) bool { return p.Location != "" }), regions)
}

// lines say an answer number by number, for a difference to be read.
func lines(a Answer) []string {
	var said []string
	for _, d := range a.Doubts {
		said = append(said, fmt.Sprintf("doubt %+v", d))
	}
	for _, p := range a.Peaks {
		said = append(said, fmt.Sprintf("peak %+v", p))
	}
	for _, s := range a.Seats {
		said = append(said, fmt.Sprintf("seat %+v", s))
	}
	for _, e := range a.Enabled {
		said = append(said, fmt.Sprintf("enabled %+v", e))
	}
	return said
}

// doubts are the data-quality rules that the judge knows.
var doubts = []string{"agent_without_employee_id", "excluded_agent", "open_session", "orphan_activity", "unmapped_switch"}

// run takes a tenant through the stages that make numbers.
func run(t *testing.T, tenant config.Tenant, days []calendar.Date, months ...calendar.Month) error {
	j := job.Job{Plan: job.Plan{Command: "compute", Steps: []string{job.Extract, job.Compute}, Days: days, Months: months}, Tenant: tenant,
		Clock: func() time.Time { return time.Unix(2_000_000_000, 0) }, Log: must.Quiet{}}
	return j.Do(t.Context()).Err
}

// computed is what seats makes of a day, as the judge would say it.
func computed(t *testing.T, tenant config.Tenant, day calendar.Date) (a Answer) {
	failed := run(t, tenant, []calendar.Date{day})
	db := open(t, tenant)
	results, err := compute.Load(t.Context(), db, must.Have(compute.Look(t.Context(), db, tenant, day))(t))
	require.NoError(t, err, "%v", failed)
	result := results[0]
	for _, p := range result.Peaks {
		a.Peaks = append(a.Peaks, Peak{Region: p.Region, Location: p.Location, Agents: p.Agents, At: p.PeakTS, Seconds: p.PeakSeconds})
	}
	slices.SortFunc(a.Peaks, func(p, q Peak) int {
		return cmp.Or(cmp.Compare(p.Region, q.Region), cmp.Compare(p.Location, q.Location))
	})
	for _, q := range result.Quality {
		if slices.Contains(doubts, q.Rule) {
			a.Doubts = append(a.Doubts, Doubt{Rule: q.Rule, Count: q.Count})
		}
	}
	requireFailure(t, failed, len(compute.Blocking(result.Quality)) > 0)
	a.Seats = all[Seat](t, db, `select region, location, agent, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts, activities
		from _data.qualifying_session order by region, location, sm_res_session_fact_key, start_date_time_key`,
		func(s *Seat) []any {
			return []any{&s.Region, &s.Location, &s.Agent, &s.SessionKey, &s.StartKey, &s.Start, &s.Until, &s.Activities}
		})
	a.Enabled = enabled(t, db)
	requireCounts(t, a.Enabled, result.Enabled)
	return a
}

// requireFailure wants a run to have failed only where a blocking rule found something; its results are there all the same.
func requireFailure(t *testing.T, failed error, blocked bool) {
	if blocked {
		require.Equal(t, fail.Quality, fail.CodeOf(failed), "%v", failed)
		return
	}
	require.NoError(t, failed)
}

// open reads a published store.
func open(t *testing.T, tenant config.Tenant) *sql.DB {
	db := must.Have(duck.Open(tenant.StorePath(), duck.Options{ReadOnly: true}))(t)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// enabled are the agents of all days of a store.
func enabled(t *testing.T, db *sql.DB) []Enabled {
	return all[Enabled](t, db, "select distinct region, agent from _data.qualifying_session order by region, agent",
		func(e *Enabled) []any { return []any{&e.Region, &e.Agent} })
}

// requireCounts wants each region's number to be that of the agents listed.
func requireCounts(t *testing.T, listed []Enabled, counts []compute.Enabled) {
	require.Len(t, counts, 2, "regions")
	in := map[string]int64{}
	for _, e := range listed {
		in[e.Region]++
	}
	for _, c := range counts {
		require.Equal(t, in[c.Region], c.Agents, c.Region)
	}
}

// all reads the rows of a query.
func all[T any](t *testing.T, db *sql.DB, query string, fields func(*T) []any) []T {
	rows := must.Have(db.QueryContext(t.Context(), query))(t)
	defer rows.Close() //nolint:errcheck // read to the end
	found := []T{}
	for rows.Next() {
		var row T
		require.NoError(t, rows.Scan(fields(&row)...))
		found = append(found, row)
	}
	require.NoError(t, rows.Err())
	return found
}

// site is a tenant with a GIM in PostgreSQL, and with an export of the same rows.
type site struct {
	db     *pgtest.DB
	sim    *sim.Simulation
	tenant config.Tenant
	day    calendar.Date
	keyed  bool // the GIM has primary keys
}

// place is a day on which the clocks may do something, and the zones of two regions.
type place struct{ day, west, east string }

var places = []place{
	{"2026-03-08", "America/New_York", "Europe/London"},       // 23 hours in one region
	{"2025-11-02", "America/New_York", "Asia/Kolkata"},        // 25 hours in one region
	{"2026-03-10", "Pacific/Pago_Pago", "Pacific/Kiritimati"}, // days an hour apart
	{"2018-11-04", "America/Sao_Paulo", "Europe/Paris"},       // midnight does not exist in one region
	{"2011-12-30", "Pacific/Honolulu", "Pacific/Apia"},        // the date does not exist in one region
	{"2026-04-05", "America/St_Johns", "Australia/Lord_Howe"}, // 24 and a half hours in one region
}

// newSite is another one for every seed, with everything odd that there is. The places go round; the settings are drawn.
// Every third GIM is not complete up to the end of the day.
func newSite(t *testing.T, seed uint64) *site {
	r, p := rand.New(rand.NewPCG(seed, 0)), places[seed%uint64(len(places))]
	s := &site{db: pgtest.Schema(t), day: must.Date(t, p.day), keyed: r.IntN(2) == 0}
	o := troubled(t, r, p, s.day.AddDays(-2), 4)
	o.Tenants = 1 + r.IntN(2)
	if r.IntN(3) == 0 {
		o.HighWater = time.Unix(s.day.In(time.UTC).Start+r.Int64N(36*3600), 0)
	}
	s.fill(t, o)
	s.tenant = s.settings(t, r, p)
	if o.Tenants == 2 && r.IntN(3) > 0 {
		own := int64(1)
		s.tenant.TenantKey = &own
	}
	s.makeOdd(t)
	s.addEdges(t, s.day, 200_000)
	if !s.keyed {
		s.addCopies(t)
	}
	return s
}

// troubled is a simulation of everything that goes wrong, at high rates.
func troubled(t *testing.T, r *rand.Rand, p place, from calendar.Date, days int) (o sim.Options) {
	switches := fmt.Sprintf("--switches=WEST_1=%[1]s,WEST_2=%[1]s,EAST_1=%[2]s,EAST_2=%[2]s", p.west, p.east)
	must.Have(kong.Must(&o).Parse([]string{"--from", from.String(), switches}))(t)
	o.Seed, o.Days, o.Agents, o.Interactions = r.Uint64(), days, 40, false
	o.LegsPerHour, o.OCSShare, o.OCSSessions, o.OCSLegs = 1.5, 0.8, 0.6, 0.4
	o.Rates = sim.Rates{
		Open: 0.1, Stuck: 0.03, Overlapping: 0.1, Broken: 0.05, ZeroLength: 0.05, Long: 0.05, Corrected: 0.1, Late: 0.1,
		Orphan: 0.3, Stray: 0.3, OtherMedia: 0.4, Transfers: 0.1, NoEmployeeID: 0.1, TwoKeys: 0.3, TestAgents: 0.1,
		Roaming: 0.4, UnknownSwitch: 0.1, UnlistedSwitch: 0.1,
	}
	return o
}

// fill makes the GIM.
func (s *site) fill(t *testing.T, o sim.Options) {
	s.sim = must.Have(sim.New(o))(t)
	if !s.keyed {
		s.db.Exec(t, gimschema.Tables)
	}
	must.Have(s.sim.Load(t.Context(), sim.Target{DSN: s.db.ConnString(), Schema: s.db.Schema, Create: s.keyed}))(t)
}

// settings are the tenant's configuration.
func (s *site) settings(t *testing.T, r *rand.Rand, p place) config.Tenant {
	return config.Tenant{
		Name: "acme", DataDir: t.TempDir(), Zone: time.UTC, Readiness: config.ReadinessOff, SettleHours: 1,
		Engine:          config.Engine{MemoryLimit: 500e6, Threads: 1},
		MaxSessionHours: pick(r, 3, 5, 11, 30, 48),
		SessionEnd:      pick(r, config.SessionEndExclusive, config.SessionEndInclusive),
		ExcludeAgents:   pick(r, nil, []string{"TEST*"}, []string{"TEST*", "?0000?1", "agent00001*.com"}, []string{"E%", "E_____7"}),
		Regions:         regions(t, p, r.IntN(3)),
		GIM: &config.GIMDB{Host: s.db.Host, Port: s.db.Port, Database: s.db.Database, Schema: s.db.Schema, User: s.db.User,
			SSLMode: "disable", Connections: 1 + r.IntN(3), StatementTimeout: time.Minute, RetiredAfterDays: 7},
	}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// regions are two, one of which may have the default location.
func regions(t *testing.T, p place, withDefault int) []config.Region {
	zone := func(name string) *time.Location { return must.Zone(t, name) }
	regions := []config.Region{
		{Name: "WEST", Zone: zone(p.west), Locations: []config.Location{{Name: "w1", Switches: []string{"WEST_1"}}, {Name: "w2", Switches: []string{"WEST_2", "WEST_3"}}}},
		{Name: "EAST", Zone: zone(p.east), Locations: []config.Location{{Name: "e1", Switches: []string{"EAST_1"}}}},
	}
	if withDefault < len(regions) {
		r := &regions[withDefault]
		r.Locations = append(r.Locations, config.Location{Name: "other"})
	}
	return regions
}

// highWater is up to when the GIM is complete, as the judge has it; its export is up to what the name says.
func (s *site) highWater(t *testing.T) int64 {
	return must.Have(HighWater(t.Context(), s.db.Conn))(t)
}

// answer is the judge's, of the day.
func (s *site) answer(t *testing.T, mark int64) []string {
	return lines(must.Have(Ask(s.tenant, s.day, mark).Answer(t.Context(), s.db.Conn))(t))
}

// exported gives the tenant the export in place of the GIM: the simulation's own, in increments that correct each other,
// and a last one of the rows that were added and changed since.
func (s *site) exported(t *testing.T) config.Tenant {
	dir := filepath.Join(t.TempDir(), "exports")
	must.Have(s.sim.Export(t.Context(), dir, sim.Layout{Increments: 3, Header: "Mixed", ExtraColumns: true, CRLF: true, Resent: 0.2, Duplicated: 0.2}))(t)
	mark := time.Unix(s.sim.HighWater.Unix(), 0).UTC().Format("2006_01_02_15_04_05")
	last := filepath.Join(dir, fmt.Sprintf("export_%d_%s", changedFrom, mark))
	require.NoError(t, os.Mkdir(last, 0o700))
	for _, table := range []string{"media_type", "dialing_mode", "resource_"} {
		s.dump(t, last, table, "true")
	}
	for _, table := range facts {
		s.dump(t, last, table, fmt.Sprintf("update_audit_key >= %d", changedFrom))
	}
	tenant := s.tenant
	tenant.Name, tenant.GIM, tenant.ExportDir = "exported", nil, dir
	return tenant
}

func (s *site) dump(t *testing.T, dir, table, where string) {
	f := must.Have(os.Create(filepath.Join(dir, table+".csv")))(t)
	must.Have(s.db.Conn.PgConn().CopyTo(t.Context(), f, "copy (select * from "+table+" where "+where+") to stdout (format csv, header)"))(t)
	require.NoError(t, f.Close())
}

// facts are the tables that an export carries in increments.
var facts = []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"}

// changedFrom is the least update_audit_key of rows that are not the simulation's any more: whatever changes a fact raises
// its key by so much.
const changedFrom = int64(100_000_000_000)

// makeOdd does what the simulator does not, and cutting a slice must bear: testdata/odd, in the order of names. Which rows
// are struck depends on their keys alone; keys of new rows begin above all others.
func (s *site) makeOdd(t *testing.T) {
	files := must.Have(filepath.Glob("testdata/odd/*.sql"))(t)
	require.NotEmpty(t, files)
	for _, f := range files {
		require.NoError(t, must.Err(s.db.Conn.Exec(t.Context(), must.Text(t, f))), f)
	}
}

// addEdges adds sessions that begin or end a second before, at and after the bounds of each region's day, and that begin as far
// before the day as sessions are looked for; each of an agent of its own, with a call or a preview in it. Keys begin at first.
func (s *site) addEdges(t *testing.T, day calendar.Date, first int) {
	var logins []calendar.Interval
	begin := int64(math.MaxInt64)
	for _, r := range s.tenant.Regions {
		span := day.In(r.Zone)
		if span.Seconds() > 0 {
			begin = min(begin, span.Start)
		}
		for off := int64(-1); off <= 1; off++ {
			for _, bound := range []int64{span.Start, span.End} {
				logins = append(logins, calendar.Interval{Start: bound + off, End: bound + 3000}, calendar.Interval{Start: bound - 3000, End: bound + off})
			}
		}
	}
	for off := int64(-1); off <= 1; off++ {
		logins = append(logins, calendar.Interval{Start: begin - int64(s.tenant.MaxSessionHours)*3600 + off, End: begin + 500})
	}
	call := `
			insert into interaction_resource_fact values (%[1]d, %[3]d, 0, 1, 1, 1, 0, 0, %[1]d, 102, 0, %[6]d, %[6]d + 20, 0, 1, 100000000000);
			insert into irf_user_data_gen_1 values (%[1]d, %[3]d, 1, 1, 100000000000, null, 'X')`
	preview := `
			insert into contact_attempt_fact values (%[1]d, 1, 1, 100000000000, 1, %[3]d, 0, 3, 0, %[1]d, 'X', null, %[6]d, %[6]d + 20)`
	for i, l := range logins {
		work := []string{call, preview}[i/4%2] // of each kind of login some have the one, and some the other
		s.db.Exec(t, fmt.Sprintf(`
			insert into resource_ (resource_key, tenant_key, resource_type_code, resource_name, employee_id) values (%[1]d, 1, 'AGENT', 'edge', 'X%[1]d');
			insert into sm_res_session_fact values (%[1]d, %[2]d, 0, 1, 1, %[1]d, 0, 1, 100000000000, %[4]d, %[5]d, 0, 0, 0, 0);`+work,
			first+i, quarter(l.Start), quarter(l.Start+10), l.Start, l.End, l.Start+10))
	}
}

func quarter(ts int64) int64 { return ts - ts%900 }

// addCopies adds older copies of rows, as views of a GIM's history would: GIM writes a session or a leg when it begins, and
// what is attached may change.
func (s *site) addCopies(t *testing.T) {
	for _, c := range []struct{ table, key, older string }{
		{"sm_res_session_fact", "sm_res_session_fact_key", "active_flag = sm_res_session_fact_key / 4 % 2, end_ts = end_ts - 5000"},
		{"interaction_resource_fact", "interaction_resource_id", "active_flag = 1, end_ts = null"},
		{"irf_user_data_gen_1", "interaction_resource_id + 1", "gsw_call_attempt_guid = case when gsw_call_attempt_guid <> '' then null else 'old' end"},
		{"contact_attempt_fact", "contact_attempt_fact_key", "end_ts = end_ts + 5000"},
	} {
		s.db.Exec(t, fmt.Sprintf(`
			create temp table copy as select * from %[1]s where (%[2]s) %% 4 = 1;
			update copy set update_audit_key = update_audit_key - 1, %[3]s;
			insert into %[1]s select * from copy;
			drop table copy`, c.table, c.key, c.older))
	}
}
