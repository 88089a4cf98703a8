package compute

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	texts "seats/sql"
)

// Month counts the agents of a month (R9), both ways, compares their sets (R12), and replaces the month's
// results in the store. Its days stand as they are: each by the rules that it is counted by (CountedBy). Those that are stale are
// computed again first, each in a transaction of its own.
//
// The errors are those of Day; a *MissingError names every day of the month without a slice, and nothing is
// computed then.
func Month(ctx context.Context, conn *sql.Conn, t config.Tenant, month calendar.Month, computedTS int64) (MonthResult, error) {
	return NewMonthly(conn, t, month).Month(ctx, computedTS)
}

// Monthly is a month whose days are computed one after the other: whom the sweep finds on a day is remembered, so that
// the day need not be swept again for the month.
type Monthly struct {
	conn       *sql.Conn
	tenant     config.Tenant
	month      calendar.Month
	days       []calendar.Date // that it is counted from
	computedTS int64

	swept      map[calendar.Date]sweptDay
	recomputed []calendar.Date
}

// NewMonthly is a month of which nothing is computed yet.
func NewMonthly(conn *sql.Conn, t config.Tenant, month calendar.Month) *Monthly {
	return &Monthly{conn: conn, tenant: t, month: month, days: t.DaysOf(month), swept: map[calendar.Date]sweptDay{}}
}

// Day is Day, of a day of the month. The tenant need not have the counting rules of the month's own.
func (m *Monthly) Day(ctx context.Context, t config.Tenant, day calendar.Date, computedTS int64) (DayResult, error) {
	result, swept, err := computeDay(ctx, m.conn, t, day, computedTS)
	if err == nil {
		m.swept[day] = sweptOf(result.Slice, t.On(day), swept)
	}
	return result, err
}

// Month is Month.
func (m *Monthly) Month(ctx context.Context, computedTS int64) (MonthResult, error) {
	if err := m.checkComplete(ctx); err != nil {
		return MonthResult{}, err
	}
	m.computedTS = computedTS
	for _, day := range m.days {
		if err := m.day(ctx, day); err != nil {
			return MonthResult{}, err
		}
	}
	return m.store(ctx)
}

// checkComplete wants a slice of every day.
func (m *Monthly) checkComplete(ctx context.Context) error {
	present := map[string]bool{}
	err := duck.Each(ctx, m.conn, "count/slice_day", func(scan func(...any) error) error {
		var day string
		err := scan(&day)
		present[day] = true
		return err
	}, span(m.month)...)
	if err != nil {
		return err
	}
	missing := &MissingError{What: "slice"}
	for _, day := range m.days {
		if !present[day.String()] {
			missing.Days = append(missing.Days, day)
		}
	}
	if len(missing.Days) > 0 {
		return missing
	}
	return nil
}

// day makes sure that the day is computed by its own rules, and that its raw rows are swept.
func (m *Monthly) day(ctx context.Context, day calendar.Date) error {
	by, err := CountedBy(ctx, m.conn, m.tenant, day)
	if err != nil {
		return err
	}
	stale, err := Stale(ctx, m.conn, by, day)
	if err != nil {
		return err
	}
	if stale {
		m.recomputed = append(m.recomputed, day)
		_, err = m.Day(ctx, by, day, m.computedTS)
		return err
	}
	slice, rules, err := prepare(ctx, m.conn, by, day)
	if err != nil || m.swept[day].isOf(slice, by) {
		return err
	}
	swept, err := sweepDay(ctx, m.conn, rules, slice)
	if err == nil {
		m.swept[day] = sweptOf(slice, by, swept)
	}
	return err
}

// store counts by SQL, compares, and replaces the month's rows.
func (m *Monthly) store(ctx context.Context) (MonthResult, error) {
	base, err := basisOf(ctx, m.conn, m.tenant, m.month)
	if err != nil {
		return MonthResult{}, err
	}
	if err := base.write(ctx, m.conn); err != nil {
		return MonthResult{}, err
	}
	tx, err := duck.Begin(ctx, m.conn)
	if err != nil {
		return MonthResult{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back

	if err := m.countBySQL(ctx, tx, base); err != nil {
		return MonthResult{}, err
	}
	swept := m.agents(base)
	stored := func(each func(region, agent string)) error {
		return enabledAgents(ctx, tx, "count/month_agent_list", nil, each)
	}
	if err := compareEnabled(m.month.String(), stored, swept); err != nil {
		return MonthResult{}, err
	}
	result, err := LoadMonth(ctx, tx, m.tenant, m.month)
	if err != nil {
		return MonthResult{}, err
	}
	if err := compareCounts(m.month.String(), result.counts(), swept); err != nil {
		return MonthResult{}, err
	}
	result.Recomputed = m.recomputed
	return result, tx.Commit()
}

func (m *Monthly) countBySQL(ctx context.Context, q duck.Queryer, base basis) error {
	month := sql.Named("month", m.month.String())
	if _, err := duck.Exec(ctx, q, "count/delete_monthly_enabled", month); err != nil {
		return err
	}
	if err := keepRules(ctx, q, base.rulesSHA256, base.rules); err != nil {
		return err
	}
	_, err := duck.Exec(ctx, q, "count/monthly_enabled", month,
		sql.Named("rules_sha256", base.rulesSHA256),
		sql.Named("sql_sha256", texts.ComputeSHA256()),
		sql.Named("computed_ts", m.computedTS))
	return err
}

// StaleMonth tells whether a month has to be counted again: since it was, or since one of its days was, a slice, the
// rules, the statements or a state has changed.
func StaleMonth(ctx context.Context, conn *sql.Conn, t config.Tenant, r MonthResult) (bool, error) {
	for _, day := range t.DaysOf(r.Month) {
		by, err := CountedBy(ctx, conn, t, day)
		if err != nil {
			return false, err
		}
		if stale, err := Stale(ctx, conn, by, day); stale || err != nil {
			return stale, err
		}
	}
	base, err := basisOf(ctx, conn, t, r.Month)
	return r.RulesSHA256 != base.rulesSHA256 || r.SQLSHA256 != texts.ComputeSHA256() || !base.isOf(r.Regions), err
}

// LoadMonth reads a month's results from the store, as Month left them; a *MissingError where there are none,
// or where a slice is gone. StaleMonth tells whether they are still those of today's slices and rules.
func LoadMonth(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month) (MonthResult, error) {
	r, found := MonthResult{Month: month}, false
	err := duck.Each(ctx, q, "count/month_computed", func(scan func(...any) error) error {
		found = true
		return scan(&r.RulesSHA256, &r.SQLSHA256, &r.ComputedTS)
	}, sql.Named("month", month.String()))
	if err != nil {
		return MonthResult{}, err
	}
	if !found {
		return MonthResult{}, &MissingError{What: "result", Days: month.Days()}
	}
	if err := r.loadRegions(ctx, q, t); err != nil {
		return MonthResult{}, err
	}
	r.Quality, err = loadQuality(ctx, q, month.First(), month.Last())
	return r, err
}

// loadRegions reads the numbers of the regions, with the slices of their days.
func (r *MonthResult) loadRegions(ctx context.Context, q duck.Queryer, t config.Tenant) error {
	stored := map[string]MonthRegion{}
	err := duck.Each(ctx, q, "count/month_count", func(scan func(...any) error) error {
		var one MonthRegion
		err := scan(&one.Region, &one.Agents, &one.State, &one.SlicesSHA256)
		stored[one.Region] = one
		return err
	}, sql.Named("month", r.Month.String()))
	if err != nil {
		return err
	}
	days := t.DaysOf(r.Month)
	slices, err := loadSlices(ctx, q, days)
	if err != nil {
		return err
	}
	for _, region := range t.Regions {
		one, found := stored[region.Name]
		if !found {
			continue
		}
		of := region.DaysIn(r.Month, days)
		one.Slices = slicesOf(slices, of)
		if one.Quality, err = loadQuality(ctx, q, r.Month.First(), lastOf(of, r.Month)); err != nil {
			return err
		}
		r.Regions = append(r.Regions, one)
	}
	return nil
}

// lastOf is the last of a region's days, which may have none.
func lastOf(days []calendar.Date, month calendar.Month) calendar.Date {
	if len(days) == 0 {
		return month.Last()
	}
	return days[len(days)-1]
}

func loadSlices(ctx context.Context, q duck.Queryer, days []calendar.Date) ([]Slice, error) {
	var slices []Slice
	for _, day := range days {
		slice, err := LoadSlice(ctx, q, day)
		if err != nil {
			return nil, err
		}
		slices = append(slices, slice)
	}
	return slices, nil
}

// slicesOf picks the slices of some days.
func slicesOf(all []Slice, days []calendar.Date) (picked []Slice) {
	for _, s := range all {
		if slices.Contains(days, s.Day) {
			picked = append(picked, s)
		}
	}
	return picked
}

// hashOf is the hash over the days, hashes and as_of of slices: what tells them from others (R10).
func hashOf(slices []Slice) string {
	h := sha256.New()
	for _, s := range slices {
		fmt.Fprintf(h, "%s %s %d\n", s.Day, s.SHA256, s.AsOf)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// span binds the first and the last day of a month.
func span(month calendar.Month) []any {
	return []any{sql.Named("from", month.First().String()), sql.Named("to", month.Last().String())}
}
