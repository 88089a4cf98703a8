package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Interval is the half-open span of time [Start, End), in epoch seconds UTC. Start is the first second inside, End the first second
// after. An interval with End <= Start is empty: it contains no second and overlaps nothing.
type Interval struct{ Start, End int64 }

// Overlaps reports whether the two intervals share at least one second. Intervals that only touch do not.
func (i Interval) Overlaps(o Interval) bool { return max(i.Start, o.Start) < min(i.End, o.End) }

// Contains reports whether second s (epoch seconds) lies in the interval.
func (i Interval) Contains(s int64) bool { return i.Start <= s && s < i.End }

// Seconds is the length of the interval; 0 when it is empty.
func (i Interval) Seconds() int64 { return max(0, i.End-i.Start) }

// Intersect returns the seconds that both intervals have, and false when there are none.
func (i Interval) Intersect(o Interval) (Interval, bool) {
	if !i.Overlaps(o) {
		return Interval{}, false
	}
	return Interval{Start: max(i.Start, o.Start), End: min(i.End, o.End)}, true
}

// Union returns the seconds that at least one of ivs has, as the fewest intervals possible: ascending, none empty, none touching
// another. The argument is not changed; the result is nil when there is no second at all.
func Union(ivs []Interval) []Interval {
	sorted := slices.Clone(ivs)
	slices.SortFunc(sorted, func(a, b Interval) int { return cmp.Compare(a.Start, b.Start) })

	var merged []Interval
	for _, iv := range sorted {
		if iv.Seconds() == 0 {
			continue
		}
		if last := len(merged) - 1; last >= 0 && iv.Start <= merged[last].End {
			merged[last].End = max(merged[last].End, iv.End)
			continue
		}
		merged = append(merged, iv)
	}
	return merged
}

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

// Scan reads the month out of a database, which has it as text.
func (m *Month) Scan(value any) error { return m.UnmarshalText(fmt.Append(nil, value)) }

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
