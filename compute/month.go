package compute

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"

	"seats/compute/sweep"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	texts "seats/sql"
)

// Month counts the agents of a month (R9), both ways, compares their sets (R12), and replaces the month's
// results in the store. Days that are stale are computed again first, each in a transaction of its own.
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
	computedTS int64

	swept      map[string]map[string]bool // agents by region, by the sweep
	done       map[calendar.Date]string   // the hash of the slice that was swept, by day
	recomputed []calendar.Date
}

// NewMonthly is a month of which nothing is computed yet.
func NewMonthly(conn *sql.Conn, t config.Tenant, month calendar.Month) *Monthly {
	return &Monthly{conn: conn, tenant: t, month: month, swept: map[string]map[string]bool{}, done: map[calendar.Date]string{}}
}

// Day is Day, of a day of the month.
func (m *Monthly) Day(ctx context.Context, day calendar.Date, computedTS int64) (DayResult, error) {
	result, swept, err := computeDay(ctx, m.conn, m.tenant, day, computedTS)
	if err == nil {
		m.remember(result.Slice, swept)
	}
	return result, err
}

// Month is Month.
func (m *Monthly) Month(ctx context.Context, computedTS int64) (MonthResult, error) {
	if err := checkComplete(ctx, m.conn, m.month); err != nil {
		return MonthResult{}, err
	}
	m.computedTS = computedTS
	for _, day := range m.month.Days() {
		if err := m.day(ctx, day); err != nil {
			return MonthResult{}, err
		}
	}
	return m.store(ctx)
}

// checkComplete wants a slice of every day.
func checkComplete(ctx context.Context, q duck.Queryer, month calendar.Month) error {
	present := map[string]bool{}
	err := duck.Each(ctx, q, "compute/slice_day.sql", func(scan func(...any) error) error {
		var day string
		err := scan(&day)
		present[day] = true
		return err
	}, days(month)...)
	if err != nil {
		return err
	}
	missing := &MissingError{What: "slice"}
	for _, day := range month.Days() {
		if !present[day.String()] {
			missing.Days = append(missing.Days, day)
		}
	}
	if len(missing.Days) > 0 {
		return missing
	}
	return nil
}

// day makes sure that the day is computed, and that its raw rows are swept.
func (m *Monthly) day(ctx context.Context, day calendar.Date) error {
	stale, err := Stale(ctx, m.conn, m.tenant, day)
	if err != nil {
		return err
	}
	if stale {
		m.recomputed = append(m.recomputed, day)
		_, err = m.Day(ctx, day, m.computedTS)
		return err
	}
	slice, rules, err := prepare(ctx, m.conn, m.tenant, day)
	if err != nil || m.done[day] == slice.SHA256 {
		return err
	}
	swept, err := sweepDay(ctx, m.conn, rules, slice)
	if err == nil {
		m.remember(slice, swept)
	}
	return err
}

// remember adds whom the sweep found on a day.
func (m *Monthly) remember(slice Slice, swept *sweep.Result) {
	m.done[slice.Day] = slice.SHA256
	for region, agents := range enabledOf(swept) {
		if m.swept[region] == nil {
			m.swept[region] = map[string]bool{}
		}
		maps.Copy(m.swept[region], agents)
	}
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

// store counts by SQL, compares, and replaces the month's rows.
func (m *Monthly) store(ctx context.Context) (MonthResult, error) {
	slices, err := loadSlices(ctx, m.conn, m.month)
	if err != nil {
		return MonthResult{}, err
	}
	state, err := monthState(ctx, m.conn, m.month)
	if err != nil {
		return MonthResult{}, err
	}
	tx, err := duck.Begin(ctx, m.conn)
	if err != nil {
		return MonthResult{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back

	if err := m.countBySQL(ctx, tx, state, hashOf(slices)); err != nil {
		return MonthResult{}, err
	}
	if err := compareEnabled(ctx, tx, m.month.String(), m.month.First(), m.month.Last(), m.swept); err != nil {
		return MonthResult{}, err
	}
	result, err := LoadMonth(ctx, tx, m.tenant, m.month)
	if err != nil {
		return MonthResult{}, err
	}
	if err := compareCounts(m.month.String(), result.Regions, m.swept); err != nil {
		return MonthResult{}, err
	}
	result.Recomputed = m.recomputed
	return result, tx.Commit()
}

func (m *Monthly) countBySQL(ctx context.Context, q duck.Queryer, state, slicesSHA256 string) error {
	if err := writeRules(ctx, q, RulesFor(m.tenant, m.month.First())); err != nil {
		return err
	}
	month := sql.Named("month", m.month.String())
	if _, err := duck.Exec(ctx, q, "compute/delete_monthly_enabled.sql", month); err != nil {
		return err
	}
	_, err := duck.Exec(ctx, q, "compute/monthly_enabled.sql", append(days(m.month), month,
		sql.Named("state", state),
		sql.Named("rules_sha256", m.tenant.RulesHash()),
		sql.Named("sql_sha256", texts.ComputeSHA256()),
		sql.Named("slices_sha256", slicesSHA256),
		sql.Named("computed_ts", m.computedTS))...)
	return err
}

// monthState is final when each day of the month is (R10).
func monthState(ctx context.Context, q duck.Queryer, month calendar.Month) (string, error) {
	for _, day := range month.Days() {
		done, err := loadComputation(ctx, q, day)
		if err != nil {
			return "", err
		}
		if done == nil || done.state != Final {
			return Provisional, nil
		}
	}
	return Final, nil
}

// StaleMonth tells whether a month has to be counted again: since it was, or since one of its days was, a slice, the
// rules, the statements or a state has changed.
func StaleMonth(ctx context.Context, conn *sql.Conn, t config.Tenant, r MonthResult) (bool, error) {
	for _, day := range r.Month.Days() {
		if stale, err := Stale(ctx, conn, t, day); stale || err != nil {
			return stale, err
		}
	}
	state, err := monthState(ctx, conn, r.Month)
	same := r.SlicesSHA256 == hashOf(r.Slices) && r.RulesSHA256 == t.RulesHash() &&
		r.SQLSHA256 == texts.ComputeSHA256() && r.State == state
	return !same, err
}

// LoadMonth reads a month's results from the store, as Month left them; a *MissingError where there are none,
// or where a slice is gone. StaleMonth tells whether they are still those of today's slices and rules.
func LoadMonth(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month) (MonthResult, error) {
	r, found := MonthResult{Month: month}, false
	err := duck.Each(ctx, q, "compute/month_computed.sql", func(scan func(...any) error) error {
		found = true
		return scan(&r.State, &r.RulesSHA256, &r.SQLSHA256, &r.SlicesSHA256, &r.ComputedTS)
	}, sql.Named("month", month.String()))
	if err != nil {
		return MonthResult{}, err
	}
	if !found {
		return MonthResult{}, &MissingError{What: "result", Days: month.Days()}
	}
	scopes := RulesFor(t, month.First()).Scopes()
	if r.Regions, err = loadEnabled(ctx, q, "compute/month_count.sql", sql.Named("month", month.String()), scopes); err != nil {
		return MonthResult{}, err
	}
	if r.Slices, err = loadSlices(ctx, q, month); err != nil {
		return MonthResult{}, err
	}
	r.Quality, err = loadQuality(ctx, q, month.First(), month.Last())
	return r, err
}

func loadSlices(ctx context.Context, q duck.Queryer, month calendar.Month) ([]Slice, error) {
	var slices []Slice
	for _, day := range month.Days() {
		slice, err := LoadSlice(ctx, q, day)
		if err != nil {
			return nil, err
		}
		slices = append(slices, slice)
	}
	return slices, nil
}

// hashOf is the hash over the days and hashes of slices.
func hashOf(slices []Slice) string {
	h := sha256.New()
	for _, s := range slices {
		fmt.Fprintf(h, "%s %s\n", s.Day, s.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// days binds the first and the last day of a month.
func days(month calendar.Month) []any {
	return []any{sql.Named("from", month.First().String()), sql.Named("to", month.Last().String())}
}
