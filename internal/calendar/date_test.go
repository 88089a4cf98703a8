package calendar_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
)

func TestParseDate(t *testing.T) {
	d := must.Have(calendar.ParseDate("2024-02-29"))(t)
	require.Equal(t, calendar.Date{Year: 2024, Month: time.February, Day: 29}, d)
	require.Equal(t, "2024-02-29", d.String())

	for _, bad := range []string{
		"", "2026-3-10", "2026-03-1", "26-03-10", "2026/03/10", "20260310", "2026-02-29", "2026-13-01", "2026-00-01",
		"2026-03-00", " 2026-03-10", "2026-03-10 ", "2026-03-10T00:00:00Z", "+2026-03-10", "yesterday",
	} {
		_, err := calendar.ParseDate(bad)
		require.ErrorContains(t, err, "parse date", "%q", bad)
	}
}

func TestParseMonth(t *testing.T) {
	m := must.Have(calendar.ParseMonth("2026-03"))(t)
	require.Equal(t, calendar.Month{Year: 2026, Month: time.March}, m)
	require.Equal(t, "2026-03", m.String())

	for _, bad := range []string{"", "2026-3", "2026-13", "2026-00", "2026-03-10", "202603", " 2026-03"} {
		_, err := calendar.ParseMonth(bad)
		require.ErrorContains(t, err, "parse month", "%q", bad)
	}
}

func TestTextFormIsTheParsedForm(t *testing.T) {
	var d calendar.Date
	require.NoError(t, d.UnmarshalText([]byte("2026-03-10")))
	text := must.Have(d.MarshalText())(t)
	require.Equal(t, "2026-03-10", string(text))
	require.Error(t, d.UnmarshalText([]byte("2026-3-10")))

	var m calendar.Month
	require.NoError(t, m.UnmarshalText([]byte("2026-03")))
	text = must.Have(m.MarshalText())(t)
	require.Equal(t, "2026-03", string(text))
	require.Error(t, m.UnmarshalText([]byte("March")))
}

func TestDateArithmetic(t *testing.T) {
	d := date(t, "2026-12-31")
	require.Equal(t, date(t, "2027-01-01"), d.AddDays(1))
	require.Equal(t, date(t, "2026-11-30"), d.AddDays(-31))
	require.Equal(t, d, d.AddDays(0))
	require.True(t, d.Before(d.AddDays(1)))
	require.False(t, d.Before(d))
	require.False(t, d.AddDays(1).Before(d))
	require.Equal(t, calendar.Month{Year: 2026, Month: time.December}, d.YearMonth())
}

func TestDateOfIsTheWallCalendar(t *testing.T) {
	instant := time.Date(2026, time.March, 10, 3, 30, 0, 0, time.UTC)
	require.Equal(t, date(t, "2026-03-10"), calendar.DateOf(instant, time.UTC))
	require.Equal(t, date(t, "2026-03-09"), calendar.DateOf(instant, zone(t, "America/New_York")))
	require.Equal(t, date(t, "2026-03-10"), calendar.DateOf(instant, zone(t, "Asia/Kolkata")))
}

func TestMonth(t *testing.T) {
	february := calendar.Month{Year: 2024, Month: time.February}
	require.Equal(t, date(t, "2024-02-01"), february.First())
	require.Equal(t, date(t, "2024-02-29"), february.Last())
	require.Len(t, february.Days(), 29)
	require.Equal(t, february.First(), february.Days()[0])
	require.Equal(t, february.Last(), february.Days()[28])

	require.Equal(t, date(t, "2026-12-31"), calendar.Month{Year: 2026, Month: time.December}.Last())

	// March 2026 has an hour less in New York.
	march := calendar.Month{Year: 2026, Month: time.March}.In(zone(t, "America/New_York"))
	require.Equal(t, instant(t, "2026-03-01T00:00:00-05:00"), march.Start)
	require.Equal(t, instant(t, "2026-04-01T00:00:00-04:00"), march.End)
	require.Equal(t, int64(31*86400-3600), march.Seconds())
}

// TestR7DayInZone pins the days on which the clocks do something.
func TestR7DayInZone(t *testing.T) {
	tests := []struct {
		name, zone, date, start, end string
	}{
		{"plain", "UTC", "2026-03-10", "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"},
		{"half-hour offset", "Asia/Kolkata", "2026-03-10", "2026-03-10T00:00:00+05:30", "2026-03-11T00:00:00+05:30"},
		{"23 hours", "America/New_York", "2026-03-08", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"},
		{"25 hours", "America/New_York", "2026-11-01", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		{"shift of half an hour", "Australia/Lord_Howe", "2026-04-05", "2026-04-05T00:00:00+11:00", "2026-04-06T00:00:00+10:30"},
		{"no midnight", "America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		{"day before no midnight", "America/Sao_Paulo", "2018-11-03", "2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00"},
		{"no midnight, east", "Asia/Beirut", "2026-03-29", "2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00"},
		{"midnight twice", "America/Havana", "2025-11-02", "2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00"},
		{"back at midnight to the day before", "America/Sao_Paulo", "2019-02-16", "2019-02-16T00:00:00-02:00", "2019-02-17T00:00:00-03:00"},
		{"after back at midnight", "America/Sao_Paulo", "2019-02-17", "2019-02-17T00:00:00-03:00", "2019-02-18T00:00:00-03:00"},
		{"back at midnight, Jordan", "Asia/Amman", "2021-10-29", "2021-10-29T00:00:00+03:00", "2021-10-30T00:00:00+02:00"},
		{"back at 01:00, Azores", "Atlantic/Azores", "2025-10-26", "2025-10-26T00:00:00+00:00", "2025-10-27T00:00:00-01:00"},
		{"no midnight, Azores", "Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00+00:00", "2026-03-30T00:00:00+00:00"},
		{"back over a midnight passed, before", "America/St_Johns", "2010-11-06", "2010-11-06T00:00:00-02:30", "2010-11-07T00:00:00-02:30"},
		{"back over a midnight passed", "America/St_Johns", "2010-11-07", "2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30"},
		{"date that was skipped", "Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00", "2011-12-31T00:00:00+14:00"},
		{"before the skipped date", "Pacific/Apia", "2011-12-29", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"},
		{"after the skipped date", "Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"},
		{"end of a leap year beyond the list of changes", "Europe/Berlin", "2040-12-31", "2040-12-31T00:00:00+01:00", "2041-01-01T00:00:00+01:00"},
		{"far future", "America/New_York", "2045-03-12", "2045-03-12T00:00:00-05:00", "2045-03-13T00:00:00-04:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			day := date(t, tt.date).In(zone(t, tt.zone))
			require.Equal(t, calendar.Interval{Start: instant(t, tt.start), End: instant(t, tt.end)}, day)
		})
	}
}

func date(t require.TestingT, s string) calendar.Date { return must.Have(calendar.ParseDate(s))(t) }

func zone(t require.TestingT, name string) *time.Location {
	return must.Have(time.LoadLocation(name))(t)
}

func instant(t require.TestingT, s string) int64 {
	return must.Have(time.Parse(time.RFC3339, s))(t).Unix()
}

func TestRunsJoinsDaysThatFollowEachOther(t *testing.T) {
	require.Equal(t, "", calendar.Runs(nil, " to "))
	days := []calendar.Date{date(t, "2026-02-27"), date(t, "2026-02-28"), date(t, "2026-03-01"), date(t, "2026-03-03")}
	require.Equal(t, "2026-02-27 to 2026-03-01, 2026-03-03", calendar.Runs(days, " to "))
}
