package calendar

import (
	"fmt"
	"time"
)

const monthLayout = "2006-01"

// Month is a month of one year, in no particular zone.
type Month struct {
	Year  int
	Month time.Month
}

// ParseMonth reads a month written exactly as YYYY-MM.
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse(monthLayout, s)
	if err != nil || t.Format(monthLayout) != s {
		return Month{}, fmt.Errorf("parse month %q: want a month as YYYY-MM", s)
	}
	return civil(t).YearMonth(), nil
}

// String returns the month as YYYY-MM, the form that ParseMonth reads.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, m.Month) }

// MarshalText writes the month as String does.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the month as ParseMonth does.
func (m *Month) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMonth(string(text))
	return err
}

// First returns the first date of the month.
func (m Month) First() Date { return Date{Year: m.Year, Month: m.Month, Day: 1} }

// Last returns the last date of the month.
func (m Month) Last() Date { return civil(time.Date(m.Year, m.Month+1, 0, 0, 0, 0, 0, time.UTC)) }

// Days returns every date of the month, ascending. A date that some zone skipped is among them: there its interval is empty.
func (m Month) Days() []Date {
	days := make([]Date, 0, 31)
	for day := 1; day <= m.Last().Day; day++ {
		days = append(days, Date{Year: m.Year, Month: m.Month, Day: day})
	}
	return days
}

// In returns the interval of the month in loc: from the first instant of its first day to the end of its last (R7). It is exactly
// the union of its days.
func (m Month) In(loc *time.Location) Interval {
	return Interval{Start: m.First().In(loc).Start, End: m.Last().In(loc).End}
}
