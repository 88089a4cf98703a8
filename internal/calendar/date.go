// Package calendar turns civil dates and months into intervals of time in a time zone (rule R7).
//
// What it promises: for any zone, the days are laid end to end. Each starts where the one before it ends, so that every second
// belongs to exactly one day and exactly one month, whatever the clocks do. The package reads no clock and no environment; equal
// arguments give equal results.
package calendar

import (
	"cmp"
	"fmt"
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
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Format(time.DateOnly) != s {
		return Date{}, fmt.Errorf("parse date %q: want an existing date as YYYY-MM-DD", s)
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
// It walks from one offset change to the next rather than ask time.Date for midnight: where the local time asked for does not
// exist, or exists twice, time.Date does not promise which instant it gives. The steps need not be real changes; it is enough that
// no step jumps over one.
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

// nextChange returns an instant after t up to which the offset of t's zone stays what it is at t; the zero time when it never
// changes again.
//
// ZoneBounds alone does not do: on the last day of a leap year that lies beyond a zone's list of changes it answers with an instant
// in the past.
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

// Runs writes dates in their order as runs of days, with a text between a run's first and last day: "2026-03-01 to 2026-03-04,
// 2026-03-09".
func Runs(days []Date, through string) string {
	var parts []string
	for i := 0; i < len(days); {
		last := i
		for last+1 < len(days) && days[last+1] == days[last].AddDays(1) {
			last++
		}
		part := days[i].String()
		if last > i {
			part += through + days[last].String()
		}
		parts = append(parts, part)
		i = last + 1
	}
	return strings.Join(parts, ", ")
}
