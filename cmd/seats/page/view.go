package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/watch"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/forecast"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/report"
	"example.com/seats/sql"
)

// overview is a tenant with its months.
type overview struct {
	Tenant
	Months  []*monthView // that get a page, the newest first
	paged   []string     // the days that do, by their names
	History history      // up to the newest month of all tenants of the page
	basis   map[calendar.Date]string
}

type monthView struct {
	*overview
	Month      calendar.Month
	Days       []Day
	Prev, Next string
	Regions    []regionMonth
	States     map[string]int
	Quality    []qualitySum
}

type regionMonth struct {
	config.Region
	Days    []dayCell
	Weeks   [][]*dayCell // Monday first; nil: a day of another month
	Max     Peak
	MaxDay  string
	Over    int // days above what was agreed on
	Moving  int // days that are provisional
	Enabled *Enabled
	SoFar   int64          // agents that were enabled up to the last day of which that is known; -1: none
	Outlook *Outlook       // nil: all days are counted
	Highest *watch.Highest // nil: no day is counted
	Says    []job.Contract // what its contracts say
	Peaks   chart
	Growth  chart
}

type dayCell struct {
	Day
	Known  bool // there is a number
	Peak   Peak
	ToDate int64         // the month's maximum so far
	Issued *report.Issue // that stands
	Heat   int           // 0 to 5: how near the month's maximum
	Over   bool
	Doubts int64
}

type qualitySum struct {
	settle.Quality
	Days int
}

func newOverview(t Tenant) *overview {
	o := &overview{Tenant: t, basis: map[calendar.Date]string{}}
	months := list.Of(t.Shown, calendar.Month.String)
	for _, m := range slices.Backward(t.Shown) {
		v := &monthView{overview: o, Month: m, States: map[string]int{}}
		v.Prev, v.Next = beside(months, m.String())
		v.fill()
		o.Months = append(o.Months, v)
	}
	o.paged = list.Of(t.paged(), calendar.Date.String)
	return o
}

// paged are the days that get a page.
func (t Tenant) paged() []calendar.Date {
	days := slices.DeleteFunc(slices.Clone(t.Days), func(d Day) bool { return !d.HasPage })
	return list.Of(days, func(d Day) calendar.Date { return d.Date })
}

// beside are the page before one and the one after it, "" where there is none.
func beside(pages []string, page string) (before, after string) {
	all := slices.Concat([]string{""}, pages, []string{""})
	at := slices.Index(all, page)
	return all[at-1], all[at+1]
}

func (v *monthView) fill() {
	for _, d := range v.overview.Days {
		if d.Date.YearMonth() != v.Month {
			continue
		}
		v.Days = append(v.Days, d)
		v.States[d.State]++
		for _, q := range d.Quality {
			at := slices.IndexFunc(v.Quality, func(s qualitySum) bool { return s.Rule == q.Rule })
			if at < 0 {
				at = len(v.Quality)
				v.Quality = append(v.Quality, qualitySum{Quality: settle.Quality{Rule: q.Rule, Blocking: q.Blocking}})
			}
			v.Quality[at].Count += q.Count
			v.Quality[at].Days++
		}
	}
	slices.SortFunc(v.Quality, func(a, b qualitySum) int { return int(b.Count - a.Count) })
	v.Regions = list.Of(v.overview.Regions, v.region)
}

func (v *monthView) region(r config.Region) regionMonth {
	m := regionMonth{Region: r, SoFar: -1}
	m.Enabled = first(v.Tenant.Enabled, func(e Enabled) bool { return e.Month == v.Month && e.Region == r.Name })
	m.Highest = first(v.Tenant.Highest, func(h watch.Highest) bool { return h.Month == v.Month && h.Name == r.Name })
	m.Outlook = first(v.Tenant.Outlook, func(o Outlook) bool { return o.Region == r.Name && o.Month == v.Month && len(o.Ahead) > 0 })
	m.Says = slices.DeleteFunc(slices.Clone(v.Tenant.Contracts), func(c job.Contract) bool { return c.Month != v.Month || c.Region != r.Name })
	for _, d := range v.Days {
		c := dayCell{Day: d, Issued: v.standing(r.Name, d.Date.String())}
		for _, q := range d.Quality {
			c.Doubts += q.Count
		}
		if p := first(d.Peaks, func(p Peak) bool { return p.Region == r.Name && p.Location == "" }); p != nil {
			c.Known, c.Peak, m.SoFar = true, *p, *cmp.Or(p.SoFar, &m.SoFar)
		}
		counts := c.Known && !r.EndedBefore(d.Date) // what comes after the region's last day is shown, and none of its month
		if counts && c.Peak.Agents > m.Max.Agents {
			m.Max, m.MaxDay = c.Peak, d.Date.String()
		}
		if c.Over = counts && r.Committed > 0 && c.Peak.Agents > r.Committed; c.Over {
			m.Over++
		}
		if c.State == settle.Provisional {
			m.Moving++
		}
		c.ToDate = m.Max.Agents
		m.Days = append(m.Days, c)
	}
	top := m.Committed
	for i := range m.Days {
		c := &m.Days[i]
		top = max(top, c.Peak.Agents)
		if c.Known && m.Max.Agents > 0 {
			c.Heat = min(5, int((c.Peak.Agents*5+m.Max.Agents-1)/m.Max.Agents))
		}
		weekday := (int(c.Date.Weekday()) + 6) % 7
		if weekday == 0 || len(m.Weeks) == 0 {
			m.Weeks = append(m.Weeks, make([]*dayCell, 7))
		}
		m.Weeks[len(m.Weeks)-1][weekday] = c
	}
	if m.Outlook != nil {
		for _, d := range m.Outlook.Ahead {
			if d.Known() {
				top = max(top, d.High)
			}
		}
	}
	m.Peaks, m.Growth = newChart(v.Month, top), newChart(v.Month, max(m.SoFar, 1))
	return m
}

// Why says of which days the numbers may still move, and why.
func (v *monthView) Why() string {
	whys := map[calendar.Date]string{}
	for _, d := range v.Days {
		whys[d.Date] = d.Why
	}
	return settle.Said(whys)
}

// standing is the number of a day's peak that stands issued; nil: none.
func (t Tenant) standing(region, period string) *report.Issue {
	return first(t.Issued, func(s report.Issue) bool {
		return s.Stands && s.Region == region && s.Period == period && s.Measure == report.Concurrent
	})
}

// first is the first of some that is wanted; nil: none is.
func first[T any](of []T, is func(T) bool) *T {
	if at := slices.IndexFunc(of, is); at >= 0 {
		return &of[at]
	}
	return nil
}

// HighestAt is the first second of the month's highest, in the region's zone.
func (m regionMonth) HighestAt() time.Time { return time.Unix(m.Highest.At, 0).In(m.Zone) }

// HasPage tells whether there is a page of the day.
func (o *overview) HasPage(day calendar.Date) bool { return slices.Contains(o.paged, day.String()) }

type dayView struct {
	*overview
	Day
	Detail
	Prev, Next string
	Month      calendar.Month
	Basis      string // tells pages apart that may not be the same
}

// Whole is the region's peak; nil: not counted.
func (s Section) Whole() *Peak {
	if len(s.Peaks) == 0 || s.Peaks[0].Location != "" {
		return nil
	}
	return &s.Peaks[0]
}

// At is a second of the day in the region's zone.
func (s Section) At(second int64) time.Time { return time.Unix(second, 0).In(s.Zone) }

// hour is the table behind the curve: the most agents at once in each hour, by curve.
type hour struct {
	From time.Time
	Most []int64
}

func (o *overview) day(date calendar.Date, detail Detail) *dayView {
	of := first(o.Days, func(d Day) bool { return d.Date == date })
	v := &dayView{overview: o, Day: *of, Detail: detail, Month: date.YearMonth()}
	v.Prev, v.Next = beside(o.paged, v.Date.String())
	for i := range detail.Regions {
		s := &detail.Regions[i]
		s.Issued = o.standing(s.Region, v.Date.String())
		s.Peaks = slices.DeleteFunc(slices.Clone(v.Day.Peaks), func(p Peak) bool { return p.Region != s.Region })
		s.measure()
	}
	return v
}

// measure finds what the tables say of the curves.
func (s *Section) measure() {
	if len(s.Curves) == 0 {
		return
	}
	_, s.Plateaus = s.Curves[0].Steps.Plateaus()
	for from := s.Day.Start; from < s.Day.End; from += 3600 {
		h := hour{From: s.At(from), Most: make([]int64, len(s.Curves))}
		span := calendar.Interval{Start: from, End: min(from+3600, s.Day.End)}
		for i, c := range s.Curves {
			for _, step := range c.Steps {
				if step.Overlaps(span) {
					h.Most[i] = max(h.Most[i], step.Agents)
				}
			}
		}
		s.Hours = append(s.Hours, h)
	}
}

// Offsets are how many seconds the zone is ahead of UTC, each with the second of the day from which on it is.
func (s Section) Offsets() (offsets [][2]int64) {
	for from := s.Day.Start; from < s.Day.End; {
		at := s.At(from)
		_, offset := at.Zone()
		offsets = append(offsets, [2]int64{from - s.Day.Start, int64(offset)})
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Unix() <= from {
			break
		}
		from = end.Unix()
	}
	return offsets
}

// explained is the sentence of a data-quality rule, in the words of the relation that has them all; "" for a rule of its name alone.
func explained(rule string) string {
	sentence := regexp.MustCompile(`data_quality\.rule is.*? ` + regexp.QuoteMeta(rule) + ` \(([^)]*)`)
	found := append(sentence.FindStringSubmatch(sql.Text("store/comment")), "", "")
	return strings.ReplaceAll(found[1], "''", "'")
}

// functions are what the pages call.
var functions = template.FuncMap{
	"month": func(m calendar.Month) string { return fmt.Sprintf("%s %d", m.Month, m.Year) },
	"long":  func(d calendar.Date) string { return fmt.Sprintf("%s, %d %s %d", d.Weekday(), d.Day, d.Month, d.Year) },
	"span":  func(seconds int64) string { return (time.Duration(seconds) * time.Second).String() }, // as people say it
	"within": func(t time.Time, day calendar.Date) string { // a time of day, with the date where it is another day's
		if calendar.DateOf(t, t.Location()) == day {
			return t.Format(time.TimeOnly)
		}
		return t.Format(time.DateTime)
	},
	"cell": func(value any) string { // nil is blank
		if at, is := value.(time.Time); is {
			return at.Format(time.DateTime + "Z07:00")
		}
		return fmt.Sprint(cmp.Or[any](value, ""))
	},
	"json": func(value any) (string, error) {
		text, err := json.Marshal(value)
		return strings.ToValidUTF8(string(text), "\uFFFD"), err
	},
	"count":   number,
	"change":  change,
	"float":   func(n int64) float64 { return float64(n) },
	"runs":    func(days []calendar.Date) string { return calendar.Runs(days, " to ") },
	"number":  func(value any) bool { _, is := value.(int64); return is },
	"words":   func(name config.Unit) string { return strings.ReplaceAll(string(name), "_", " ") },
	"percent": func(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) },
	"rule":    explained,
	"high":    func(n, of int64) float64 { return 100 * float64(n) / float64(max(of, 1)) }, // in percent
	"less":    func(n, by int64) int64 { return n - by },
	"minus":   func(n, by float64) float64 { return n - by },
	"enough":  func() int { return forecast.Enough },
	"most":    func() int { return forecast.Most },
	"reach":   func() int { return forecast.Reach },
}

// chart is how bars over the days of a month are drawn. What lies across is in percent of the width and what lies upwards in pixels, so
// that the text keeps its size on a narrow screen.
type chart struct {
	Grid          []int64 // the numbers that have a line
	days, ceiling float64
}

// Measures of a chart.
const (
	chartHeight = 150.0 // above the days' numbers
	chartTop    = 14.0  // room for the uppermost number
	gutter      = 7.0   // percent, for the numbers beside the grid
)

// newChart is one with a grid of about four lines: 1, 2 or 5 times a power of ten apart.
func newChart(month calendar.Month, top int64) chart {
	step, tens := int64(1), int64(1)
	for i := 1; step*4 < top; i++ {
		if i%3 == 0 {
			tens *= 10
		}
		step = tens * []int64{1, 2, 5}[i%3]
	}
	c := chart{days: float64(month.Last().Day)}
	for n := int64(0); n < max(top, 1)+step; n += step {
		c.Grid, c.ceiling = append(c.Grid, n), float64(n)
	}
	return c
}

// X, Right and Middle are where a day begins and ends, and between these; a bar in it is from Bar on and Width wide.
func (c chart) X(day int) float64      { return gutter + (100-gutter)*float64(day-1)/c.days }
func (c chart) Right(day int) float64  { return c.X(day) + (c.X(2) - c.X(1)) }
func (c chart) Middle(day int) float64 { return (c.X(day) + c.X(day+1)) / 2 }
func (c chart) Bar(day int) float64    { return c.X(day) + (c.X(2)-c.X(1))*0.15 }
func (c chart) Width() float64         { return (c.X(2) - c.X(1)) * 0.7 }

// Y is where a number is, and Up how far above the ground.
func (c chart) Y(n int64) float64  { return chartHeight - (chartHeight-chartTop)*float64(n)/c.ceiling }
func (c chart) Up(n int64) float64 { return chartHeight - c.Y(n) }

// Ticks are the days that are named.
func (c chart) Ticks() []int {
	return slices.DeleteFunc([]int{1, 5, 10, 15, 20, 25, 30}, func(day int) bool { return float64(day) > c.days })
}
