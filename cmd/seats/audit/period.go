package audit

import (
	"database/sql"

	"seats/internal/calendar"
	"seats/report"
)

// Period is what an audit looks at: the days from From to To, both included, and the months whose last day is
// among them. The zero value is everything.
type Period struct{ From, To calendar.Date }

// IsEverything tells whether the period has no bounds.
func (p Period) IsEverything() bool { return p == Period{} }

// Holds tells whether the day is looked at.
func (p Period) Holds(d calendar.Date) bool {
	return p.IsEverything() || (!d.Before(p.From) && !p.To.Before(d))
}

// HoldsMonth tells whether the number of the month is looked at.
func (p Period) HoldsMonth(m calendar.Month) bool { return p.Holds(m.Last()) }

// Touches tells whether any day of the month is looked at.
func (p Period) Touches(m calendar.Month) bool {
	return p.IsEverything() || !m.Last().Before(p.From) && !p.To.Before(m.First())
}

// HoldsText is Holds or HoldsMonth of a measurement's period. What is no period at all is always looked at.
func (p Period) HoldsText(period string) bool {
	if m, err := calendar.ParseMonth(period); err == nil {
		return p.HoldsMonth(m)
	}
	d, err := calendar.ParseDate(period)
	return err != nil || p.Holds(d)
}

// Bounds binds the first and the last day as statements want them.
func (p Period) Bounds() []any {
	from, to := "0001-01-01", "9999-12-31"
	if !p.IsEverything() {
		from, to = p.From.String(), p.To.String()
	}
	return []any{sql.Named("from", from), sql.Named("to", to)}
}

// runsOf takes dates, ascending, apart into runs of days.
func runsOf(days []calendar.Date) [][]calendar.Date {
	var runs [][]calendar.Date
	for i, d := range days {
		if i == 0 || days[i-1].AddDays(1) != d {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], d)
	}
	return runs
}

// spans writes days as runs of days.
func spans(days []calendar.Date) string { return calendar.Runs(days, " to ") }

// series is what revisions are counted in.
type series struct {
	region  string
	measure report.Measure
	period  string
}

func seriesOf(i report.Issue) series { return series{i.Region, i.Measure, i.Period} }
