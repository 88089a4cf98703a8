package compute

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
)

// blockingRule is the data-quality rule that keeps a tenant's numbers from being issued (R11).
const blockingRule = "unmapped_switch"

type step struct {
	calendar.Interval
	agents, sessions int64
}

type agentOf struct{ Region, Agent string }

type sets map[string]map[string]bool

// compareDays holds what the SQL engine has just stored against the sweep (R12): every second of every scope,
// the peaks, the sets of agents, and what has nowhere to go. The first difference comes back as a *DifferenceError.
func compareDays(ctx context.Context, conn *sql.Conn, tx *sql.Tx, stored []DayResult, swept []*sweep.Result) error {
	days := make([]calendar.Date, len(stored))
	for i, r := range stored {
		days[i] = r.Day
	}
	scopes, noScopes := duck.All[struct {
		No               int64
		Day              calendar.Date
		Region, Location string
	}](ctx, tx, "count/scope_list")
	steps, noSteps := readSteps(ctx, conn)
	agentsOn, noAgents := duck.By[calendar.Date, agentOf](ctx, tx, "count/enabled_agent", duck.Days(days...))
	if err := cmp.Or(noScopes, noSteps, noAgents); err != nil {
		return err
	}
	curves := map[onDay][]step{}
	for _, s := range scopes {
		curves[onDay{s.Day, s.Region, s.Location}] = steps[s.No]
	}
	for i, r := range stored {
		if len(r.Peaks) != len(swept[i].Scopes()) {
			return fmt.Errorf("compare %s: %d peaks stored for %d scopes", r.Day, len(r.Peaks), len(swept[i].Scopes()))
		}
		for no, scope := range swept[i].Scopes() {
			if err := compareScope(r.Day, scope, curves[onDay{r.Day, scope.Region, scope.Location}], r.Peaks[no], swept[i].Curve(no)); err != nil {
				return err
			}
		}
		if err := compareEnabled(r.Day.String(), agentsOn[r.Day], r.Enabled, enabledOf(swept[i])); err != nil {
			return err
		}
		// It decides whether anything is issued.
		at := slices.IndexFunc(r.Quality, func(q settle.Quality) bool { return q.Rule == blockingRule })
		if at < 0 {
			return fmt.Errorf("compare %s: no count of %s is stored", r.Day, blockingRule)
		}
		if n, swept := r.Quality[at].Count, swept[i].Unmapped(); n != swept {
			return &DifferenceError{Period: r.Day.String(), Scope: "every region", What: blockingRule, SQL: fmt.Sprint(n), Sweep: fmt.Sprint(swept)}
		}
	}
	return nil
}

// readSteps reads the stored curves of the days by the number of their scope.
func readSteps(ctx context.Context, conn *sql.Conn) (map[int64][]step, error) {
	steps := map[int64][]step{}
	err := duck.Chunks(ctx, conn, "count/curve", func(c duck.Chunk) error {
		scopes, starts, ends := integers(c, 0), integers(c, 1), integers(c, 2)
		agents, sessions := integers(c, 3), integers(c, 4)
		for from, to := 0, 0; from < c.Size; from = to {
			of := steps[scopes[from]]
			for to = from; to < c.Size && scopes[to] == scopes[from]; to++ {
				of = append(of, step{calendar.Interval{Start: starts[to], End: ends[to]}, agents[to], sessions[to]})
			}
			steps[scopes[from]] = of
		}
		return nil
	})
	return steps, err
}

// compareScope checks that the stored steps follow one another through the whole day and have the sweep's numbers
// in every second, and that the stored peak is its highest.
func compareScope(day calendar.Date, scope rule.Scope, stored []step, peak Peak, curve sweep.Curve) error {
	differs := func(what string, second int64, bySQL, bySweep any) error {
		return &DifferenceError{Period: day.String(), Scope: scope.String(), What: what, Second: second, SQL: fmt.Sprint(bySQL), Sweep: fmt.Sprint(bySweep)}
	}
	at := scope.Day.Start
	for _, s := range stored {
		if s.Start != at || s.End <= s.Start || s.End > scope.Day.End {
			return differs("a step of the curve", at, fmt.Sprintf("one from %d to %d", s.Start, s.End), "none that does not begin here or leaves the day")
		}
		for ; at < s.End; at++ {
			second := at - scope.Day.Start
			if n := int64(curve.Agents[second]); n != s.agents {
				return differs("agents", at, s.agents, n)
			}
			if n := int64(curve.Sessions[second]); n != s.sessions {
				return differs("sessions", at, s.sessions, n)
			}
		}
	}
	if at != scope.Day.End {
		return differs("the curve", at, "ends", "goes on")
	}
	swept := peakOf(scope, curve)
	switch {
	case peak.Agents != swept.Agents:
		return differs("agents at the peak", swept.PeakTS, peak.Agents, swept.Agents)
	case peak.PeakTS != swept.PeakTS:
		return differs("first second of the peak", swept.PeakTS, peak.PeakTS, swept.PeakTS)
	case peak.PeakSeconds != swept.PeakSeconds:
		return differs("seconds at the peak", swept.PeakTS, peak.PeakSeconds, swept.PeakSeconds)
	}
	return nil
}

// peakOf places the peak of a curve in time.
func peakOf(scope rule.Scope, curve sweep.Curve) Peak {
	p := Peak{Region: scope.Region, Location: scope.Location}
	if top := curve.Peak(); top.Agents > 0 {
		p.Agents, p.PeakTS, p.PeakSeconds = top.Agents, scope.Day.Start+top.Second, top.Seconds
	}
	return p
}

// compareEnabled compares the stored agents with the sweep's sets by region, and their stored numbers with the sizes of these.
func compareEnabled(period string, stored []agentOf, counts []Enabled, swept sets) error {
	differs := func(region, what, agent, bySQL, bySweep string) error {
		return &DifferenceError{Period: period, Scope: region, What: what, Agent: agent, SQL: bySQL, Sweep: bySweep}
	}
	left := sets{}
	for region, agents := range swept {
		left[region] = maps.Clone(agents)
	}
	for _, a := range stored {
		if !swept[a.Region][a.Agent] {
			return differs(a.Region, "enabled agent", a.Agent, "counted", "not counted")
		}
		if !left[a.Region][a.Agent] {
			return fmt.Errorf("compare %s: an agent of %s is stored twice", period, a.Region)
		}
		delete(left[a.Region], a.Agent)
	}
	for _, region := range slices.Sorted(maps.Keys(left)) {
		if first := slices.Sorted(maps.Keys(left[region])); len(first) > 0 {
			return differs(region, "enabled agent", first[0], "not counted", "counted")
		}
	}
	if len(counts) != len(swept) {
		return fmt.Errorf("compare %s: %d numbers of enabled agents stored for %d regions", period, len(counts), len(swept))
	}
	for _, e := range counts {
		if n := len(swept[e.Region]); int64(n) != e.Agents {
			return differs(e.Region, "enabled agents", "", strconv.FormatInt(e.Agents, 10), strconv.Itoa(n))
		}
	}
	return nil
}

func enabledOf(swept *sweep.Result) sets {
	enabled := sets{}
	for no, scope := range swept.Scopes() {
		if scope.Location == "" {
			enabled[scope.Region] = swept.Enabled(no)
		}
	}
	return enabled
}

// sweepDays gives the raw rows of some slices to a sweep each, and has them counted.
func sweepDays(ctx context.Context, conn *sql.Conn, stands []Standing, rules []rule.Set) ([]*sweep.Result, error) {
	sweeps := make([][]*sweep.Sweep, len(stands))
	for i, s := range stands {
		sweeps[i] = []*sweep.Sweep{sweep.New(rules[i], int(s.Slice.Sessions), int(s.Slice.Activities))}
	}
	if err := readRows(ctx, conn, daysOf(stands), sweeps); err != nil {
		return nil, err
	}
	results := make([]*sweep.Result, len(stands))
	for i := range sweeps {
		results[i] = sweeps[i][0].Result()
		sweeps[i] = nil
	}
	if rowsOf(stands) > manyRows {
		debug.FreeOSMemory() // or the garbage stays with the process while the SQL engine needs the memory
	}
	return results, nil
}

// manyRows are so many that giving their memory back takes less time than reading them.
const manyRows = 1_000_000

// readRows gives the raw rows of the slices to the sweeps of their days.
func readRows(ctx context.Context, conn *sql.Conn, days []calendar.Date, sweeps [][]*sweep.Sweep) error {
	switches := duck.Names{}
	for _, of := range []struct {
		rows string
		give func(duck.Chunk) func(s *sweep.Sweep, row int) // the first column is the day's number
	}{
		{"count/agent_row", func(c duck.Chunk) func(*sweep.Sweep, int) {
			keys, ids, names := integers(c, 1), duck.ColumnOf[duck.Text](c, 2), duck.ColumnOf[duck.Text](c, 3)
			return func(s *sweep.Sweep, row int) {
				s.Agent(keys[row], string(duck.Bytes(&ids, row)), string(duck.Bytes(&names, row)))
			}
		}},
		{"count/session_row", func(c duck.Chunk) func(*sweep.Sweep, int) {
			span := spans(c)
			return func(s *sweep.Sweep, row int) { s.Session(span(row)) }
		}},
		{"count/activity_row", func(c duck.Chunk) func(*sweep.Sweep, int) {
			span, names, legs := spans(c), duck.ColumnOf[duck.Text](c, 5), duck.ColumnOf[bool](c, 6)
			return func(s *sweep.Sweep, row int) {
				key, start, end, active := span(row)
				s.Activity(key, start, end, active, switches.Of(&names, row), legs.Values[row])
			}
		}},
		{"count/other_leg_row", func(c duck.Chunk) func(*sweep.Sweep, int) {
			span, names := spans(c), duck.ColumnOf[duck.Text](c, 5)
			return func(s *sweep.Sweep, row int) {
				key, start, end, active := span(row)
				s.OtherLeg(key, start, end, active, switches.Of(&names, row))
			}
		}},
		{"count/other_session_row", func(c duck.Chunk) func(*sweep.Sweep, int) {
			span := spans(c)
			return func(s *sweep.Sweep, row int) { s.OtherSession(span(row)) }
		}},
	} {
		err := duck.Chunks(ctx, conn, of.rows, func(c duck.Chunk) error {
			give := of.give(c)
			for row, day := range integers(c, 0) {
				for _, s := range sweeps[day-1] {
					give(s, row)
				}
			}
			return nil
		}, duck.Days(days...))
		if err != nil {
			return err
		}
	}
	return nil
}

// spans reads what sessions and activities have in common. active_flag: NULL is not active.
func spans(c duck.Chunk) func(row int) (resourceKey, start, end int64, active bool) {
	keys, starts, ends, flags := integers(c, 1), duck.ColumnOf[int64](c, 2), duck.ColumnOf[int64](c, 3), duck.ColumnOf[int16](c, 4)
	return func(row int) (int64, int64, int64, bool) {
		return keys[row], starts.At(row, sweep.Unknown), ends.At(row, sweep.Unknown), flags.At(row, 0) != 0
	}
}

// integers are a column without a NULL.
func integers(c duck.Chunk, column int) []int64 { return duck.ColumnOf[int64](c, column).Values }

// Reading is another way to read the specification than the one that is billed.
type Reading struct {
	Tenant   config.Tenant // whose rules it counts by
	LegsOnly bool          // a preview does not qualify a session (R3)
}

// Recount gives the peak of a scope on a day under each of the readings. It reads the slice once, counts by the
// sweep alone, and stores nothing. The errors are those of Days.
func Recount(ctx context.Context, conn *sql.Conn, day calendar.Date, scope rule.Scope, readings ...Reading) ([]Peak, error) {
	stands, err := Look(ctx, conn, readings[0].Tenant, day)
	if err != nil {
		return nil, err
	}
	sweeps := make([]*sweep.Sweep, len(readings))
	for i, r := range readings {
		s := stands[0]
		s.By = r.Tenant.On(day)
		rules, err := s.rules()
		if err != nil {
			return nil, err
		}
		rules.LegsOnly = r.LegsOnly
		sweeps[i] = sweep.New(rules, int(s.Slice.Sessions), int(s.Slice.Activities))
	}
	if err := readRows(ctx, conn, []calendar.Date{day}, [][]*sweep.Sweep{sweeps}); err != nil {
		return nil, err
	}
	peaks := make([]Peak, len(readings))
	for i, s := range sweeps {
		swept := s.Result()
		for no, s := range swept.Scopes() {
			if s.Region == scope.Region && s.Location == scope.Location {
				peaks[i] = peakOf(s, swept.Curve(no))
			}
		}
	}
	return peaks, nil
}
