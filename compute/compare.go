package compute

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"seats/compute/rule"
	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/duck"
)

// compareDays holds what the SQL engine has just stored against the sweep (R12): every second of every scope,
// the peaks, the sets of agents, and what has nowhere to go. The first difference comes back as a *DifferenceError.
func compareDays(ctx context.Context, conn *sql.Conn, tx *sql.Tx, stored []DayResult, swept []*sweep.Result) error {
	numbers, err := scopeNumbers(ctx, tx)
	if err != nil {
		return err
	}
	steps, err := readSteps(ctx, conn)
	if err != nil {
		return err
	}
	agents, err := enabledAgents(ctx, tx, stored)
	if err != nil {
		return err
	}
	for i, r := range stored {
		if err := compareCurves(r, numbers, steps, swept[i]); err != nil {
			return err
		}
		enabled := enabledOf(swept[i])
		if err := compareEnabled(r.Day.String(), agents[r.Day.String()], enabled); err != nil {
			return err
		}
		if err := compareCounts(r.Day.String(), r.Enabled, enabled); err != nil {
			return err
		}
		if err := compareUnmapped(r, swept[i].Unmapped()); err != nil {
			return err
		}
	}
	return nil
}

// blockingRule is the data-quality rule that keeps a tenant's numbers from being issued (R11).
const blockingRule = "unmapped_switch"

// compareUnmapped compares what the blocking rule found with the sweep: it decides whether anything is issued.
func compareUnmapped(r DayResult, swept int64) error {
	for _, one := range r.Quality {
		if one.Rule == blockingRule && one.Count == swept {
			return nil
		}
		if one.Rule == blockingRule {
			return &DifferenceError{Period: r.Day.String(), Scope: "every region", What: blockingRule, SQL: number(one.Count), Sweep: number(swept)}
		}
	}
	return fmt.Errorf("compare %s: no count of %s is stored", r.Day, blockingRule)
}

// compareCurves lays the stored steps, scope by scope, over the sweep's seconds.
func compareCurves(r DayResult, numbers map[onDay]int64, steps map[int64][]step, swept *sweep.Result) error {
	if len(r.Peaks) != len(swept.Scopes()) {
		return fmt.Errorf("compare %s: %d peaks stored for %d scopes", r.Day, len(r.Peaks), len(swept.Scopes()))
	}
	for no, scope := range swept.Scopes() {
		c := comparison{day: r.Day, scope: scope, curve: swept.Curve(no)}
		if err := c.steps(steps[numbers[onDay{r.Day.String(), scope.Region, scope.Location}]]); err != nil {
			return err
		}
		if err := c.peak(r.Peaks[no]); err != nil {
			return err
		}
	}
	return nil
}

// scopeNumbers are the SQL engine's own numbers of the scopes.
func scopeNumbers(ctx context.Context, tx *sql.Tx) (map[onDay]int64, error) {
	numbers := map[onDay]int64{}
	err := duck.Each(ctx, tx, "count/scope_list", func(scan func(...any) error) error {
		var no int64
		var at onDay
		err := scan(&no, &at.day, &at.region, &at.location)
		numbers[at] = no
		return err
	})
	return numbers, err
}

// step is a step of a stored curve.
type step struct {
	calendar.Interval
	agents, sessions int64
}

// readSteps reads the stored curves of the days by the number of their scope.
func readSteps(ctx context.Context, conn *sql.Conn) (map[int64][]step, error) {
	steps, scope, current := map[int64][]step{}, int64(-1), []step(nil)
	err := duck.Rows(ctx, conn, "count/curve", func(v []driver.Value) {
		if no := integer(v[0]); no != scope {
			steps[scope] = current
			scope, current = no, nil
		}
		span := calendar.Interval{Start: integer(v[1]), End: integer(v[2])}
		current = append(current, step{span, integer(v[3]), integer(v[4])})
	})
	steps[scope] = current
	return steps, err
}

// comparison is of one scope.
type comparison struct {
	day   calendar.Date
	scope rule.Scope
	curve sweep.Curve
}

// steps checks that the stored steps follow one another through the whole day and have the sweep's numbers
// in every second.
func (c comparison) steps(stored []step) error {
	at := c.scope.Day.Start
	for _, s := range stored {
		if s.Start != at || s.End <= s.Start || s.End > c.scope.Day.End {
			return c.differs("a step of the curve", at, fmt.Sprintf("one from %d to %d", s.Start, s.End), "none that does not begin here or leaves the day")
		}
		for ; at < s.End; at++ {
			second := at - c.scope.Day.Start
			if n := int64(c.curve.Agents[second]); n != s.agents {
				return c.differs("agents", at, number(s.agents), number(n))
			}
			if n := int64(c.curve.Sessions[second]); n != s.sessions {
				return c.differs("sessions", at, number(s.sessions), number(n))
			}
		}
	}
	if at != c.scope.Day.End {
		return c.differs("the curve", at, "ends", "goes on")
	}
	return nil
}

// peak compares the stored peak with the highest second of the sweep.
func (c comparison) peak(stored Peak) error {
	swept := peakOf(c.scope, c.curve)
	switch {
	case stored.Agents != swept.Agents:
		return c.differs("agents at the peak", swept.PeakTS, number(stored.Agents), number(swept.Agents))
	case stored.PeakTS != swept.PeakTS:
		return c.differs("first second of the peak", swept.PeakTS, number(stored.PeakTS), number(swept.PeakTS))
	case stored.PeakSeconds != swept.PeakSeconds:
		return c.differs("seconds at the peak", swept.PeakTS, number(stored.PeakSeconds), number(swept.PeakSeconds))
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

func (c comparison) differs(what string, second int64, bySQL, bySweep string) error {
	return &DifferenceError{Period: c.day.String(), Scope: c.scope.String(), What: what, Second: second, SQL: bySQL, Sweep: bySweep}
}

// agentOf is an enabled agent of a region, as stored.
type agentOf struct{ region, agent string }

// enabledAgents reads the stored agents of days.
func enabledAgents(ctx context.Context, q duck.Queryer, of []DayResult) (map[string][]agentOf, error) {
	days := make([]calendar.Date, len(of))
	for i, r := range of {
		days[i] = r.Day
	}
	agents := map[string][]agentOf{}
	err := duck.Each(ctx, q, "count/enabled_agent", func(scan func(...any) error) error {
		var day string
		var a agentOf
		err := scan(&day, &a.region, &a.agent)
		agents[day] = append(agents[day], a)
		return err
	}, on(days))
	return agents, err
}

// compareEnabled compares the stored agents with the sweep's sets by region.
func compareEnabled(period string, stored []agentOf, swept map[string]map[string]bool) error {
	left := map[string]map[string]bool{}
	for region, agents := range swept {
		left[region] = maps.Clone(agents)
	}
	for _, a := range stored {
		if !swept[a.region][a.agent] {
			return &DifferenceError{Period: period, Scope: a.region, What: "enabled agent", Agent: a.agent, SQL: "counted", Sweep: "not counted"}
		}
		if !left[a.region][a.agent] {
			return fmt.Errorf("compare %s: an agent of %s is stored twice", period, a.region)
		}
		delete(left[a.region], a.agent)
	}
	for _, region := range slices.Sorted(maps.Keys(left)) {
		if first := slices.Sorted(maps.Keys(left[region])); len(first) > 0 {
			return &DifferenceError{Period: period, Scope: region, What: "enabled agent", Agent: first[0], SQL: "not counted", Sweep: "counted"}
		}
	}
	return nil
}

// enabledOf are the sweep's agents of a day by region.
func enabledOf(swept *sweep.Result) map[string]map[string]bool {
	enabled := map[string]map[string]bool{}
	for no, scope := range swept.Scopes() {
		if scope.Location == "" {
			enabled[scope.Region] = swept.Enabled(no)
		}
	}
	return enabled
}

// compareCounts compares the stored numbers of agents with the sizes of the sweep's sets.
func compareCounts(period string, stored []Enabled, swept map[string]map[string]bool) error {
	if len(stored) != len(swept) {
		return fmt.Errorf("compare %s: %d numbers of enabled agents stored for %d regions", period, len(stored), len(swept))
	}
	for _, e := range stored {
		if n := int64(len(swept[e.Region])); n != e.Agents {
			return &DifferenceError{Period: period, Scope: e.Region, What: "enabled agents", SQL: number(e.Agents), Sweep: number(n)}
		}
	}
	return nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
