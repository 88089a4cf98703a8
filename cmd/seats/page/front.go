package page

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"example.com/seats/internal/calendar"
)

// Bill is what is billed of a month: of a region, or of several added, each with a number of its own.
type Bill struct {
	Month       calendar.Month
	Region      string
	Regions     int64   // with a number
	Concurrent  float64 // the month's highest second, or what the region's contract measures
	Measures    string  // what that is; "": the highest second
	EnabledIn   int64   // regions whose enabled agents are known
	Enabled     int64   // different agents of the month, or so far
	Committed   int64
	CommittedIn int64   // regions of which it is said
	Above       float64 // above committed, in the regions that are
	AboveIn     int64   // these regions
	Headroom    float64 // in the regions that are not
	Open        bool    // a number is provisional, or so far
}

func (b *Bill) add(o Bill) {
	b.Regions, b.EnabledIn, b.AboveIn, b.Open = b.Regions+o.Regions, b.EnabledIn+o.EnabledIn, b.AboveIn+o.AboveIn, b.Open || o.Open
	b.Concurrent, b.Enabled = b.Concurrent+o.Concurrent, b.Enabled+o.Enabled
	b.Committed, b.CommittedIn = b.Committed+o.Committed, b.CommittedIn+o.CommittedIn
	b.Above, b.Headroom, b.Measures = b.Above+o.Above, b.Headroom+o.Headroom, cmp.Or(b.Measures, o.Measures)
}

// history is twelve months of a region, or of several added, the newest last.
type history struct {
	Name            string // of the region; "": several
	Months          []Bill
	Top, TopEnabled float64 // the highest number, and what is committed in all regions; above 0
	Now, Before     Bill    // the newest month, and the one before it
}

func newHistory(name string, newest calendar.Month, bills []Bill) history {
	h := history{Name: name, Months: make([]Bill, 12), Top: 1, TopEnabled: 1}
	for i, m := len(h.Months)-1, newest; i >= 0; i, m = i-1, m.First().AddDays(-1).YearMonth() {
		at := &h.Months[i]
		at.Month = m
		for _, b := range bills {
			if b.Month == m && (name == "" || b.Region == name) {
				at.add(b)
			}
		}
		h.Top, h.TopEnabled = max(h.Top, at.Concurrent), max(h.TopEnabled, float64(at.Enabled))
		if at.CommittedIn == at.Regions {
			h.Top = max(h.Top, float64(at.Committed))
		}
	}
	h.Before, h.Now = h.Months[10], h.Months[11]
	return h
}

// front is a first page: of all tenants, or of one.
type front struct {
	history
	Regions []history
	Tenants []*overview
}

func newFront(tenants ...*overview) front {
	f := front{Tenants: tenants}
	var newest calendar.Month
	var all []Bill
	regions := map[string]bool{}
	for _, o := range tenants {
		for _, b := range o.Billed {
			if all, regions[b.Region] = append(all, b), true; newest.First().Before(b.Month.First()) {
				newest = b.Month
			}
		}
	}
	f.history = newHistory("", newest, all)
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		f.Regions = append(f.Regions, newHistory(name, newest, all))
	}
	for _, o := range tenants {
		o.History = newHistory("", newest, o.Billed)
	}
	return f
}

// number is one as people read it, with two decimals at most.
func number(n float64) string { return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) }

// change is what became of a number.
func change(from, to float64) string {
	sign := []string{"−", "±", "+"}[cmp.Compare(to, from)+1]
	return sign + number(math.Abs(to-from))
}
