package compute

import (
	"context"
	"database/sql"

	"seats/compute/rule"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
)

// LoadSlice reads what the store says of the slice of a day; a *MissingError where it has none.
func LoadSlice(ctx context.Context, q duck.Queryer, day calendar.Date) (Slice, error) {
	s, found := Slice{Day: day}, false
	err := duck.Each(ctx, q, "count/slice", func(scan func(...any) error) error {
		found = true
		return scan(&s.Source, &s.HighWater, &s.AsOf, &s.ExtractedTS, &s.Sessions, &s.Activities, &s.Agents, &s.OpenSessions, &s.SHA256)
	}, on(day))
	if err == nil && !found {
		err = &MissingError{What: "slice", Days: []calendar.Date{day}}
	}
	return s, err
}

// LoadDay reads a day's results from the store, as Day left them; a *MissingError where there are none. The
// tenant gives the order of regions and locations: any that the store does not know are left out.
func LoadDay(ctx context.Context, q duck.Queryer, t config.Tenant, day calendar.Date) (DayResult, error) {
	slice, err := LoadSlice(ctx, q, day)
	if err != nil {
		return DayResult{}, err
	}
	done, err := loadComputation(ctx, q, day)
	if err != nil {
		return DayResult{}, err
	}
	if done == nil {
		return DayResult{}, &MissingError{What: "result", Days: []calendar.Date{day}}
	}
	r := DayResult{
		Day: day, State: done.state, Slice: slice,
		RulesSHA256: done.rulesSHA256, SQLSHA256: done.sqlSHA256, ComputedTS: done.computedTS,
		By: t.On(day),
	}
	scopes := RulesFor(t, day).Scopes()
	if r.Peaks, err = loadPeaks(ctx, q, day, scopes); err != nil {
		return DayResult{}, err
	}
	if r.Enabled, err = loadEnabled(ctx, q, "count/enabled_count", on(day), scopes); err != nil {
		return DayResult{}, err
	}
	r.Quality, err = loadQuality(ctx, q, day, day)
	return r, err
}

// loadPeaks reads the peaks of a day in the order of the scopes.
func loadPeaks(ctx context.Context, q duck.Queryer, day calendar.Date, scopes []rule.Scope) ([]Peak, error) {
	stored := map[place]Peak{}
	err := duck.Each(ctx, q, "count/peak", func(scan func(...any) error) error {
		var p Peak
		err := scan(&p.Region, &p.Location, &p.Agents, &p.PeakTS, &p.PeakSeconds)
		stored[place{p.Region, p.Location}] = p
		return err
	}, on(day))
	var peaks []Peak
	for _, s := range scopes {
		if p, found := stored[place{s.Region, s.Location}]; found {
			peaks = append(peaks, p)
		}
	}
	return peaks, err
}

// loadEnabled reads the numbers of enabled agents in the order of the regions among the scopes.
func loadEnabled(ctx context.Context, q duck.Queryer, name string, period sql.NamedArg, scopes []rule.Scope) ([]Enabled, error) {
	stored := map[string]Enabled{}
	err := duck.Each(ctx, q, name, func(scan func(...any) error) error {
		var e Enabled
		err := scan(&e.Region, &e.Agents)
		stored[e.Region] = e
		return err
	}, period)
	var enabled []Enabled
	for _, s := range scopes {
		if e, found := stored[s.Region]; found && s.Location == "" {
			enabled = append(enabled, e)
		}
	}
	return enabled, err
}

// loadQuality reads the data-quality counts of a range of days, both included, summed up by rule.
func loadQuality(ctx context.Context, q duck.Queryer, from, to calendar.Date) ([]Quality, error) {
	var found []Quality
	err := duck.Each(ctx, q, "count/quality", func(scan func(...any) error) error {
		var one Quality
		var examples duckList
		err := scan(&one.Rule, &one.Blocking, &one.Count, &examples)
		one.Examples = examples
		found = append(found, one)
		return err
	}, sql.Named("from", from.String()), sql.Named("to", to.String()))
	return found, err
}

// computation is what the store says of how a day was computed.
type computation struct {
	sliceSHA256, rulesSHA256, sqlSHA256 string
	asOf                                *int64 // of the slice; nil where an older version counted, and it is not known
	rules                               string // as JSON
	state                               string
	computedTS                          int64
	hasCurve                            bool
	isIssued                            bool
}

// isOf tells whether the slice is the one that was counted: R10 tells slices apart by their rows and their as_of.
func (c computation) isOf(s Slice) bool {
	return c.sliceSHA256 == s.SHA256 && c.asOf != nil && *c.asOf == s.AsOf
}

// loadComputation returns nil for a day that was never computed.
func loadComputation(ctx context.Context, q duck.Queryer, day calendar.Date) (*computation, error) {
	var found *computation
	err := duck.Each(ctx, q, "count/computed", func(scan func(...any) error) error {
		found = &computation{}
		return scan(&found.sliceSHA256, &found.rulesSHA256, &found.sqlSHA256, &found.asOf, &found.rules, &found.state, &found.computedTS, &found.hasCurve, &found.isIssued)
	}, on(day))
	return found, err
}

func loadSpans(ctx context.Context, q duck.Queryer, day calendar.Date) ([]calendar.Interval, error) {
	var spans []calendar.Interval
	err := duck.Each(ctx, q, "count/slice_span", func(scan func(...any) error) error {
		var span calendar.Interval
		err := scan(&span.Start, &span.End)
		spans = append(spans, span)
		return err
	}, on(day))
	return spans, err
}

// on binds the day of a statement.
func on(day calendar.Date) sql.NamedArg { return sql.Named("day", day.String()) }

// duckList takes a VARCHAR[] from the driver, which hands lists out as []any.
type duckList []string

// Scan implements sql.Scanner.
func (l *duckList) Scan(v any) error {
	*l = []string{}
	values, _ := v.([]any)
	for _, value := range values {
		*l = append(*l, text(value))
	}
	return nil
}
