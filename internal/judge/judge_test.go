package judge_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/job"
	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/judge"
	"seats/internal/must"
	"seats/internal/pgtest"
)

// quiet is a log that nobody reads.
type quiet struct{}

func (quiet) Info(string, ...any) {}
func (quiet) Warn(string, ...any) {}
func (quiet) Start(string)        {}
func (quiet) Add(int64)           {}
func (quiet) Stop()               {}
func (quiet) Expect(int64)        {}

// What both computations share, the slice, has a judge that has none: it asks the GIM itself.
func TestR12TheSliceIsCutAsTheRulesSay(t *testing.T) {
	for seed := range uint64(18) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, seed)
			require.Equal(t, s.answer(t, s.highWater(t)), lines(computed(t, s.tenant, s.day)), "from the GIM DB")
			require.Equal(t, s.answer(t, s.sim.HighWater()), lines(computed(t, s.exported(t), s.day)), "from its export")
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
	want := must.Have(judge.Ask(s.tenant, month, s.highWater(t)).EnabledAgents(t.Context(), s.db.Conn))(t)

	failed := run(t, s.tenant, month.Days(), month)
	db := open(t, s.tenant)
	result, err := compute.LoadMonth(t.Context(), db, s.tenant, month)
	require.NoError(t, err, "%v", failed)
	requireFailure(t, failed, result.Blocked())
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
	s := &site{db: pgtest.Schema(t), day: date(t, p.day), keyed: true}
	s.fill(t, troubled(t, r, p, s.day.AddDays(-2), 4))
	s.tenant = s.settings(t, r, p)
	s.tenant.SessionEnd = config.SessionEndExclusive
	question := judge.Ask(s.tenant, s.day, s.highWater(t))
	all := must.Have(question.Answer(t.Context(), s.db.Conn))(t)
	regions := must.Have(question.RegionPeaks(t.Context(), s.db.Conn))(t)
	require.Equal(t, slices.DeleteFunc(all.Peaks, func(p judge.Peak) bool { return p.Location != "" }), regions)
}

// lines say an answer number by number, for a difference to be read.
func lines(a judge.Answer) []string {
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
		Clock: func() time.Time { return time.Unix(2_000_000_000, 0) }, Log: quiet{}}
	return j.Do(t.Context()).Err
}

// computed is what seats makes of a day, as the judge would say it.
func computed(t *testing.T, tenant config.Tenant, day calendar.Date) (a judge.Answer) {
	failed := run(t, tenant, []calendar.Date{day})
	db := open(t, tenant)
	results, err := compute.Load(t.Context(), db, must.Have(compute.Look(t.Context(), db, tenant, day))(t))
	require.NoError(t, err, "%v", failed)
	result := results[0]
	for _, p := range result.Peaks {
		a.Peaks = append(a.Peaks, judge.Peak{Region: p.Region, Location: p.Location, Agents: p.Agents, At: p.PeakTS, Seconds: p.PeakSeconds})
	}
	slices.SortFunc(a.Peaks, func(p, q judge.Peak) int {
		return cmp.Or(cmp.Compare(p.Region, q.Region), cmp.Compare(p.Location, q.Location))
	})
	for _, q := range result.Quality {
		if slices.Contains(doubts, q.Rule) {
			a.Doubts = append(a.Doubts, judge.Doubt{Rule: q.Rule, Count: q.Count})
		}
	}
	requireFailure(t, failed, result.Blocked())
	a.Seats = all[judge.Seat](t, db, `select region, location, agent, sm_res_session_fact_key, start_date_time_key, start_ts, end_ts, activities
		from _data.qualifying_session order by region, location, sm_res_session_fact_key, start_date_time_key`,
		func(s *judge.Seat) []any {
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
func enabled(t *testing.T, db *sql.DB) []judge.Enabled {
	return all[judge.Enabled](t, db, "select distinct region, agent from _data.qualifying_session order by region, agent",
		func(e *judge.Enabled) []any { return []any{&e.Region, &e.Agent} })
}

// requireCounts wants each region's number to be that of the agents listed.
func requireCounts(t *testing.T, listed []judge.Enabled, counts []compute.Enabled) {
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
