package compute

import (
	"context"
	"database/sql"
	"slices"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
)

// Standing is what a store says of a day: its slice, how it was counted, and by which rules it is to be.
type Standing struct {
	Day   calendar.Date
	By    config.Tenant // with the counting rules of the day; of one that is issued, with those that it was counted by (R9)
	Slice *Slice        // nil: none

	spans  []calendar.Interval // of time that the slice covers
	done   *computation        // nil: never counted
	sealed bool                // the rows lie in a sealed month, as they were when they were counted
}

// computation is what the store says of how a day was counted.
type computation struct {
	sliceSHA256, rulesSHA256, sqlSHA256 string
	asOf                                *int64 // of the slice; nil where an older version counted, and it is not known
	rules                               string // as JSON
	state                               string
	computedTS                          int64
	hasCurve                            bool
	isIssued                            bool
}

// Look asks a store for some days, in their order. A day of which a number is issued stays with the rules that it was counted by,
// whatever became of the configuration since.
func Look(ctx context.Context, q duck.Queryer, t config.Tenant, days ...calendar.Date) ([]Standing, error) {
	stands, at := make([]Standing, len(days)), map[string]*Standing{}
	for i, day := range days {
		stands[i] = Standing{Day: day, By: t.On(day)}
		at[day.String()] = &stands[i]
	}
	var day string
	err := duck.Each(ctx, q, "count/slice", func(scan func(...any) error) error {
		var s Slice
		err := scan(&day, &s.Source, &s.HighWater, &s.AsOf, &s.ExtractedTS, &s.Sessions, &s.Activities, &s.Agents, &s.OpenSessions, &s.SHA256)
		s.Day, at[day].Slice = at[day].Day, &s
		return err
	}, on(days))
	if err != nil {
		return nil, err
	}
	err = duck.Each(ctx, q, "count/slice_span", func(scan func(...any) error) error {
		var span calendar.Interval
		err := scan(&day, &span.Start, &span.End)
		at[day].spans = append(at[day].spans, span)
		return err
	}, on(days))
	if err != nil {
		return nil, err
	}
	without := false // a day that has rows to be counted has a curve, if only one step
	err = duck.Each(ctx, q, "count/computed", func(scan func(...any) error) error {
		var c computation
		err := scan(&day, &c.sliceSHA256, &c.rulesSHA256, &c.sqlSHA256, &c.asOf, &c.rules, &c.state, &c.computedTS, &c.hasCurve, &c.isIssued)
		at[day].done, without = &c, without || !c.hasCurve
		return err
	}, on(days))
	if err != nil {
		return nil, err
	}
	var seals []store.Seal
	if without {
		if seals, err = store.Seals(ctx, q); err != nil {
			return nil, err
		}
	}
	for i := range stands {
		s := &stands[i]
		s.sealed = slices.ContainsFunc(seals, func(one store.Seal) bool { return one.Month == s.Day.YearMonth().String() })
		if s.done != nil && s.done.isIssued && s.done.rulesSHA256 != s.By.RulesHash() {
			if s.By, err = s.By.WithRules([]byte(s.done.rules)); err != nil {
				return nil, err
			}
		}
	}
	return stands, nil
}

// LookAt is Look for one day, and wants a slice of it: else the error is a *MissingError.
func LookAt(ctx context.Context, q duck.Queryer, t config.Tenant, day calendar.Date) (Standing, error) {
	stands, err := Look(ctx, q, t, day)
	if err != nil {
		return Standing{}, err
	}
	return stands[0], stands[0].Missing()
}

// Missing is the error of a day without a slice, else nil.
func (s Standing) Missing() error {
	if s.Slice == nil {
		return &MissingError{What: "slice", Days: []calendar.Date{s.Day}}
	}
	return nil
}

// Stale tells whether a day that has a slice is to be counted again: never counted, or since then its slice or its rules
// changed, or its rows were dropped with age. What other statements counted stays valid: its number names them.
func (s Standing) Stale() bool {
	if s.done == nil {
		return true
	}
	rules := RulesFor(s.By, s.Day)
	if !s.done.hasCurve && rules.End() > 0 && !s.sealed {
		return true
	}
	return s.done.sliceSHA256 != s.Slice.SHA256 || s.done.asOf == nil || *s.done.asOf != s.Slice.AsOf || // R10 tells slices apart by both
		s.done.rulesSHA256 != s.By.RulesHash() || s.done.state != s.state(rules.End())
}

// state is the state of the day's numbers (R10), whose day ends then in the last region.
func (s Standing) state(end int64) string {
	return settle.State(s.Slice.HighWater, s.Slice.OpenSessions, end, s.By.SettleHours)
}

// on binds the days of a statement.
func on(days []calendar.Date) sql.NamedArg { return sql.Named("days", names(days)) }

func daysOf(stands []Standing) []calendar.Date {
	days := make([]calendar.Date, len(stands))
	for i, s := range stands {
		days[i] = s.Day
	}
	return days
}

func names(days []calendar.Date) []string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = d.String()
	}
	return texts
}
