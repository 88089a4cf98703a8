package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"seats/cmd/seats/watch"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/forecast"
	"seats/report"
)

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

// columns are the month in one row: what is known of it, and what is said of what is committed.
func (t *Trend) columns() (month, committed report.Table) {
	low, high, above, commit, on, earliest, latest := any(nil), any(nil), any(nil), any(nil), any(nil), any(nil), any(nil)
	if len(t.Ahead) == 0 {
		low, high = t.Highest, t.Highest
	}
	if t.Peak.Known() {
		low, high = t.Peak.Low, t.Peak.High
	}
	if t.Committed > 0 {
		commit, on, earliest, latest = t.Committed, day(t.PassedOn), day(t.PassEarliest), day(t.PassLatest)
		if t.Peak.Known() {
			above = t.Peak.Above
		}
	}
	return report.Table{
			Header: []string{"tenant", "region", "month", "from", "counted", "ahead", "highest", "peak_low", "peak_high", "times"},
			Rows:   [][]any{{t.Tenant, t.Region.Name, t.Month, t.From, t.Counted, len(t.Ahead), t.Highest, low, high, t.Peak.Times}},
		}, report.Table{
			Header: []string{"committed", "passed_on", "times_above", "passed_earliest", "passed_latest"},
			Rows:   [][]any{{commit, on, above, earliest, latest}},
		}
}

// day is blank where it is none.
func day(d calendar.Date) any {
	if d.IsZero() {
		return nil
	}
	return d
}

// Brief is the month in one row, and one of what is committed where something is, for people.
func (t *Trend) Brief() []report.Table {
	month, committed := t.columns()
	if t.Committed == 0 {
		return []report.Table{month}
	}
	return []report.Table{month, committed}
}

// Days has a row for each day that has no number yet.
func (t *Trend) Days() report.Table {
	days := report.Table{Header: []string{"date", "weekday", "peak_low", "peak_high", "times", "times_above"}, Rows: [][]any{}}
	for _, d := range t.Ahead {
		row := []any{d.Date, d.Date.Weekday(), nil, nil, d.Times, nil}
		if d.Known() {
			row[2], row[3] = d.Low, d.High
			if t.Committed > 0 {
				row[5] = d.Above
			}
		}
		days.Rows = append(days.Rows, row)
	}
	return days
}

// Document is all in one row, for JSON.
func (t *Trend) Document() report.Table {
	month, committed := t.columns()
	days := report.Table{Header: []string{"days"}, Rows: [][]any{{list(t.Days())}}}
	return before(month.Header, month.Rows[0], before(committed.Header, committed.Rows[0], days))
}

// List is the days with tenant, region and the newest day counted in every row, for CSV. The first row, without a date, is the month's peak.
func (t *Trend) List() report.Table {
	month, committed := t.columns()
	m, c, days := month.Rows[0], committed.Rows[0], t.Days()
	days.Rows = append([][]any{{nil, nil, m[7], m[8], m[9], c[2]}}, days.Rows...)
	return before(append(month.Header[:4], "committed"), append(m[:4], c[0]), days)
}
