package explain

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/watch"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/forecast"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// Month is who was enabled in a region in a month (R9).
type Month struct {
	*Explainer
	Month  calendar.Month
	Region string
	Zone   *time.Location
	State  string
	Agents report.Table // each with the earliest session that made her one
}

// Month lists the enabled agents of a region in a month.
func (e *Explainer) Month(ctx context.Context, month calendar.Month, region string) (*Month, error) {
	_, zone, err := e.scope(calendar.Date{}, region, "")
	if err != nil {
		return nil, err
	}
	result, err := compute.LoadMonth(ctx, e.conn, e.tenant, month)
	if _, missing := errors.AsType[*compute.MissingError](err); missing {
		return nil, fail.New(fail.NotReady, fmt.Sprintf("`seats run --month %s` brings what is missing", month), "nothing to explain: %w", err)
	}
	if err != nil {
		return nil, err
	}
	stands, err := compute.Look(ctx, e.conn, e.tenant, e.tenant.DaysOf(month)...)
	if err = cmp.Or(err, checkFresh(stands...)); err != nil {
		return nil, err
	}
	again := fmt.Sprintf("`seats compute --month %s` counts it", month)
	if result.Stale {
		return nil, fail.New(fail.Other, again, "%s has no result for its slices under today's configuration", month)
	}
	m, days, counted := &Month{Explainer: e, Month: month, Region: region, Zone: zone}, []calendar.Date{}, int64(0)
	for _, r := range result.Regions {
		if r.Region == region {
			m.State, counted = r.State, r.Agents
			days = list.Of(r.Slices, func(s settle.Slice) calendar.Date { return s.Day })
		}
	}
	inZone := func([]string, []any) *time.Location { return zone }
	m.Agents, err = report.Ask(ctx, m.conn, "ask/enabled_agent", inZone, sql.Named("tenant", m.tenant.Name), sql.Named("region", region),
		sql.Named("month", month.String()), duck.Days(days...))
	if n := int64(len(m.Agents.Rows)); n != counted && err == nil {
		err = fail.New(fail.Store, again+" again", "explain %s in %s: %d agents are counted and %d are found", region, month, counted, n)
	}
	return m, err
}

// Highest explains the highest second of a region's month, as far as its days are counted: who was there, and the spans of its day at that height.
func (e *Explainer) Highest(ctx context.Context, month calendar.Month, region string) (agents int64, told Answer, err error) {
	_, zone, err1 := e.scope(calendar.Date{}, region, "")
	all, err2 := watch.HighestSeconds(ctx, e.conn, e.tenant)
	at := slices.IndexFunc(all, func(of watch.Highest) bool { return of.Month == month && of.Name == region })
	if err = cmp.Or(err1, err2); err == nil && at < 0 {
		err = fail.New(fail.NotReady, fmt.Sprintf("`seats run --month %s` reads and counts its days", month), "nothing to explain: no day of %s is counted", month)
	}
	if err != nil {
		return 0, told, err
	}
	h := all[at]
	day, err := e.Day(ctx, h.Day, region, "")
	if err != nil {
		return 0, told, err
	}
	peak, err := day.Peak(ctx)
	return h.Value, peak.under(one("tenant region month state days_counted agents at seconds days sessions",
		e.tenant.Name, region, month, h.State, h.Counted, h.Value, instant(&h.At, zone), h.Seconds, h.Days, peak.Sessions)), err
}

// DaysRead are the days of a month of which the store holds a slice, and those of which it does not.
func (e *Explainer) DaysRead(ctx context.Context, month calendar.Month) (read, missing []calendar.Date, err error) {
	slices, err := store.Slices(ctx, e.conn)
	for _, day := range month.Days() {
		if _, held := slices[day]; held {
			read = append(read, day)
		} else {
			missing = append(missing, day)
		}
	}
	return read, missing, err
}

// Breakdown is who used the seats of a region's day. An agent who belongs to several of what is asked for counts in the
// peak and in the enabled agents of each, but in one share: that of the session which began first of those that occupy the
// second (by key where two began at once), and of what it belongs to, of the group whose name comes first, or the location
// or switch that its earliest activity leads to. So the shares, and they alone, add up to the region's number.
//
// Of a month it is who was enabled (R9): an agent who belongs to several counts in each.
type Breakdown struct {
	Parts []Part // the largest share first; of a month their names and enabled agents, the most first
	Answer
}

// brokenDown is an answer of the parts, and for people, before them, what they add up to.
func brokenDown(parts []Part, whole, table report.Table) Breakdown {
	return Breakdown{parts, Answer{table, table, []report.Table{whole, table}}}
}

// Part is a group, a location or a switch.
type Part struct {
	Name    string // "(none)": in no group; "(unknown)": no known switch; NotRead
	Peak    int64  // its own
	PeakTS  int64  // the first second of that
	Share   int64  // of the region's peak, in the first second of that
	Enabled int64
}

// NotRead is the part of those whose agent groups were not read.
const NotRead = "(not read)"

// breakdownVersion is the schema version from which on a store has what a breakdown asks.
const breakdownVersion = 3

// breakDown asks for the parts of regions' days or of a region's month.
func (e *Explainer) breakDown(ctx context.Context, statement string, by config.Unit, of ...any) (map[inPeriod][]Part, error) {
	has, err := store.Has(ctx, e.conn, breakdownVersion)
	if err == nil && !has {
		err = fail.New(fail.Other, "the next `seats run` or `seats compute` brings the store up to date",
			"the store of tenant %s is an older version's, which cannot be broken down", e.tenant.Name)
	}
	if err != nil {
		return nil, err
	}
	return duck.By[inPeriod, Part](ctx, e.conn, statement, append(of, sql.Named("by", string(by)))...)
}

// unread is the error of a period whose agent groups were not read. It says what to do: which flag names the period.
func unread(parts []Part, period fmt.Stringer, flag string) error {
	if len(parts) != 1 || parts[0].Name != NotRead {
		return nil
	}
	return fail.New(fail.NotReady,
		fmt.Sprintf("with agent_group in breakdown, `seats extract %s %s` reads them, where the source has them: see `seats check`", flag, period),
		"the agent groups of %s were not read", period)
}

// Breakdown breaks the day of a region down.
func (d *Day) Breakdown(ctx context.Context, by config.Unit) (Breakdown, error) {
	found, untold, err := d.Breakdowns(ctx, by, d)
	return found[0], cmp.Or(err, untold[0])
}

// Breakdowns does what Breakdown does for days of as many regions.
func (e *Explainer) Breakdowns(ctx context.Context, by config.Unit, days ...*Day) (found []Breakdown, untold []error, err error) {
	parts, err := e.breakDown(ctx, "ask/breakdown", by, sql.Named("periods", list.Of(days, func(d *Day) string { return d.Date.String() })),
		sql.Named("regions", list.Of(days, func(d *Day) string { return d.Scope.Region })))
	for _, d := range days {
		b, problem := d.breakdown(by, parts[d.key()])
		found, untold = append(found, b), append(untold, problem)
	}
	return found, untold, err
}

// breakdown holds the parts of the day against its number.
func (d *Day) breakdown(by config.Unit, parts []Part) (Breakdown, error) {
	peak, at := d.Curve.peak()
	var shares int64
	whole := one("tenant region date state peak peak_at", d.tenant.Name, d.Scope.Region, d.Date, d.State, peak, instant(&at, d.Zone))
	table := tableOf("tenant region date by name peak peak_at share_at_peak enabled", parts, func(p Part) []any {
		shares += p.Share
		return []any{d.tenant.Name, d.Scope.Region, d.Date, string(by), p.Name, p.Peak, instant(&p.PeakTS, d.Zone), p.Share, p.Enabled}
	})
	if shares != peak {
		return Breakdown{}, fail.New(fail.Store, "the results do not fit the slice any more: `seats compute` counts the day again",
			"break %s down by %s: %d agents are counted and %d are found", d.Scope, by, peak, shares)
	}
	return brokenDown(parts, whole, table), unread(parts, d.Date, "--date")
}

// Breakdown breaks the enabled agents of the month down.
func (m *Month) Breakdown(ctx context.Context, by config.Unit) (Breakdown, error) {
	found, err := m.breakDown(ctx, "ask/enabled_by", by, sql.Named("region", m.Region), sql.Named("period", m.Month.String()))
	parts := found[inPeriod{m.Month.String(), m.Region}]
	if err = cmp.Or(err, unread(parts, m.Month, "--month")); err != nil {
		return Breakdown{}, err
	}
	whole := one("tenant region month state enabled", m.tenant.Name, m.Region, m.Month, m.State, int64(len(m.Agents.Rows)))
	return brokenDown(parts, whole, tableOf("tenant region month by name enabled", parts, func(p Part) []any {
		return []any{m.tenant.Name, m.Region, m.Month, string(by), p.Name, p.Enabled}
	})), nil
}

// Trend is what a region's month may still bring.
type Trend struct {
	Tenant string
	Region config.Region
	Peaks  map[calendar.Date]int64 // of every day that was counted
	forecast.Outlook
}

// LookAhead looks ahead from the newest day of the region that was counted and is over, and is not after until (the zero Date:
// any). The error is of fail.NotReady where there is no such day.
func LookAhead(ctx context.Context, q duck.Queryer, t config.Tenant, region config.Region, until calendar.Date, now time.Time) (*Trend, error) {
	all, err := watch.Peaks(ctx, q)
	if err != nil {
		return nil, err
	}
	peaks := all[region.Name]
	var from calendar.Date
	for day := range peaks {
		if from.Before(day) && day.In(region.Zone).End <= now.Unix() && (until.IsZero() || !until.Before(day)) {
			from = day
		}
	}
	if from.IsZero() {
		return nil, fail.New(fail.NotReady, "`seats run` counts one", "no day of region %s that is over was counted by then: there is nothing to look ahead from", region.Name)
	}
	billed := func(d calendar.Date) bool { return !t.EndedBefore(d) && !region.EndedBefore(d) }
	return &Trend{t.Name, region, peaks, forecast.Ahead(peaks, from, region.Committed, billed)}, nil
}

// Refusal is an error of fail.NotReady where there is no band at all, for the month or for a day.
func (t *Trend) Refusal() error {
	known := func(d forecast.Day) bool { return d.Known() }
	if len(t.Ahead) == 0 || t.Peak.Known() || slices.ContainsFunc(t.Ahead, known) {
		return nil
	}
	return fail.New(fail.NotReady, "`seats status` says which days are missing", "too few days to look ahead from %s: %s", t.From, strings.Join(t.Lacks(), "; "))
}

// Lacks says what is missing for a band; empty where nothing is. The other bands may be there.
func (t *Trend) Lacks() (lacks []string) {
	if len(t.Ahead) > 0 && !t.Peak.Known() {
		lacks = append(lacks, fmt.Sprintf("no band for the month's peak: the days without a number, moved back by whole weeks, were all counted %d times of at least %d",
			t.Peak.Times, forecast.Enough))
	}
	var few []string
	for _, d := range t.Ahead {
		if said := fmt.Sprintf("%s (%d)", d.Date.Weekday(), d.Times); !d.Known() && !slices.Contains(few, said) {
			few = append(few, said)
		}
	}
	if len(few) > 0 {
		lacks = append(lacks, fmt.Sprintf("no band for weekdays that were counted fewer than %d times in the %d weeks before: %s", forecast.Enough, forecast.Reach, strings.Join(few, ", ")))
	}
	return lacks
}

// Answer is the month in one row with all the days that have no number yet, and these for people. In CSV, tenant, region and the newest
// day counted are in every row, and the first, without a date, is the month's peak.
func (t *Trend) Answer() Answer {
	low, high, known, commits := t.Peak.Low, t.Peak.High, t.Peak.Known(), t.Committed > 0
	if len(t.Ahead) == 0 && !known {
		low, high, known = t.Highest, t.Highest, true
	}
	day := func(d calendar.Date) any { return report.OrNil(commits && !d.IsZero(), d) }
	month := one("tenant region month from counted ahead highest peak_low peak_high times",
		t.Tenant, t.Region.Name, t.Month, t.From, t.Counted, len(t.Ahead), t.Highest, report.OrNil(known, low), report.OrNil(known, high), t.Peak.Times)
	committed := one("committed passed_on times_above passed_earliest passed_latest", report.OrNil(commits, t.Committed), day(t.PassedOn),
		report.OrNil(commits && t.Peak.Known(), t.Peak.Above), day(t.PassEarliest), day(t.PassLatest))
	days := tableOf("date weekday peak_low peak_high times times_above", t.Ahead, func(d forecast.Day) []any {
		return []any{d.Date, d.Date.Weekday(), report.OrNil(d.Known(), d.Low), report.OrNil(d.Known(), d.High), d.Times,
			report.OrNil(d.Known() && commits, d.Above)}
	})
	tables := []report.Table{month}
	if commits {
		tables = append(tables, committed)
	}
	if len(t.Ahead) > 0 {
		tables = append(tables, days)
	}
	m, c := month.Rows[0], committed.Rows[0]
	document := before(month.Header, m, before(committed.Header, c, one("days", days)))
	days.Rows = slices.Insert(slices.Clone(days.Rows), 0, []any{nil, nil, m[7], m[8], m[9], c[2]})
	return Answer{document, before(append(month.Header[:4:4], "committed"), append(m[:4:4], c[0]), days), tables}
}
