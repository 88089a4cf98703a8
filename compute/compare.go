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

	"example.com/seats/compute/rule"
	"example.com/seats/compute/sweep"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/settle"
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
	days, rolls, with := make([]calendar.Date, len(stored)), make([]roll, len(stored)), map[onDay]func([]step) error{}
	for i, r := range stored {
		days[i], rolls[i].left = r.Day, enabledOf(swept[i])
		if len(r.Peaks) != len(swept[i].Scopes) {
			return fmt.Errorf("compare %s: %d peaks stored for %d scopes", r.Day, len(r.Peaks), len(swept[i].Scopes))
		}
		for no, scope := range swept[i].Scopes {
			with[onDay{r.Day, scope.Region, scope.Location}] = func(steps []step) error {
				return compareScope(r.Day, scope, steps, r.Peaks[no], swept[i].Curve(no))
			}
		}
	}
	differs, err := compareCurves(ctx, conn, tx, with)
	if err != nil {
		return err
	}
	if err := strike(ctx, conn, rolls, "count/enabled_agent", duck.Days(days...)); err != nil {
		return err
	}
	for i, r := range stored {
		for _, scope := range swept[i].Scopes {
			of := onDay{r.Day, scope.Region, scope.Location}
			if with[of] != nil { // without a step
				differs[of] = with[of](nil)
			}
			if differs[of] != nil {
				return differs[of]
			}
		}
		if err := rolls[i].compare(r.Day.String(), r.Enabled); err != nil {
			return err
		}
		// It decides whether anything is issued.
		at := slices.IndexFunc(r.Quality, func(q settle.Quality) bool { return q.Rule == blockingRule })
		if at < 0 {
			return fmt.Errorf("compare %s: no count of %s is stored", r.Day, blockingRule)
		}
		if n, swept := r.Quality[at].Count, swept[i].Unmapped; n != swept {
			return &DifferenceError{Period: r.Day.String(), Scope: "every region", What: blockingRule, SQL: fmt.Sprint(n), Sweep: fmt.Sprint(swept)}
		}
	}
	return nil
}

// compareCurves reads the stored curves, one after the other, and has each compared with the sweep's: then that is gone from with.
func compareCurves(ctx context.Context, conn *sql.Conn, tx *sql.Tx, with map[onDay]func([]step) error) (differs map[onDay]error, err error) {
	scopes, err := duck.All[onDay](ctx, tx, "count/scope_list")
	if err != nil {
		return nil, err
	}
	scopes, differs = slices.Insert(scopes, 0, onDay{}), map[onDay]error{} // they are numbered from 1 on
	no, steps := int64(0), []step{}                                        // of one scope
	compare := func() {
		if of := scopes[no]; with[of] != nil {
			differs[of] = with[of](steps)
			delete(with, of)
		}
		steps = steps[:0]
	}
	err = duck.Chunks(ctx, conn, "count/curve", func(c duck.Chunk) error {
		starts, ends := c.Columns[1].Numbers, c.Columns[2].Numbers
		agents, sessions := c.Columns[3].Numbers, c.Columns[4].Numbers
		for row, of := range c.Columns[0].Numbers {
			if of != no {
				compare()
				no = of
			}
			steps = append(steps, step{calendar.Interval{Start: starts[row], End: ends[row]}, agents[row], sessions[row]})
		}
		return nil
	})
	compare()
	return differs, err
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
	return comparePeaks(day, scope.String(), MonthPeak{Peak: peak}, MonthPeak{Peak: peakOf(scope, curve)})
}

func comparePeaks(period fmt.Stringer, scope string, stored, swept MonthPeak) error {
	for _, of := range []struct {
		what          string
		stored, swept int64
	}{
		{"agents at the peak", stored.Agents, swept.Agents},
		{"first second of the peak", stored.PeakTS, swept.PeakTS},
		{"seconds at the peak", stored.PeakSeconds, swept.PeakSeconds},
		{"days that reach the peak", stored.Days, swept.Days},
	} {
		if of.stored != of.swept {
			return &DifferenceError{Period: period.String(), Scope: scope, What: of.what, Second: swept.PeakTS, SQL: fmt.Sprint(of.stored), Sweep: fmt.Sprint(of.swept)}
		}
	}
	return nil
}

func peakOf(scope rule.Scope, curve sweep.Curve) Peak {
	p := Peak{Region: scope.Region, Location: scope.Location}
	if top := curve.Peak(); top.Agents > 0 {
		p.Agents, p.PeakTS, p.PeakSeconds = top.Agents, scope.Day.Start+top.Second, top.Seconds
	}
	return p
}

// roll is a period's sets of agents by the sweep, off which those by the SQL engine are struck.
type roll struct {
	left sets      // false: struck
	odd  []agentOf // stood on none
}

// strike reads agents that are stored, each of a period, by its number from 1 on, and of a region. One may come more than once: what
// is stored of a day is its sessions.
func strike(ctx context.Context, conn *sql.Conn, rolls []roll, name string, args ...sql.NamedArg) error {
	return duck.Chunks(ctx, conn, name, func(c duck.Chunk) error {
		for row, period := range c.Columns[0].Numbers {
			r, region, agent := &rolls[period-1], c.Columns[1].Text(row), c.Columns[2].Text(row)
			switch is, on := r.left[string(region)][string(agent)]; {
			case !on:
				r.odd = append(r.odd, agentOf{string(region), string(agent)})
			case is:
				r.left[string(region)][string(agent)] = false
			}
		}
		return nil
	}, args...)
}

// compare finds what was not struck, or was not there to be, and compares the stored numbers of agents with the sizes of the sets.
func (r *roll) compare(period string, counts []Enabled) error {
	differs := func(region, what, agent, bySQL, bySweep string) error {
		return &DifferenceError{Period: period, Scope: region, What: what, Agent: agent, SQL: bySQL, Sweep: bySweep}
	}
	if len(r.odd) > 0 {
		first := slices.MinFunc(r.odd, func(a, b agentOf) int {
			return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Agent, b.Agent))
		})
		return differs(first.Region, "enabled agent", first.Agent, "counted", "not counted")
	}
	for _, region := range slices.Sorted(maps.Keys(r.left)) {
		var first string
		for agent, is := range r.left[region] {
			if is && (first == "" || agent < first) {
				first = agent
			}
		}
		if first != "" {
			return differs(region, "enabled agent", first, "not counted", "counted")
		}
	}
	if len(counts) != len(r.left) {
		return fmt.Errorf("compare %s: %d numbers of enabled agents stored for %d regions", period, len(counts), len(r.left))
	}
	for _, e := range counts {
		if n := len(r.left[e.Region]); int64(n) != e.Agents {
			return differs(e.Region, "enabled agents", "", strconv.FormatInt(e.Agents, 10), strconv.Itoa(n))
		}
	}
	return nil
}

func enabledOf(swept *sweep.Result) sets {
	enabled := sets{}
	for no, scope := range swept.Scopes {
		if scope.Location == "" {
			enabled[scope.Region] = swept.Enabled(no)
		}
	}
	return enabled
}

// Sweep gives the raw rows of some slices to a sweep each, and has them counted. The errors are those of Days.
func Sweep(ctx context.Context, conn *sql.Conn, stands []Standing) ([]*sweep.Result, error) {
	rules, err := rulesOf(stands)
	if err != nil {
		return nil, err
	}
	sweeps := make([]*sweep.Sweep, len(stands))
	for i, s := range stands {
		sweeps[i] = sweep.New(rules[i], int(s.Slice.Sessions), int(s.Slice.Activities))
	}
	if err := readRows(ctx, conn, DaysOf(stands), sweeps); err != nil {
		return nil, err
	}
	results := make([]*sweep.Result, len(stands))
	for i := range sweeps {
		results[i], sweeps[i] = sweeps[i].Result(), nil
	}
	if rowsOf(stands) > duck.FewRows {
		debug.FreeOSMemory() // or the garbage stays with the process while the SQL engine needs the memory
	}
	return results, nil
}

// readRows gives the raw rows of the slices to the sweeps of their days.
func readRows(ctx context.Context, conn *sql.Conn, days []calendar.Date, sweeps []*sweep.Sweep) error {
	names := map[string]string{} // of switches: few in many rows
	name := func(text []byte) string {
		known, met := names[string(text)]
		if !met {
			known = string(text)
			names[known] = known
		}
		return known
	}
	return duck.Chunks(ctx, conn, "count/slice_row", func(c duck.Chunk) error {
		of := c.Columns
		for row, day := range of[0].Numbers {
			s, key, text := sweeps[day-1], of[2].Numbers[row], of[7].Text(row)
			// Times may be NULL, and so may an active_flag, which is not active then.
			start, end, active := of[3].Number(row, sweep.Unknown), of[4].Number(row, sweep.Unknown), of[5].Number(row, 0) != 0
			switch kind := of[1].Numbers[row]; kind {
			case 1:
				s.Agent(key, string(of[6].Text(row)), string(text))
			case 2, 3:
				s.Session(key, start, end, active, kind == 2)
			case 4, 5:
				s.Activity(key, start, end, active, name(text), kind == 4)
			}
		}
		return nil
	}, duck.Days(days...))
}
