package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/must"
)

func always(calendar.Date) bool { return true }

// weeks are days up to one, so many weeks of them, each with a number of its weekday and week (0: the last one).
func weeks(last calendar.Date, n int, number func(day time.Weekday, week int) int64) map[calendar.Date]int64 {
	peaks := map[calendar.Date]int64{}
	for i := range 7 * n {
		day := last.AddDays(-i)
		peaks[day] = number(day.Weekday(), i/7)
	}
	return peaks
}

func TestADayIsLookedForOnItsOwnWeekday(t *testing.T) {
	sunday := must.Date(t, "2026-03-22")
	peaks := weeks(sunday, 30, func(day time.Weekday, week int) int64 { return int64(100*int(day) + week) })
	o := Ahead(peaks, sunday, 0, always)
	require.Equal(t, 22, o.Counted)
	require.Len(t, o.Ahead, 9)
	// Monday, the 23rd: the newest 13 Mondays, of which the last was 6 days ago.
	require.Equal(t, Day{must.Date(t, "2026-03-23"), Band{Low: 100, High: 112, Times: 13}}, o.Ahead[0])
	require.Equal(t, Day{must.Date(t, "2026-03-31"), Band{Low: 200, High: 212, Times: 13}}, o.Ahead[8], "the same as on the 24th")
	// The nine days together lie two weeks back at the least; the highest are their Saturdays, 601 to 613 before them. The month
	// has had one of 602 on the 7th.
	require.EqualValues(t, 602, o.Highest)
	require.Equal(t, Band{Low: 602, High: 613, Times: 13}, o.Peak)
}

func TestWhatIsMissingIsNotMadeUp(t *testing.T) {
	sunday := must.Date(t, "2026-03-22")
	peaks := weeks(sunday, 9, func(time.Weekday, int) int64 { return 5 })
	delete(peaks, must.Date(t, "2026-03-16")) // a Monday: eight are left
	delete(peaks, must.Date(t, "2026-03-03")) // two Tuesdays: seven are left
	delete(peaks, must.Date(t, "2026-03-10"))
	o := Ahead(peaks, sunday, 4, always)
	var ahead []string
	times := map[string]int{}
	for _, d := range o.Ahead {
		ahead = append(ahead, d.Date.String())
		times[d.Date.String()] = d.Times
		require.Equal(t, d.Times, d.Above)
		require.Equal(t, d.Times >= 8, d.Known())
	}
	require.Equal(t, map[string]int{"2026-03-03": 6, "2026-03-10": 6, "2026-03-16": 8, "2026-03-23": 8, "2026-03-24": 7, "2026-03-25": 9, "2026-03-26": 9,
		"2026-03-27": 9, "2026-03-28": 9, "2026-03-29": 9, "2026-03-30": 8, "2026-03-31": 7}, times)
	require.Equal(t, []string{"2026-03-03", "2026-03-10", "2026-03-16"}, ahead[:3], "days that are missing have no number yet")
	require.False(t, o.Peak.Known())

	// A day before the first one that was counted is none of the tenant's.
	few := Ahead(weeks(sunday, 1, func(time.Weekday, int) int64 { return 1 }), sunday, 0, always)
	require.Len(t, few.Ahead, 9)
	require.Equal(t, 1, few.Ahead[0].Times)
	require.Zero(t, few.Peak.Times)
	ended := Ahead(peaks, sunday, 0, func(d calendar.Date) bool { return d.Before(must.Date(t, "2026-03-25")) })
	require.Equal(t, "2026-03-24", ended.Ahead[len(ended.Ahead)-1].Date.String())
	require.Empty(t, Ahead(nil, sunday, 0, always).Ahead[0].Times)
}

func TestNothingLaterIsUsed(t *testing.T) {
	last := must.Date(t, "2026-03-22")
	peaks := weeks(last, 20, func(day time.Weekday, week int) int64 { return int64(day) })
	before := Ahead(peaks, last, 3, always)
	for i := range 40 {
		peaks[last.AddDays(i+1)] = 1000
	}
	require.Equal(t, before, Ahead(peaks, last, 3, always))
}

func TestWhenWhatIsCommittedIsPassed(t *testing.T) {
	sunday := must.Date(t, "2026-03-15")
	// Of the weeks that count, every fourth had a Wednesday of 12, every other one a Friday of 11.
	peaks := weeks(sunday, 30, func(day time.Weekday, week int) int64 {
		switch {
		case day == time.Wednesday && week%4 == 3:
			return 12
		case day == time.Friday && week%2 == 1:
			return 11
		}
		return 8
	})
	peaks[must.Date(t, "2026-03-06")] = 8 // or it were passed by now
	o := Ahead(peaks, sunday, 10, always)
	require.Equal(t, Band{Low: 8, High: 12, Times: 13, Above: 12}, o.Peak, "the newest of the times had that Friday")
	require.Zero(t, o.PassedOn)
	require.Equal(t, "2026-03-18", o.PassEarliest.String())
	require.Equal(t, "2026-03-27", o.PassLatest.String())
	for _, d := range o.Ahead {
		if d.Date.Weekday() == time.Wednesday {
			require.Equal(t, 3, d.Above)
		}
	}
	o = Ahead(peaks, sunday, 12, always)
	require.Zero(t, o.Peak.Above)
	require.Zero(t, o.PassLatest)

	peaks[must.Date(t, "2026-03-04")] = 13
	o = Ahead(peaks, sunday, 12, always)
	require.Equal(t, "2026-03-04", o.PassedOn.String())
	require.Equal(t, Band{Low: 13, High: 13, Times: 13, Above: 13}, o.Peak)
	require.Zero(t, o.PassEarliest, "it is passed already")
}

func TestFromTheLastDayTheNextMonthIsAhead(t *testing.T) {
	last := must.Date(t, "2026-02-28")
	o := Ahead(weeks(last, 40, func(time.Weekday, int) int64 { return 7 }), last, 0, always)
	require.Equal(t, "2026-03", o.Month.String())
	require.Zero(t, o.Counted)
	require.Len(t, o.Ahead, 31)
	require.Equal(t, Band{Low: 7, High: 7, Times: 13}, o.Peak)
}

// coverage looks ahead from each 10th of so many years of months, and tells the shares of days and of months' peaks that came
// to lie within their bands.
func coverage(t *testing.T, years int, peak func(r *rand.Rand, day int, date calendar.Date) int64) (days, peaks float64) {
	var in, of, peakIn, peakOf float64
	for seed := range uint64(years) {
		r := rand.New(rand.NewPCG(seed, 1))
		first := must.Date(t, "2024-06-01")
		all := map[calendar.Date]int64{}
		for i := range 2 * 365 {
			all[first.AddDays(i)] = peak(r, i, first.AddDays(i))
		}
		for month := must.Date(t, "2025-06-01"); month.Before(must.Date(t, "2026-05-01")); month = month.YearMonth().Last().AddDays(1) {
			o := Ahead(all, month.AddDays(9), 0, always)
			highest := o.Highest
			for _, d := range o.Ahead {
				of++
				if n := all[d.Date]; d.Low <= n && n <= d.High {
					in++
				}
				highest = max(highest, all[d.Date])
			}
			peakOf++
			if o.Peak.Low <= highest && highest <= o.Peak.High {
				peakIn++
			}
		}
	}
	return in / of, peakIn / peakOf
}

// The bands of days hold what is promised of them where things go on as they were: 12 of 14. That of a month's peak rests on
// times that share weeks, and holds less; so do all where things change. docs/explain.md has these shares.
func TestBacktest(t *testing.T) {
	level := func(d calendar.Date) float64 {
		return map[time.Weekday]float64{time.Saturday: 1500, time.Sunday: 900}[d.Weekday()] + 3000 - 250*float64(d.Weekday())
	}
	noisy := func(r *rand.Rand, n float64) int64 { return int64(math.Round(n * (1 + 0.08*r.NormFloat64()))) }
	for _, tt := range []struct {
		name        string
		peak        func(r *rand.Rand, day int, date calendar.Date) int64
		days, peaks [2]float64 // bounds of the shares
	}{
		{"as it was", func(r *rand.Rand, _ int, d calendar.Date) int64 { return noisy(r, level(d)) },
			[2]float64{0.85, 0.87}, [2]float64{0.77, 0.83}},
		{"a holiday a month", func(r *rand.Rand, _ int, d calendar.Date) int64 {
			if r.Float64() < 1./30 {
				return noisy(r, level(d)/5)
			}
			return noisy(r, level(d))
		}, [2]float64{0.85, 0.87}, [2]float64{0.77, 0.83}},
		{"growing by 2 % a month", func(r *rand.Rand, i int, d calendar.Date) int64 {
			return noisy(r, level(d)*math.Pow(1.02, float64(i)/30.4))
		}, [2]float64{0.80, 0.85}, [2]float64{0.62, 0.69}},
		{"growing by 5 % a month", func(r *rand.Rand, i int, d calendar.Date) int64 {
			return noisy(r, level(d)*math.Pow(1.05, float64(i)/30.4))
		}, [2]float64{0.70, 0.75}, [2]float64{0.40, 0.48}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days, peaks := coverage(t, 200, tt.peak)
			t.Logf("days within their band: %.1f %%, months' peaks: %.1f %%", 100*days, 100*peaks)
			require.Greater(t, days, tt.days[0])
			require.Less(t, days, tt.days[1])
			require.Greater(t, peaks, tt.peaks[0])
			require.Less(t, peaks, tt.peaks[1])
		})
	}
}
