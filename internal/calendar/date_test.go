package calendar_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/must"
)

func TestParseDate(t *testing.T) {
	d := must.Date(t, "2024-02-29")
	require.Equal(t, calendar.Date{Year: 2024, Month: time.February, Day: 29}, d)
	require.Equal(t, "2024-02-29", d.String())

	for _, bad := range []string{
		"", "2026-3-10", "2026-03-1", "26-03-10", "2026/03/10", "20260310", "2026-02-29", "2026-13-01", "2026-00-01",
		"2026-03-00", " 2026-03-10", "2026-03-10 ", "2026-03-10T00:00:00Z", "+2026-03-10", "yesterday",
	} {
		require.ErrorContains(t, must.Err(calendar.ParseDate(bad)), "parse date", "%q", bad)
	}
}

func TestParseMonth(t *testing.T) {
	m := must.Have(calendar.ParseMonth("2026-03"))(t)
	require.Equal(t, calendar.Month{Year: 2026, Month: time.March}, m)
	require.Equal(t, "2026-03", m.String())

	for _, bad := range []string{"", "2026-3", "2026-13", "2026-00", "2026-03-10", "202603", " 2026-03"} {
		require.ErrorContains(t, must.Err(calendar.ParseMonth(bad)), "parse month", "%q", bad)
	}
}

func TestTextFormIsTheParsedForm(t *testing.T) {
	var d calendar.Date
	require.NoError(t, d.UnmarshalText([]byte("2026-03-10")))
	require.Equal(t, "2026-03-10", string(must.Have(d.MarshalText())(t)))
	require.Error(t, d.UnmarshalText([]byte("2026-3-10")))

	var m calendar.Month
	require.NoError(t, m.UnmarshalText([]byte("2026-03")))
	require.Equal(t, "2026-03", string(must.Have(m.MarshalText())(t)))
	require.Error(t, m.UnmarshalText([]byte("March")))
}

func TestDateArithmetic(t *testing.T) {
	d := must.Date(t, "2026-12-31")
	require.Equal(t, must.Date(t, "2027-01-01"), d.AddDays(1))
	require.Equal(t, must.Date(t, "2026-11-30"), d.AddDays(-31))
	require.Equal(t, d, d.AddDays(0))
	require.True(t, d.Before(d.AddDays(1)))
	require.False(t, d.Before(d))
	require.False(t, d.AddDays(1).Before(d))
	require.Equal(t, calendar.Month{Year: 2026, Month: time.December}, d.YearMonth())
}

func TestDateOfIsTheWallCalendar(t *testing.T) {
	instant := time.Date(2026, time.March, 10, 3, 30, 0, 0, time.UTC)
	require.Equal(t, must.Date(t, "2026-03-10"), calendar.DateOf(instant, time.UTC))
	require.Equal(t, must.Date(t, "2026-03-09"), calendar.DateOf(instant, must.Zone(t, "America/New_York")))
	require.Equal(t, must.Date(t, "2026-03-10"), calendar.DateOf(instant, must.Zone(t, "Asia/Kolkata")))
}

func TestMonth(t *testing.T) {
	february := calendar.Month{Year: 2024, Month: time.February}
	require.Equal(t, must.Date(t, "2024-02-01"), february.First())
	require.Equal(t, must.Date(t, "2024-02-29"), february.Last())
	require.Len(t, february.Days(), 29)
	require.Equal(t, february.First(), february.Days()[0])
	require.Equal(t, february.Last(), february.Days()[28])

	require.Equal(t, must.Date(t, "2026-12-31"), calendar.Month{Year: 2026, Month: time.December}.Last())

	// March 2026 has an hour less in New York.
	march := monthIn(calendar.Month{Year: 2026, Month: time.March}, must.Zone(t, "America/New_York"))
	require.Equal(t, instant(t, "2026-03-01T00:00:00-05:00"), march.Start)
	require.Equal(t, instant(t, "2026-04-01T00:00:00-04:00"), march.End)
	require.Equal(t, int64(31*86400-3600), march.Seconds())
}

// TestR7DayInZone pins the days on which the clocks do something.
func TestR7DayInZone(t *testing.T) {
	days := strings.Split(strings.TrimSpace(must.Text(t, "testdata/days.txt")), "\n")[1:]
	require.Len(t, days, 21)
	for _, line := range days {
		d := strings.Split(line, "; ")
		t.Run(d[0], func(t *testing.T) {
			require.Equal(t, calendar.Interval{Start: instant(t, d[3]), End: instant(t, d[4])}, must.Date(t, d[2]).In(must.Zone(t, d[1])))
		})
	}
}

func instant(t require.TestingT, s string) int64 {
	return must.Have(time.Parse(time.RFC3339, s))(t).Unix()
}

func TestRunsJoinsDaysThatFollowEachOther(t *testing.T) {
	require.Equal(t, "", calendar.Runs(nil, " to "))
	days := []calendar.Date{must.Date(t, "2026-02-27"), must.Date(t, "2026-02-28"), must.Date(t, "2026-03-01"), must.Date(t, "2026-03-03")}
	require.Equal(t, "2026-02-27 to 2026-03-01, 2026-03-03", calendar.Runs(days, " to "))
}

func TestIntervalIsHalfOpen(t *testing.T) {
	iv := calendar.Interval{Start: 10, End: 20}
	require.False(t, iv.Contains(9))
	require.True(t, iv.Contains(10))
	require.True(t, iv.Contains(19))
	require.False(t, iv.Contains(20))
	require.Equal(t, int64(10), iv.Seconds())
	require.Zero(t, calendar.Interval{Start: 5, End: 3}.Seconds(), "an inverted one has none")
}

func TestOverlaps(t *testing.T) {
	a := calendar.Interval{Start: 10, End: 20}
	for _, tt := range []struct {
		name      string
		b, shared calendar.Interval
	}{
		{name: "before", b: calendar.Interval{Start: 0, End: 9}},
		{name: "touches the start", b: calendar.Interval{Start: 0, End: 10}},
		{name: "shares the first second", b: calendar.Interval{Start: 0, End: 11}, shared: calendar.Interval{Start: 10, End: 11}},
		{name: "inside", b: calendar.Interval{Start: 12, End: 13}, shared: calendar.Interval{Start: 12, End: 13}},
		{name: "same", b: a, shared: a},
		{name: "around", b: calendar.Interval{Start: 0, End: 99}, shared: a},
		{name: "shares the last second", b: calendar.Interval{Start: 19, End: 30}, shared: calendar.Interval{Start: 19, End: 20}},
		{name: "touches the end", b: calendar.Interval{Start: 20, End: 30}},
		{name: "empty inside", b: calendar.Interval{Start: 15, End: 15}},
		{name: "inverted inside", b: calendar.Interval{Start: 16, End: 14}},
	} {
		want := tt.shared.Seconds() > 0
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, want, a.Overlaps(tt.b))
			require.Equal(t, want, tt.b.Overlaps(a))
		})
	}
}

func TestUnionMergesWhatTouches(t *testing.T) {
	given := []calendar.Interval{{Start: 30, End: 40}, {Start: 10, End: 20}, {Start: 20, End: 25}, {Start: 12, End: 14}, {Start: 50, End: 50}}
	before := append([]calendar.Interval(nil), given...)

	require.Equal(t, []calendar.Interval{{Start: 10, End: 25}, {Start: 30, End: 40}}, calendar.Union(given))
	require.Equal(t, before, given, "the argument is the caller's")
	require.Empty(t, calendar.Union(nil))
	require.Empty(t, calendar.Union([]calendar.Interval{{Start: 7, End: 7}}))
}

func TestUnionHasEverySecondOnceAndNothingTouches(t *testing.T) {
	bound := rapid.Int64Range(0, 60)
	interval := rapid.Custom(func(t *rapid.T) calendar.Interval {
		return calendar.Interval{Start: bound.Draw(t, "start"), End: bound.Draw(t, "end")}
	})
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOfN(interval, 0, 12).Draw(t, "intervals")
		union := calendar.Union(given)
		for s := int64(-1); s <= 61; s++ {
			require.Equal(t, holders(given, s) > 0, holders(union, s) == 1, "second %d", s)
			require.LessOrEqual(t, holders(union, s), 1, "second %d", s)
		}
		for i := 1; i < len(union); i++ {
			require.Less(t, union[i-1].End, union[i].Start)
		}
	})
}

func holders(ivs []calendar.Interval, s int64) (n int) {
	for _, iv := range ivs {
		if iv.Contains(s) {
			n++
		}
	}
	return n
}

// zones are ordinary ones and every kind of odd one: changes at midnight, over midnight, by 30 minutes, by 20, by 3 hours, by a
// day; many changes a year; quarter-hour offsets; the far ends of the date line; no changes at all.
var zones = []string{
	"UTC", "America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Dublin", "Europe/Berlin", "Asia/Kolkata",
	"Asia/Kathmandu", "Australia/Sydney", "Australia/Lord_Howe", "Australia/Eucla", "Pacific/Chatham", "Pacific/Apia",
	"Pacific/Kiritimati", "Pacific/Kwajalein", "Pacific/Fakaofo", "Pacific/Pago_Pago", "Pacific/Easter", "America/Sao_Paulo",
	"America/Havana", "America/St_Johns", "America/Goose_Bay", "America/Asuncion", "America/Santiago", "America/Caracas",
	"America/Scoresbysund", "America/Nuuk", "Atlantic/Azores", "Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran",
	"Asia/Dhaka", "Asia/Pyongyang", "Africa/Cairo", "Africa/Casablanca", "Antarctica/Troll", "Antarctica/Casey", "Etc/GMT+12",
}

var firstDate, lastDate = calendar.Date{Year: 1990, Month: time.January, Day: 1}, calendar.Date{Year: 2041, Month: time.January, Day: 1}

func TestR7DaysTileTheTimeLine(t *testing.T) {
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			loc := must.Zone(t, name)
			day := firstDate.In(loc)
			for d := firstDate; d.Before(lastDate); d = d.AddDays(1) {
				next := d.AddDays(1).In(loc)
				if day.End != next.Start || day.Start > day.End {
					t.Fatalf("%s is %v, the next day is %v", d, day, next)
				}
				day = next
			}
		})
	}
}

// monthIn is a month from the first instant of its first day to the end of its last.
func monthIn(m calendar.Month, loc *time.Location) calendar.Interval {
	return calendar.Interval{Start: m.First().In(loc).Start, End: m.Last().In(loc).End}
}

func TestR7MonthIsTheUnionOfItsDays(t *testing.T) {
	for _, name := range zones {
		loc := must.Zone(t, name)
		for d := firstDate; d.Before(lastDate); d = d.YearMonth().Last().AddDays(1) {
			var days []calendar.Interval
			for _, day := range d.YearMonth().Days() {
				days = append(days, day.In(loc))
			}
			require.Equal(t, []calendar.Interval{monthIn(d.YearMonth(), loc)}, calendar.Union(days), "%s %s", name, d.YearMonth())
		}
	}
}

// TestR7DayStartsAtFirstInstantOfItsDate looks at every minute around every change of every zone, and so finds the first instant
// without any arithmetic on offsets. Since 1990 all changes fall on whole minutes.
func TestR7DayStartsAtFirstInstantOfItsDate(t *testing.T) {
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			loc := must.Zone(t, name)
			for _, change := range changes(loc) {
				changed := calendar.DateOf(change, loc)
				for d := changed.AddDays(-2); !changed.AddDays(2).Before(d); d = d.AddDays(1) {
					if got, want := d.In(loc).Start, firstInstantByLooking(d, loc); got != want {
						t.Fatalf("%s starts at %d, want %d", d, got, want)
					}
				}
			}
		})
	}
}

// TestR7InstantsOfADayShowItsDate allows the one exception that In documents: minutes of the date before that are repeated after
// the day has begun.
func TestR7InstantsOfADayShowItsDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc := must.Zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(firstDate.In(loc).Start, lastDate.In(loc).End-1).Draw(t, "instant"), 0)

		shown := calendar.DateOf(at, loc)
		if shown.In(loc).Contains(at.Unix()) {
			return
		}
		owner := shown.AddDays(1)
		require.True(t, owner.In(loc).Contains(at.Unix()), "neither %s nor the day after holds its instant %d", shown, at.Unix())
		require.Equal(t, owner, calendar.DateOf(time.Unix(owner.In(loc).Start, 0), loc), "the later day had begun")
	})
}

// TestR7RepeatedMinutesCountToTheDayThatHasBegun pins that exception: St John's set its clocks from 00:01 back to 23:01.
func TestR7RepeatedMinutesCountToTheDayThatHasBegun(t *testing.T) {
	loc := must.Zone(t, "America/St_Johns")
	repeated := time.Unix(instant(t, "2010-11-06T23:30:00-03:30"), 0)
	require.Equal(t, must.Date(t, "2010-11-06"), calendar.DateOf(repeated, loc))
	require.False(t, must.Date(t, "2010-11-06").In(loc).Contains(repeated.Unix()))
	require.True(t, must.Date(t, "2010-11-07").In(loc).Contains(repeated.Unix()))
	require.Equal(t, int64(25*3600), must.Date(t, "2010-11-07").In(loc).Seconds())
}

// changes returns instants between firstDate and lastDate by which loc has changed its offset, each within six hours of the change.
// It looks at the offset alone, as the list of changes is what the tested code goes by.
func changes(loc *time.Location) (seen []time.Time) {
	last := lastDate.In(loc).End
	_, before := time.Unix(firstDate.In(loc).Start, 0).In(loc).Zone()
	for s := firstDate.In(loc).Start; s < last; s += 6 * 60 * 60 {
		at := time.Unix(s, 0).In(loc)
		if _, offset := at.Zone(); offset != before {
			seen = append(seen, at)
			before = offset
		}
	}
	return seen
}

func firstInstantByLooking(d calendar.Date, loc *time.Location) int64 {
	at := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(-15 * time.Hour)
	for calendar.DateOf(at, loc).Before(d) {
		at = at.Add(time.Minute)
	}
	return at.Unix()
}
