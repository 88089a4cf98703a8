// Package calendar turns civil dates and months into intervals of time in a time zone (rule R7).
//
// What it promises: for any zone, the days are laid end to end. Each starts where the one before it ends, so that every second belongs to exactly one
// day and exactly one month, whatever the clocks do. The package reads no clock and no environment; equal arguments give equal results.
package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Date is a day of the Gregorian calendar, in no particular zone. Dates are comparable with == as long as they come from ParseDate,
// DateOf, AddDays or the methods of Month.
type Date struct {
	Year  int
	Month time.Month // the month of the year alone; YearMonth has the year too
	Day   int
}

// ParseDate reads a date written exactly as YYYY-MM-DD. The 30th of February is an error, not the 2nd of March.
func ParseDate(s string) (Date, error) {
	return parse(time.DateOnly, s, "parse date %q: want an existing date as YYYY-MM-DD")
}

// parse reads what is written exactly as a layout says.
func parse(layout, s, want string) (Date, error) {
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s {
		return Date{}, fmt.Errorf(want, s)
	}
	return civil(t), nil
}

// DateOf returns the date that a calendar on the wall shows at instant t in loc.
//
// It may differ from the day whose interval holds t in one odd case: see In.
func DateOf(t time.Time, loc *time.Location) Date { return civil(t.In(loc)) }

// String returns the date as YYYY-MM-DD, the form that ParseDate reads.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// OrNone is the date's text, empty for the zero Date.
func (d Date) OrNone() string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the date as ParseDate does.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Scan reads the date out of a database, which has it as text.
func (d *Date) Scan(value any) error { return d.UnmarshalText(fmt.Append(nil, value)) }

// AddDays returns the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date {
	return civil(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Before reports whether d is an earlier date than o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// Compare puts dates into their order, as cmp.Compare does.
func (d Date) Compare(o Date) int { return cmp.Compare(d.midnightUTC(), o.midnightUTC()) }

// IsZero reports whether d is the zero Date, which is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return time.Unix(d.midnightUTC(), 0).UTC().Weekday() }

// YearMonth returns the month that the date is in.
func (d Date) YearMonth() Month { return Month{Year: d.Year, Month: d.Month} }

// In returns the interval of the day in loc: from the first instant of the date to the first instant of the next one (R7). It is
// 86,400 seconds long, save where the zone changes its offset on that day.
//
// "The first instant of the date" is the first instant at which the wall calendar shows this date or a later one. So
//
//   - where midnight does not exist, the day starts at the first instant that does;
//   - where midnight comes twice, the day starts at the first of the two;
//   - where the clocks go back over midnight after the date has begun (00:01 to
//     23:01), the day has begun for good: the repeated minutes of the date before
//     count to the new day, and days still neither overlap nor leave a gap;
//   - a date that the zone skipped altogether has an empty interval.
func (d Date) In(loc *time.Location) Interval {
	return Interval{Start: d.firstInstant(loc), End: d.AddDays(1).firstInstant(loc)}
}

// farthestOffset is more than any zone is away from UTC, in seconds.
const farthestOffset = 26 * 60 * 60

// firstInstant returns the epoch second at which the wall calendar of loc first shows d or a later date.
//
// It walks from one offset change to the next rather than ask time.Date for midnight: where the local time asked for does not exist, or exists twice,
// time.Date does not promise which instant it gives. The steps need not be real changes; it is enough that no step jumps over one.
func (d Date) firstInstant(loc *time.Location) int64 {
	midnight := d.midnightUTC()
	// Nowhere in the world has the date begun here.
	from := time.Unix(midnight-farthestOffset, 0).In(loc)
	for {
		_, offset := from.Zone()
		start := max(from.Unix(), midnight-int64(offset))
		next := nextChange(from)
		if next.IsZero() || start < next.Unix() {
			return start
		}
		from = next
	}
}

// nextChange returns an instant after t up to which the offset of t's zone stays what it is at t; the zero time when it never changes again.
//
// ZoneBounds alone does not do: on the last day of a leap year that lies beyond a zone's list of changes it answers with an instant in the past.
func nextChange(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if end.IsZero() || end.After(t) {
		return end
	}
	return t.Add(time.Hour)
}

// midnightUTC returns the epoch second of the date's midnight in UTC.
func (d Date) midnightUTC() int64 {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()
}

// civil drops everything but the date that t shows in its own zone.
func civil(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// Runs writes dates in their order as runs of days, with a text between a run's first and last day: "2026-03-01 to 2026-03-04, 2026-03-09".
func Runs(days []Date, through string) string {
	var parts []string
	first := 0
	for i, day := range days {
		if i+1 < len(days) && days[i+1] == day.AddDays(1) {
			continue
		}
		part := days[first].String()
		if i > first {
			part += through + day.String()
		}
		parts, first = append(parts, part), i+1
	}
	return strings.Join(parts, ", ")
}

// Interval is the half-open span of time [Start, End), in epoch seconds UTC. Start is the first second inside, End the first second
// after. An interval with End <= Start is empty: it contains no second and overlaps nothing.
type Interval struct{ Start, End int64 }

// Overlaps reports whether the two intervals share at least one second. Intervals that only touch do not.
func (i Interval) Overlaps(o Interval) bool { return max(i.Start, o.Start) < min(i.End, o.End) }

// Contains reports whether second s (epoch seconds) lies in the interval.
func (i Interval) Contains(s int64) bool { return i.Start <= s && s < i.End }

// Seconds is the length of the interval; 0 when it is empty.
func (i Interval) Seconds() int64 { return max(0, i.End-i.Start) }

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

// Month is a month of one year, in no particular zone.
type Month struct {
	Year  int
	Month time.Month
}

// ParseMonth reads a month written exactly as YYYY-MM.
func ParseMonth(s string) (Month, error) {
	first, err := parse("2006-01", s, "parse month %q: want a month as YYYY-MM")
	return first.YearMonth(), err
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

// LastOf returns the last date of a period, which is written as a date or as a month.
func LastOf(period string) (Date, error) {
	if m, err := ParseMonth(period); err == nil {
		return m.Last(), nil
	}
	return ParseDate(period)
}

// Days returns every date of the month, ascending. A date that some zone skipped is among them: there its interval is empty.
func (m Month) Days() []Date {
	days := make([]Date, 0, 31)
	for day := 1; day <= m.Last().Day; day++ {
		days = append(days, Date{Year: m.Year, Month: m.Month, Day: day})
	}
	return days
}
