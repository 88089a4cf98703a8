package compute

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
)

// Month counts the agents of a month (R9), both ways, compares their sets (R12), and replaces the month's
// results in the store. Its days stand as they are: each by the rules that it is counted by (Look). Those that are stale are
// computed again first.
//
// The errors are those of Days; a *MissingError names every day of the month without a slice, and nothing is
// computed then.
func (c *Counter) Month(ctx context.Context, month calendar.Month, computedTS int64) (MonthResult, error) {
	if !slices.Contains(c.months, month) {
		c.months = append(c.months, month)
	}
	stands, err := c.complete(ctx, month)
	if err != nil {
		return MonthResult{}, err
	}
	var stale []Standing
	var recomputed []calendar.Date
	for _, s := range stands {
		if s.Stale() {
			stale, recomputed = append(stale, s), append(recomputed, s.Day)
		}
	}
	if len(stale) > 0 {
		if err := failed(c.Days(ctx, stale, computedTS)); err != nil {
			return MonthResult{}, err
		}
		if stands, err = c.complete(ctx, month); err != nil {
			return MonthResult{}, err
		}
	}
	if err := c.sweepLeft(ctx, stands); err != nil {
		return MonthResult{}, err
	}
	result, err := c.countMonth(ctx, month, stands, computedTS)
	result.Recomputed = recomputed
	return result, err
}

// complete looks at the days of a month, and wants a slice of each.
func (c *Counter) complete(ctx context.Context, month calendar.Month) ([]Standing, error) {
	stands, err := Look(ctx, c.conn, c.tenant, c.tenant.DaysOf(month)...)
	if err != nil {
		return nil, err
	}
	missing := &MissingError{What: "slice"}
	for _, s := range stands {
		if s.Slice == nil {
			missing.Days = append(missing.Days, s.Day)
		}
	}
	if len(missing.Days) > 0 {
		return nil, missing
	}
	return stands, nil
}

// sweepLeft sweeps the days of a month that were not swept as they stand.
func (c *Counter) sweepLeft(ctx context.Context, stands []Standing) error {
	var left []Standing
	rows := int64(0)
	for i, s := range stands {
		if _, err := s.rules(); err != nil {
			return err
		}
		if !c.swept[s.Day].isOf(s) {
			left, rows = append(left, s), rows+s.size()
		}
		if last := i == len(stands)-1; len(left) == 0 || rows < batchRows && !last {
			continue
		}
		rules, err := rulesOf(left)
		if err != nil {
			return err
		}
		swept, err := sweepDays(ctx, c.conn, left, rules)
		if err != nil {
			return err
		}
		for i := range left {
			c.remember(left[i], swept[i])
		}
		left, rows = nil, 0
	}
	return nil
}

// countMonth counts by SQL, compares, and replaces the month's rows.
func (c *Counter) countMonth(ctx context.Context, month calendar.Month, stands []Standing, computedTS int64) (MonthResult, error) {
	base, err := basisOf(c.tenant, month, stands)
	if err != nil {
		return MonthResult{}, err
	}
	regions, err := json.Marshal(base.regions)
	if err != nil {
		return MonthResult{}, err
	}
	for _, name := range []string{"count/rule_region_month", "count/rule_month_day", "count/month_agent"} {
		var args []any
		if name == "count/rule_region_month" {
			args = append(args, sql.Named("regions", string(regions)))
		}
		if _, err := duck.Exec(ctx, c.conn, name, args...); err != nil {
			return MonthResult{}, err
		}
	}
	tx, err := duck.Begin(ctx, c.conn)
	if err != nil {
		return MonthResult{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back

	of, hash := sql.Named("month", month.String()), sql.Named("rules_sha256", base.rulesSHA256)
	if _, err := duck.Exec(ctx, tx, "count/delete_monthly_enabled", of); err != nil {
		return MonthResult{}, err
	}
	if _, err := duck.Exec(ctx, tx, "count/keep_rules", hash, sql.Named("rules", base.rules)); err != nil {
		return MonthResult{}, err
	}
	_, err = duck.Exec(ctx, tx, "count/monthly_enabled", of, hash, sql.Named("sql_sha256", SQLSHA256()), sql.Named("computed_ts", computedTS))
	if err != nil {
		return MonthResult{}, err
	}
	result, err := loadMonth(ctx, tx, c.tenant, month, stands)
	if err != nil {
		return MonthResult{}, err
	}
	swept := c.agents(base, stands)
	var stored []agentOf
	err = duck.Each(ctx, tx, "count/month_agent_list", func(scan func(...any) error) error {
		var a agentOf
		err := scan(&a.region, &a.agent)
		stored = append(stored, a)
		return err
	})
	if err != nil {
		return MonthResult{}, err
	}
	if err := compareEnabled(month.String(), stored, swept); err != nil {
		return MonthResult{}, err
	}
	if err := compareCounts(month.String(), result.counts(), swept); err != nil {
		return MonthResult{}, err
	}
	return result, tx.Commit()
}

// LoadMonth reads a month's results from the store, as Month left them, and tells whether they are still those of its days; a
// *MissingError where there are none, or where a slice is gone.
func LoadMonth(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month) (MonthResult, error) {
	stands, err := Look(ctx, q, t, t.DaysOf(month)...)
	if err != nil {
		return MonthResult{}, err
	}
	r, err := loadMonth(ctx, q, t, month, stands)
	if err != nil {
		return r, err
	}
	if r.Stale = slices.ContainsFunc(stands, Standing.Stale); r.Stale {
		return r, nil
	}
	base, err := basisOf(t, month, stands)
	r.Stale = r.RulesSHA256 != base.rulesSHA256 || !base.isOf(r.Regions)
	return r, err
}

func loadMonth(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month, stands []Standing) (MonthResult, error) {
	r, stored := MonthResult{Month: month}, map[string]MonthRegion{}
	err := duck.Each(ctx, q, "count/month_count", func(scan func(...any) error) error {
		var one MonthRegion
		err := scan(&one.Region, &one.Agents, &one.State, &one.SlicesSHA256, &r.RulesSHA256, &r.SQLSHA256, &r.ComputedTS)
		stored[one.Region] = one
		return err
	}, sql.Named("month", month.String()))
	if err != nil {
		return r, err
	}
	if len(stored) == 0 {
		return r, &MissingError{What: "result", Days: month.Days()}
	}
	for _, s := range stands {
		if err := s.Missing(); err != nil {
			return r, err
		}
	}
	quality, err := loadQuality(ctx, q, month.First(), month.Last())
	if err != nil {
		return r, err
	}
	for _, region := range t.Regions {
		one, found := stored[region.Name]
		if !found {
			continue
		}
		last := month.Last()
		for _, s := range standsIn(region, month, stands) {
			one.Slices, last = append(one.Slices, *s.Slice), s.Day
		}
		one.Quality = sumQuality(quality, last)
		r.Regions = append(r.Regions, one)
	}
	r.Quality = sumQuality(quality, month.Last())
	return r, nil
}

// standsIn are the days of a month that a region has, of those that it is counted from.
func standsIn(region config.Region, month calendar.Month, stands []Standing) (in []Standing) {
	for _, s := range stands {
		if len(region.DaysIn(month, []calendar.Date{s.Day})) > 0 {
			in = append(in, s)
		}
	}
	return in
}

// basis is what a month is counted from: its days as they stand.
type basis struct {
	rulesSHA256, rules string
	regions            []regionBasis // in the order of the configuration
}

// regionBasis is what count/rule_region_month reads.
type regionBasis struct {
	Region       string          `json:"region"`
	State        string          `json:"state"` // Final when each of the days is (R10)
	SlicesSHA256 string          `json:"slices_sha256"`
	Days         []calendar.Date `json:"days"`
}

// basisOf looks at the days of a month. Of one whose days are not all computed it is the basis as far as it goes.
func basisOf(t config.Tenant, month calendar.Month, stands []Standing) (b basis, err error) {
	rules := monthRules{texts: map[string]string{}}
	for _, s := range stands {
		if s.done != nil {
			rules.add(s.Day, s.done.rulesSHA256, s.done.rules)
		}
	}
	if b.rulesSHA256, b.rules, err = rules.one(); err != nil {
		return b, err
	}
	for _, r := range t.Regions {
		one, all := regionBasis{Region: r.Name, State: Final}, sha256.New()
		for _, s := range standsIn(r, month, stands) {
			if s.done == nil || s.done.state != Final {
				one.State = Provisional
			}
			one.Days = append(one.Days, s.Day)
			fmt.Fprintf(all, "%s %s %d\n", s.Day, s.Slice.SHA256, s.Slice.AsOf) // what tells slices from others (R10)
		}
		one.SlicesSHA256 = hex.EncodeToString(all.Sum(nil))
		b.regions = append(b.regions, one)
	}
	return b, nil
}

// isOf tells whether stored numbers were counted from the basis. A region that was not configured then has none.
func (b basis) isOf(stored []MonthRegion) bool {
	for _, s := range stored {
		at := slices.IndexFunc(b.regions, func(r regionBasis) bool { return r.Region == s.Region })
		if at >= 0 && (b.regions[at].SlicesSHA256 != s.SlicesSHA256 || b.regions[at].State != s.State) {
			return false
		}
	}
	return true
}

// monthRules says which day of a month was counted by which rules.
type monthRules struct {
	days  []config.DayRules
	texts map[string]string // by their hash
}

// add adds a day, later than those before.
func (m *monthRules) add(day calendar.Date, hash, text string) {
	m.texts[hash] = text
	if last := len(m.days) - 1; last >= 0 && m.days[last].SHA256 == hash {
		m.days[last].To = day
		return
	}
	m.days = append(m.days, config.DayRules{From: day, To: day, SHA256: hash})
}

// one gives the rules of the month, and their hash: those of its days where they are all the same, else which day has which.
func (m monthRules) one() (hash, text string, err error) {
	if len(m.texts) == 1 {
		for hash, text := range m.texts {
			return hash, text, nil
		}
	}
	encoded, err := config.MonthRules(m.days)
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), string(encoded), err
}

// sweptDay is what a month needs to know of a day that was swept.
type sweptDay struct {
	slice     Slice
	rules     string             // the hash of those that it was swept by
	resources map[string][]int64 // resource keys that are enabled, by region
	said      map[int64]string   // what the slice says of resource keys: the employee_id
}

// isOf tells whether the day was swept as it stands.
func (d sweptDay) isOf(s Standing) bool {
	return d.slice.SHA256 == s.Slice.SHA256 && d.slice.AsOf == s.Slice.AsOf && d.rules == s.By.RulesHash()
}

func sweptOf(s Standing, swept *sweep.Result) sweptDay {
	d := sweptDay{slice: *s.Slice, rules: s.By.RulesHash(), resources: map[string][]int64{}, said: map[int64]string{}}
	for no, scope := range swept.Scopes() {
		if scope.Location == "" {
			d.resources[scope.Region] = swept.Resources(no)
		}
	}
	swept.Said(func(resourceKey int64, employeeID string) { d.said[resourceKey] = employeeID })
	return d
}

// agents are the sweep's agents of the month by region, each by the newest word of the region's days for its resource key (R6).
func (c *Counter) agents(b basis, stands []Standing) map[string]map[string]bool {
	newest := map[calendar.Date]words{} // by the last day that is heard
	agents := map[string]map[string]bool{}
	for _, r := range b.regions {
		agents[r.Region] = map[string]bool{}
		if len(r.Days) == 0 {
			continue
		}
		last := r.Days[len(r.Days)-1]
		if newest[last] == nil {
			newest[last] = c.words(stands, last)
		}
		for _, day := range r.Days {
			for _, key := range c.swept[day].resources[r.Region] {
				agents[r.Region][newest[last].nameOf(key)] = true
			}
		}
	}
	return agents
}

// words are employee_ids by resource key.
type words map[int64]string

// words are the newest of the month's days up to one.
func (c *Counter) words(stands []Standing, last calendar.Date) words {
	found, from := words{}, map[int64]Slice{}
	for _, s := range stands {
		if last.Before(s.Day) {
			break
		}
		slice := c.swept[s.Day].slice
		for key, employee := range c.swept[s.Day].said {
			if before, said := from[key]; !said || isNewer(slice, before) {
				found[key], from[key] = employee, slice
			}
		}
	}
	return found
}

// isNewer orders slices by up to when they know the source, then by when they were read, then by their days.
func isNewer(a, b Slice) bool {
	return cmp.Or(cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(a.ExtractedTS, b.ExtractedTS), cmp.Compare(a.Day.String(), b.Day.String())) > 0
}

func (w words) nameOf(resourceKey int64) string {
	if name := w[resourceKey]; name != "" {
		return name
	}
	return "#" + strconv.FormatInt(resourceKey, 10)
}
