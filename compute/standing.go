package compute

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"seats/compute/rule"
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

// computation is what the store says of how a day was counted, as count/computed has it.
type computation struct {
	Day                                 calendar.Date
	SliceSHA256, RulesSHA256, SQLSHA256 string
	AsOf                                *int64 // of the slice; nil where an older version counted, and it is not known
	Rules                               string // as JSON
	State                               string
	ComputedTS                          int64
	HasCurve                            bool
	IsIssued                            bool
}

// Look asks a store for some days, in their order. A day of which a number is issued stays with the rules that it was counted by,
// whatever became of the configuration since.
func Look(ctx context.Context, q duck.Queryer, t config.Tenant, days ...calendar.Date) ([]Standing, error) {
	held, noSlices := duck.All[Slice](ctx, q, "count/slice", on(days))
	spans, noSpans := duck.All[struct {
		Day        calendar.Date
		Start, End int64
	}](ctx, q, "count/slice_span", on(days))
	done, notDone := duck.All[computation](ctx, q, "count/computed", on(days))
	if err := cmp.Or(noSlices, noSpans, notDone); err != nil {
		return nil, err
	}
	var seals []store.Seal
	if slices.ContainsFunc(done, func(c computation) bool { return !c.HasCurve }) {
		var err error
		if seals, err = store.Seals(ctx, q); err != nil {
			return nil, err
		}
	}
	stands, at := make([]Standing, len(days)), map[calendar.Date]*Standing{}
	for i, day := range days {
		sealed := slices.ContainsFunc(seals, func(one store.Seal) bool { return one.Month == day.YearMonth().String() })
		stands[i] = Standing{Day: day, By: t.On(day), sealed: sealed}
		at[day] = &stands[i]
	}
	for i, s := range held {
		at[s.Day].Slice = &held[i]
	}
	for _, s := range spans {
		at[s.Day].spans = append(at[s.Day].spans, calendar.Interval{Start: s.Start, End: s.End})
	}
	for i, c := range done {
		s := at[c.Day]
		if s.done = &done[i]; c.IsIssued && c.RulesSHA256 != s.By.RulesHash() {
			by, err := s.By.WithRules([]byte(c.Rules))
			if err != nil {
				return nil, err
			}
			s.By = by
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
func (s Standing) Missing() error { return missing("slice", s) }

// missing is the error of days that lack a slice, or a result; nil where none does.
func missing(what string, stands ...Standing) error {
	e := &MissingError{What: what}
	for _, s := range stands {
		if s.Slice == nil || what == "result" && s.done == nil {
			e.Days = append(e.Days, s.Day)
		}
	}
	if len(e.Days) == 0 {
		return nil
	}
	return e
}

// Stale tells whether a day that has a slice is to be counted again: never counted, or since then its slice or its rules
// changed, or its rows were dropped with age. What other statements counted stays valid: its number names them.
func (s Standing) Stale() bool {
	if s.done == nil {
		return true
	}
	end := RulesFor(s.By, s.Day).End()
	return !s.done.HasCurve && end > 0 && !s.sealed ||
		s.done.SliceSHA256 != s.Slice.SHA256 || s.done.AsOf == nil || *s.done.AsOf != s.Slice.AsOf || // R10 tells slices apart by both
		s.done.RulesSHA256 != s.By.RulesHash() || s.done.State != s.state(end)
}

// state is the state of the day's numbers (R10), whose day ends then in the last region.
func (s Standing) state(end int64) string {
	return settle.State(s.Slice.HighWater, s.Slice.OpenSessions, end, s.By.SettleHours)
}

// size is how many rows the slice has of those that are counted.
func (s Standing) size() int64 { return s.Slice.Sessions + s.Slice.Activities }

// RulesFor places a tenant's counting rules on a day. AsOf is the slice's and is left for the caller.
func RulesFor(t config.Tenant, day calendar.Date) rule.Set {
	t = t.On(day)
	rules := rule.Set{EndSecondCounts: t.SessionEnd == config.SessionEndInclusive, Exclude: t.ExcludeAgents}
	for _, r := range t.Regions {
		region := rule.Region{Name: r.Name, Day: day.In(r.Zone)}
		for _, l := range r.Locations {
			region.Locations = append(region.Locations, rule.Location{Name: l.Name, Switches: l.Switches})
		}
		rules.Regions = append(rules.Regions, region)
	}
	return rules
}

// rules places the rules on the day, and makes sure that the slice holds the day of every region as they do (R10).
func (s Standing) rules() (rule.Set, error) {
	if err := s.Missing(); err != nil {
		return rule.Set{}, err
	}
	rules := RulesFor(s.By, s.Day)
	rules.AsOf = s.Slice.AsOf
	covered := calendar.Union(s.spans) // these do not touch: one of them has to hold the whole day
	for _, r := range rules.Regions {
		holds := func(span calendar.Interval) bool { return span.Start <= r.Day.Start && r.Day.End <= span.End }
		if r.Day.Seconds() > 0 && !slices.ContainsFunc(covered, holds) {
			return rules, &CoverageError{Day: s.Day, Region: r.Name, Wants: r.Day}
		}
	}
	return rules, nil
}

// rulesOf are the rules of some days.
func rulesOf(stands []Standing) (all []rule.Set, err error) {
	all = make([]rule.Set, len(stands))
	for i, s := range stands {
		if all[i], err = s.rules(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asJSON gives the rules of some days to the SQL engine, as count/rule reads them.
func asJSON(stands []Standing, rules []rule.Set) (string, error) {
	type day struct {
		rule.Set
		Day         calendar.Date `json:"day"`
		State       string        `json:"state"`
		SliceSHA256 string        `json:"slice_sha256"`
		RulesSHA256 string        `json:"rules_sha256"`
		Rules       string        `json:"rules"`
	}
	days := make([]day, len(stands))
	for i, s := range stands {
		days[i] = day{rules[i], s.Day, s.state(rules[i].End()), s.Slice.SHA256, s.By.RulesHash(), string(s.By.Rules())}
	}
	text, err := json.Marshal(days)
	return string(text), err
}

// on binds the days of a statement.
func on(days []calendar.Date) sql.NamedArg {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = d.String()
	}
	return sql.Named("days", texts)
}

func daysOf(stands []Standing) []calendar.Date {
	days := make([]calendar.Date, len(stands))
	for i, s := range stands {
		days[i] = s.Day
	}
	return days
}
