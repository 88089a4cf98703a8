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

// compareDay holds what the SQL engine has just stored against the sweep (R12): every second of every scope,
// the peaks, the sets of agents, and what has nowhere to go. The first difference comes back as a *DifferenceError.
func compareDay(ctx context.Context, conn *sql.Conn, tx *sql.Tx, day calendar.Date, swept *sweep.Result) error {
	if err := compareCurves(ctx, conn, tx, day, swept); err != nil {
		return err
	}
	enabled := enabledOf(swept)
	stored := func(each func(region, agent string)) error {
		return enabledAgents(ctx, tx, "count/enabled_agent", []any{on(day)}, each)
	}
	if err := compareEnabled(day.String(), stored, enabled); err != nil {
		return err
	}
	counts, err := loadEnabled(ctx, tx, "count/enabled_count", on(day), swept.Scopes())
	if err != nil {
		return err
	}
	if err := compareCounts(day.String(), counts, enabled); err != nil {
		return err
	}
	return compareUnmapped(ctx, tx, day, swept.Unmapped())
}

// blockingRule is the data-quality rule that keeps a tenant's numbers from being issued (R11).
const blockingRule = "unmapped_switch"

// compareUnmapped compares what the blocking rule found with the sweep: it decides whether anything is issued.
func compareUnmapped(ctx context.Context, q duck.Queryer, day calendar.Date, swept int64) error {
	found, err := loadQuality(ctx, q, day, day)
	if err != nil {
		return err
	}
	for _, one := range found {
		if one.Rule == blockingRule && one.Count == swept {
			return nil
		}
		if one.Rule == blockingRule {
			return &DifferenceError{Period: day.String(), Scope: "every region", What: blockingRule, SQL: number(one.Count), Sweep: number(swept)}
		}
	}
	return fmt.Errorf("compare %s: no count of %s is stored", day, blockingRule)
}

// compareCurves reads the stored steps scope by scope and lays them over the sweep's seconds.
func compareCurves(ctx context.Context, conn *sql.Conn, tx *sql.Tx, day calendar.Date, swept *sweep.Result) error {
	numbers, err := scopeNumbers(ctx, tx)
	if err != nil {
		return err
	}
	steps, err := readSteps(ctx, conn, day)
	if err != nil {
		return err
	}
	peaks, err := loadPeaks(ctx, tx, day, swept.Scopes())
	if err != nil {
		return err
	}
	if len(peaks) != len(swept.Scopes()) {
		return fmt.Errorf("compare %s: %d peaks stored for %d scopes", day, len(peaks), len(swept.Scopes()))
	}
	for no, scope := range swept.Scopes() {
		c := comparison{day: day, scope: scope, curve: swept.Curve(no)}
		if err := c.steps(steps[numbers[place{scope.Region, scope.Location}]]); err != nil {
			return err
		}
		if err := c.peak(peaks[no]); err != nil {
			return err
		}
	}
	return nil
}

// place names a scope in a map.
type place struct{ region, location string }

// scopeNumbers are the SQL engine's own numbers of the scopes.
func scopeNumbers(ctx context.Context, tx *sql.Tx) (map[place]int64, error) {
	numbers := map[place]int64{}
	err := duck.Each(ctx, tx, "count/scope_list", func(scan func(...any) error) error {
		var no int64
		var at place
		err := scan(&no, &at.region, &at.location)
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

// readSteps reads the stored curves of a day by the number of their scope.
func readSteps(ctx context.Context, conn *sql.Conn, day calendar.Date) (map[int64][]step, error) {
	steps, scope, current := map[int64][]step{}, int64(-1), []step(nil)
	err := duck.Rows(ctx, conn, "count/curve", func(v []driver.Value) {
		if no := integer(v[0]); no != scope {
			steps[scope] = current
			scope, current = no, nil
		}
		span := calendar.Interval{Start: integer(v[1]), End: integer(v[2])}
		current = append(current, step{span, integer(v[3]), integer(v[4])})
	}, on(day))
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

// compareEnabled compares the stored agents with the sweep's sets by region. Stored agents come once each: if the sweep has all
// of them and as many, the sets are the same.
func compareEnabled(period string, stored func(each func(region, agent string)) error, swept map[string]map[string]bool) error {
	counts := map[string]int{}
	var first *DifferenceError
	err := stored(func(region, agent string) {
		if !swept[region][agent] && first == nil {
			first = &DifferenceError{Period: period, Scope: region, What: "enabled agent", Agent: agent, SQL: "counted", Sweep: "not counted"}
		}
		counts[region]++
	})
	if err != nil {
		return err
	}
	if first != nil {
		return first
	}
	for _, region := range slices.Sorted(maps.Keys(swept)) {
		if counts[region] != len(swept[region]) {
			return firstMissing(period, region, stored, swept[region])
		}
	}
	return nil
}

// firstMissing names the first agent of a region whom the store lacks.
func firstMissing(period, region string, stored func(each func(region, agent string)) error, swept map[string]bool) error {
	left := maps.Clone(swept)
	err := stored(func(of, agent string) {
		if of == region {
			delete(left, agent)
		}
	})
	if err != nil {
		return err
	}
	first := slices.Sorted(maps.Keys(left))
	if len(first) == 0 {
		return fmt.Errorf("compare %s: an agent of %s is stored twice", period, region)
	}
	return &DifferenceError{Period: period, Scope: region, What: "enabled agent", Agent: first[0], SQL: "not counted", Sweep: "counted"}
}

// enabledAgents reads stored agents in the order of regions and names.
func enabledAgents(ctx context.Context, q duck.Queryer, statement string, args []any, each func(region, agent string)) error {
	return duck.Each(ctx, q, statement, func(scan func(...any) error) error {
		var region, agent string
		if err := scan(&region, &agent); err != nil {
			return err
		}
		each(region, agent)
		return nil
	}, args...)
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
