package compute

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"slices"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
)

// basis is what a month is counted from: its days as they stand.
type basis struct {
	rulesSHA256, rules string
	regions            []regionBasis // in the order of the configuration
}

type regionBasis struct {
	region       string
	days         []calendar.Date
	state        string // Final when each of the days is (R10)
	slicesSHA256 string
}

// basisOf looks at the days of a month, which are computed.
func basisOf(ctx context.Context, q duck.Queryer, t config.Tenant, month calendar.Month) (b basis, err error) {
	days := t.DaysOf(month)
	all, err := loadSlices(ctx, q, days)
	if err != nil {
		return b, err
	}
	final, rules := map[calendar.Date]bool{}, monthRules{texts: map[string]string{}}
	err = duck.Each(ctx, q, "count/month_day", func(scan func(...any) error) error {
		var text, hash, of, state string
		if err := scan(&text, &hash, &of, &state); err != nil {
			return err
		}
		day, err := calendar.ParseDate(text)
		if err == nil && slices.Contains(days, day) {
			final[day] = state == Final
			rules.add(day, hash, of)
		}
		return err
	}, span(month)...)
	if err != nil {
		return b, err
	}
	if b.rulesSHA256, b.rules, err = rules.one(); err != nil {
		return b, err
	}
	for _, r := range t.Regions {
		one := regionBasis{region: r.Name, days: r.DaysIn(month, days), state: Final}
		if slices.ContainsFunc(one.days, func(d calendar.Date) bool { return !final[d] }) {
			one.state = Provisional
		}
		one.slicesSHA256 = hashOf(slicesOf(all, one.days))
		b.regions = append(b.regions, one)
	}
	return b, nil
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

// write puts the basis into temporary tables of the connection, and the agents of the month by SQL with them.
func (b basis) write(ctx context.Context, q duck.Queryer) error {
	w := ruleWriter{ctx: ctx, q: q}
	w.exec("region_month")
	w.exec("month_day")
	for _, r := range b.regions {
		region := sql.Named("region", r.region)
		w.exec("add_region_month", region, sql.Named("state", r.state), sql.Named("slices_sha256", r.slicesSHA256))
		if len(r.days) > 0 {
			w.exec("add_month_day", region, sql.Named("days", names(r.days)))
		}
	}
	if w.err != nil {
		return w.err
	}
	_, err := duck.Exec(ctx, q, "count/month_agent")
	return err
}

func names(days []calendar.Date) (texts []string) {
	for _, d := range days {
		texts = append(texts, d.String())
	}
	return texts
}

// isOf tells whether stored numbers were counted from the basis. A region that was not configured then has none.
func (b basis) isOf(stored []MonthRegion) bool {
	for _, s := range stored {
		at := slices.IndexFunc(b.regions, func(r regionBasis) bool { return r.region == s.Region })
		if at >= 0 && (b.regions[at].slicesSHA256 != s.SlicesSHA256 || b.regions[at].state != s.State) {
			return false
		}
	}
	return true
}
