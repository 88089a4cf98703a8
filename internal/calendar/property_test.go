package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/calendar"
)

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
			loc := zone(t, name)
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

func TestR7MonthIsTheUnionOfItsDays(t *testing.T) {
	for _, name := range zones {
		loc := zone(t, name)
		for d := firstDate; d.Before(lastDate); d = d.YearMonth().Last().AddDays(1) {
			var days []calendar.Interval
			for _, day := range d.YearMonth().Days() {
				days = append(days, day.In(loc))
			}
			require.Equal(t, []calendar.Interval{d.YearMonth().In(loc)}, calendar.Union(days), "%s %s", name, d.YearMonth())
		}
	}
}

// TestR7DayStartsAtFirstInstantOfItsDate looks at every minute around every change of every zone, and so finds the first instant
// without any arithmetic on offsets. Since 1990 all changes fall on whole minutes.
func TestR7DayStartsAtFirstInstantOfItsDate(t *testing.T) {
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			loc := zone(t, name)
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
		loc := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
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
	loc := zone(t, "America/St_Johns")
	repeated := time.Unix(instant(t, "2010-11-06T23:30:00-03:30"), 0)
	require.Equal(t, date(t, "2010-11-06"), calendar.DateOf(repeated, loc))
	require.False(t, date(t, "2010-11-06").In(loc).Contains(repeated.Unix()))
	require.True(t, date(t, "2010-11-07").In(loc).Contains(repeated.Unix()))
	require.Equal(t, int64(25*3600), date(t, "2010-11-07").In(loc).Seconds())
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
	midnightUTC := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	at := midnightUTC.Add(-15 * time.Hour)
	for calendar.DateOf(at, loc).Before(d) {
		at = at.Add(time.Minute)
	}
	return at.Unix()
}
