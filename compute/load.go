package compute

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// Load reads the results of days from the store, as Days left them; a *MissingError where a slice or a result is missing. The
// rules that a day stands by give the order of regions and locations: any that the store does not know are left out.
func Load(ctx context.Context, q duck.Queryer, stands []Standing) ([]DayResult, error) {
	for _, what := range []string{"slice", "result"} {
		missing := &MissingError{What: what}
		for _, s := range stands {
			if s.Slice == nil || what == "result" && s.done == nil {
				missing.Days = append(missing.Days, s.Day)
			}
		}
		if len(missing.Days) > 0 {
			return nil, missing
		}
	}
	if len(stands) == 0 {
		return nil, nil
	}
	numbers, err := loadNumbers(ctx, q, stands)
	if err != nil {
		return nil, err
	}
	results := make([]DayResult, len(stands))
	for i, s := range stands {
		results[i] = numbers.result(s)
		results[i].State, results[i].ComputedTS = s.done.state, s.done.computedTS
		results[i].RulesSHA256, results[i].SQLSHA256 = s.done.rulesSHA256, s.done.sqlSHA256
	}
	return results, nil
}

// numbers are the stored numbers of some days.
type numbers struct {
	peaks   map[onDay]Peak
	enabled map[onDay]int64
	quality map[string][]Quality
}

// onDay names a scope on a day in a map; location "" is the region as a whole.
type onDay struct{ day, region, location string }

func loadNumbers(ctx context.Context, q duck.Queryer, stands []Standing) (n numbers, err error) {
	days := daysOf(stands)
	n = numbers{map[onDay]Peak{}, map[onDay]int64{}, nil}
	err = duck.Each(ctx, q, "count/peak", func(scan func(...any) error) error {
		var p Peak
		var day string
		err := scan(&day, &p.Region, &p.Location, &p.Agents, &p.PeakTS, &p.PeakSeconds)
		n.peaks[onDay{day, p.Region, p.Location}] = p
		return err
	}, on(days))
	if err != nil {
		return n, err
	}
	err = duck.Each(ctx, q, "count/enabled_count", func(scan func(...any) error) error {
		var at onDay
		var agents int64
		err := scan(&at.day, &at.region, &agents)
		n.enabled[at] = agents
		return err
	}, on(days))
	if err != nil {
		return n, err
	}
	byDay := func(a, b calendar.Date) int { return cmp.Compare(a.String(), b.String()) }
	n.quality, err = loadQuality(ctx, q, slices.MinFunc(days, byDay), slices.MaxFunc(days, byDay))
	return n, err
}

// result puts a day's numbers into the order of its scopes.
func (n numbers) result(s Standing) DayResult {
	r := DayResult{Day: s.Day, Slice: *s.Slice, By: s.By, Quality: n.quality[s.Day.String()]}
	for _, scope := range RulesFor(s.By, s.Day).Scopes() {
		at := onDay{s.Day.String(), scope.Region, scope.Location}
		if p, found := n.peaks[at]; found {
			r.Peaks = append(r.Peaks, p)
		}
		if agents, found := n.enabled[at]; found {
			r.Enabled = append(r.Enabled, Enabled{scope.Region, agents})
		}
	}
	return r
}

// loadQuality reads what the data-quality rules found on the days of a range, both included, by day.
func loadQuality(ctx context.Context, q duck.Queryer, from, to calendar.Date) (map[string][]Quality, error) {
	found := map[string][]Quality{}
	err := duck.Each(ctx, q, "count/quality", func(scan func(...any) error) error {
		var day string
		var one Quality
		var examples duckList
		err := scan(&day, &one.Rule, &one.Blocking, &one.Count, &examples)
		one.Examples = examples
		found[day] = append(found[day], one)
		return err
	}, sql.Named("from", from.String()), sql.Named("to", to.String()))
	return found, err
}

// sumQuality sums up by rule what was found on the days up to one, with up to 20 examples of the earliest.
func sumQuality(found map[string][]Quality, to calendar.Date) []Quality {
	sum := map[string]*Quality{}
	for _, day := range slices.Sorted(maps.Keys(found)) {
		if to.String() < day {
			break
		}
		for _, one := range found[day] {
			of := sum[one.Rule]
			if of == nil {
				of = &Quality{Rule: one.Rule, Examples: []string{}}
				sum[one.Rule] = of
			}
			of.Blocking, of.Count = of.Blocking || one.Blocking, of.Count+one.Count
			of.Examples = append(of.Examples, one.Examples[:min(len(one.Examples), 20-len(of.Examples))]...)
		}
	}
	var all []Quality
	for _, name := range slices.Sorted(maps.Keys(sum)) {
		all = append(all, *sum[name])
	}
	return all
}

// duckList takes a VARCHAR[] from the driver, which hands lists out as []any.
type duckList []string

// Scan implements sql.Scanner.
func (l *duckList) Scan(v any) error {
	values, is := v.([]any)
	if !is && v != nil {
		return fmt.Errorf("want a list, not %T", v)
	}
	*l = []string{}
	for _, value := range values {
		*l = append(*l, text(value))
	}
	return nil
}
