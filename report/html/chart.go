package html

import (
	"fmt"

	"seats/internal/calendar"
	"seats/internal/forecast"
)

// chart is bars over the days of a month. What lies across is in percent of the width and what lies upwards in pixels, so
// that the text keeps its size on a narrow screen.
type chart struct {
	Title string
	Grid  []mark
	Bands []bar
	Bars  []bar
	Lines []line
	Days  []mark
}

type mark struct {
	At   float64
	Text string
}

type bar struct {
	X, W, Y, H  float64
	Class, Text string
}

type line struct {
	X1, Y1, X2, Y2 float64
	Class          string
}

// Measures of a chart.
const (
	chartHeight = 150.0 // above the days' numbers
	chartTop    = 14.0  // room for the uppermost number
	gutter      = 7.0   // percent, for the numbers beside the grid
)

func newChart(title string, month calendar.Month, top int64) (c chart, x func(day int) float64, y func(int64) float64) {
	c.Title = title
	days := float64(month.Last().Day)
	x = func(day int) float64 { return gutter + (100-gutter)*float64(day-1)/days }
	step := niceStep(top)
	ceiling := max(step, (top+step-1)/step*step)
	y = func(n int64) float64 { return chartHeight - (chartHeight-chartTop)*float64(n)/float64(ceiling) }
	for n := int64(0); n <= ceiling; n += step {
		c.Grid = append(c.Grid, mark{y(n), fmt.Sprint(n)})
	}
	for _, d := range month.Days() {
		if d.Day == 1 || d.Day%5 == 0 {
			c.Days = append(c.Days, mark{(x(d.Day) + x(d.Day+1)) / 2, fmt.Sprint(d.Day)})
		}
	}
	return c, x, y
}

// niceStep is the distance of a grid of about four lines: 1, 2 or 5 times a power of ten.
func niceStep(top int64) int64 {
	for step := int64(1); ; step *= 10 {
		for _, times := range []int64{1, 2, 5} {
			if step*times*4 >= top {
				return step * times
			}
		}
	}
}

// peakChart has a bar a day, the maximum of the month up to each day, what was agreed on, and a band for each day without a
// number.
func (m regionMonth) peakChart(month calendar.Month) chart {
	top := max(m.Max.Agents, m.Committed)
	bands := m.bands()
	for _, d := range bands {
		top = max(top, d.High)
	}
	c, x, y := newChart("Daily peaks of "+m.Name, month, top)
	width := x(2) - x(1)
	for _, d := range bands {
		c.Bands = append(c.Bands, bar{x(d.Date.Day) + width*0.15, width * 0.7, y(d.High) - 1, y(d.Low) - y(d.High) + 2, "band", // seen where it is one number, too
			fmt.Sprintf("%s: %d to %d likely", d.Date, d.Low, d.High)})
	}
	before := int64(0)
	for _, d := range m.Days {
		left := x(d.Date.Day)
		if d.Known {
			class := d.State
			if d.Over {
				class += " over"
			}
			c.Bars = append(c.Bars, bar{left + width*0.15, width * 0.7, y(d.Peak.Agents), chartHeight - y(d.Peak.Agents), class,
				fmt.Sprintf("%s: %d, %s", d.Date, d.Peak.Agents, d.State)})
		}
		if d.ToDate != before && before > 0 {
			c.Lines = append(c.Lines, line{left, y(before), left, y(d.ToDate), "todate"})
		}
		if d.ToDate > 0 {
			c.Lines = append(c.Lines, line{left, y(d.ToDate), left + width, y(d.ToDate), "todate"})
		}
		before = d.ToDate
	}
	if m.Committed > 0 {
		c.Lines = append(c.Lines, line{gutter, y(m.Committed), 100, y(m.Committed), "committed"})
	}
	return c
}

// bands are the days without a number of which something can be said.
func (m regionMonth) bands() (known []forecast.Day) {
	if m.Outlook == nil {
		return nil
	}
	for _, d := range m.Outlook.Ahead {
		if d.Known() {
			known = append(known, d)
		}
	}
	return known
}

// growthChart has a bar a day: the different agents since the month's first.
func (m regionMonth) growthChart(month calendar.Month) chart {
	c, x, y := newChart("Enabled agents of "+m.Name+" so far", month, max(m.SoFar(), 1))
	width := x(2) - x(1)
	for _, d := range m.Days {
		if n := d.Peak.SoFar; n != nil {
			c.Bars = append(c.Bars, bar{x(d.Date.Day) + width*0.15, width * 0.7, y(*n), chartHeight - y(*n), "growth " + d.State,
				fmt.Sprintf("%s: %d agents since the 1st", d.Date, *n)})
		}
	}
	return c
}
