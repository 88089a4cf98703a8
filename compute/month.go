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
	if err := checkComplete(ctx, conn, month); err != nil {
		return MonthResult{}, err
	}
	m := monthly{conn: conn, tenant: t, month: month, computedTS: computedTS, swept: map[string]map[string]bool{}}
	for _, day := range month.Days() {
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

// monthly is a month while its days are gone through.
type monthly struct {
	conn       *sql.Conn
	tenant     config.Tenant
	month      calendar.Month
	computedTS int64

	swept      map[string]map[string]bool // agents by region, by the sweep
	recomputed []calendar.Date
}

// day sweeps the raw rows of a day; where the stored results are stale, it computes the day altogether.
func (m *monthly) day(ctx context.Context, day calendar.Date) error {
	stale, err := Stale(ctx, m.conn, m.tenant, day)
	if err != nil {
		return err
	}
	var swept *sweep.Result
	if stale {
		m.recomputed = append(m.recomputed, day)
		_, swept, err = computeDay(ctx, m.conn, m.tenant, day, m.computedTS)
	} else {
		swept, err = m.sweep(ctx, day)
	}
	if err != nil {
		return err
	}
	for region, agents := range enabledOf(swept) {
		if m.swept[region] == nil {
			m.swept[region] = map[string]bool{}
		}
		maps.Copy(m.swept[region], agents)
	}
	return nil
}

func (m *monthly) sweep(ctx context.Context, day calendar.Date) (*sweep.Result, error) {
	slice, rules, err := prepare(ctx, m.conn, m.tenant, day)
	if err != nil {
		return nil, err
	}
	return sweepDay(ctx, m.conn, rules, slice)
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
func (m *monthly) store(ctx context.Context) (MonthResult, error) {
	slices, err := loadSlices(ctx, m.conn, m.month)
	if err != nil {
		return MonthResult{}, err
	}
	state, err := m.state(ctx)
	if err != nil {
		return MonthResult{}, err
	}
	tx, err := m.conn.BeginTx(ctx, nil)
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

func (m *monthly) countBySQL(ctx context.Context, q duck.Queryer, state, slicesSHA256 string) error {
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

// state of the month: final when each of its days is (R10).
func (m *monthly) state(ctx context.Context) (string, error) {
	for _, day := range m.month.Days() {
		done, err := loadComputation(ctx, m.conn, day)
		if err != nil {
			return "", err
		}
		if done == nil || done.state != Final {
			return Provisional, nil
		}
	}
	return Final, nil
}

// LoadMonth reads a month's results from the store, as Month left them; a *MissingError where there are none,
// or where a slice is gone. Compare SlicesSHA256 and RulesSHA256 with today's to see whether it is stale.
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
