// Package forecast says between which bounds the daily peaks of a month are likely to lie that are still to come, and how much that rests on.
//
// There is one method. The days to come are moved back by whole weeks, so that each falls on its own weekday, week by week
// into the past; what was counted there is what may come. The lowest and the highest of the newest 13 times are the band.
// If things go on as they were, the next time lies within the band of n times with a chance of (n-1)/(n+1), whatever the
// numbers are like; nothing else is promised. The method knows of no growth, no season and no holiday.
//
// Promises: only counted days are used, none later than the one that is looked ahead from; where they were too few there is
// no band. The package reads no clock; equal arguments give equal results.
package forecast

import (
	"slices"

	"example.com/seats/internal/calendar"
)

// How far is looked back.
const (
	Most   = 13 // times: a quarter of a year
	Enough = 8  // times, below which there is no band
	Reach  = 26 // weeks in which they must lie, since some days may be missing
)

// Band is the lowest and the highest of what was counted so many times.
type Band struct {
	Low, High int64
	Times     int
	Above     int // of these times, those above what is committed
}

// Known tells whether there were enough times. Of a band that is not known, Times alone says something.
func (b Band) Known() bool { return b.Times >= Enough }

// Day is a day that has no number yet.
type Day struct {
	Date calendar.Date
	Band
}

// Outlook is a region's month, looked ahead from the end of a day.
type Outlook struct {
	Month     calendar.Month
	From      calendar.Date // the newest day that was counted
	Committed int64         // concurrent agents that were agreed on; 0: not said
	Counted   int           // days of the month
	Highest   int64         // of these
	PassedOn  calendar.Date // the first of these above what is committed; zero: none
	Ahead     []Day         // the other days, the missing ones between them too; not those before the first that was counted at all

	// Peak is the month's highest, that of the days counted and those ahead.
	Peak Band
	// The days on which what is committed was passed for the first time, in those of Peak's times in which it was: the earliest
	// and the latest. Zero: it was not, or nothing is committed, or it is passed already.
	PassEarliest, PassLatest calendar.Date
}

// Ahead looks ahead from the end of a day over the rest of its month; over the whole of the next one from the last day of a
// month. No day is looked at that is not wanted. peaks are those of days that were counted; committed is 0 where nothing was agreed on.
func Ahead(peaks map[calendar.Date]int64, from calendar.Date, committed int64, wanted func(calendar.Date) bool) Outlook {
	o := Outlook{Month: from.AddDays(1).YearMonth(), From: from, Committed: committed}
	past, first := map[calendar.Date]int64{}, from
	for day, peak := range peaks {
		if !from.Before(day) {
			past[day] = peak
		}
		if day.Before(first) {
			first = day
		}
	}
	var ahead []calendar.Date
	for _, day := range o.Month.Days() {
		peak, counted := past[day]
		switch {
		case counted:
			o.Counted++
			o.Highest = max(o.Highest, peak)
			if committed > 0 && peak > committed && o.PassedOn.IsZero() {
				o.PassedOn = day
			}
		case first.Before(day) && wanted(day):
			ahead = append(ahead, day)
			o.Ahead = append(o.Ahead, Day{Date: day, Band: band(times(past, day), 0, committed)})
		}
	}
	if len(ahead) == 0 {
		return o
	}
	all := times(past, ahead...)
	o.Peak = band(all, o.Highest, committed)
	if committed == 0 || !o.PassedOn.IsZero() || !o.Peak.Known() {
		return o
	}
	var passed []calendar.Date // of each of these times, when what is committed was passed for the first time
	for _, peaks := range all {
		if at := slices.IndexFunc(peaks, func(n int64) bool { return n > committed }); at >= 0 {
			passed = append(passed, ahead[at])
		}
	}
	if len(passed) > 0 {
		o.PassEarliest, o.PassLatest = slices.MinFunc(passed, calendar.Date.Compare), slices.MaxFunc(passed, calendar.Date.Compare)
	}
	return o
}

// times are the peaks of the days, moved back by whole weeks, of the newest times at which each of them was counted.
func times(past map[calendar.Date]int64, days ...calendar.Date) (times [][]int64) {
	for back := 1; back <= Reach && len(times) < Most; back++ {
		var peaks []int64
		for _, day := range days {
			if peak, counted := past[day.AddDays(-7*back)]; counted {
				peaks = append(peaks, peak)
			}
		}
		if len(peaks) == len(days) {
			times = append(times, peaks)
		}
	}
	return times
}

// band is that of the highest of each time, and at least so much.
func band(times [][]int64, least, committed int64) Band {
	b := Band{Times: len(times)}
	for i, peaks := range times {
		highest := max(least, slices.Max(peaks))
		if i == 0 || highest < b.Low {
			b.Low = highest
		}
		b.High = max(b.High, highest)
		if committed > 0 && highest > committed {
			b.Above++
		}
	}
	return b
}
