package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"seats/cmd/seats/explain"
)

// picture is how a day's curve is drawn for people: so many rows of so many columns, each of which stands for as many
// seconds as the others and shows the most agents in any of them.
type picture struct {
	columns int
	blocks  []rune // from nothing to a full place, in equal steps
	edge    string
	mark    string
}

const pictureRows = 6

// eighths need a terminal that knows Unicode; elsewhere a place is full or empty.
var (
	eighths = picture{blocks: []rune(" ▁▂▃▄▅▆▇█"), edge: "│", mark: "▲"}
	letters = picture{blocks: []rune(" #"), edge: "|", mark: "^"}
)

// pictureFor is what suits standard output; ok is false where that is no terminal, or too narrow a one.
func pictureFor(out io.Writer, env func(string) (string, bool)) (p picture, ok bool) {
	f, is := out.(*os.File)
	if !is || !term.IsTerminal(int(f.Fd())) {
		return p, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if p = letters; knowsUnicode(env) {
		p = eighths
	}
	for _, p.columns = range []int{96, 48, 24} { // a quarter of an hour, half of one, one, on most days
		if err == nil && p.columns+10 <= width {
			return p, true
		}
	}
	return p, false
}

// knowsUnicode goes by the locale, as POSIX has it: the first of these that is set says.
func knowsUnicode(env func(string) (string, bool)) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if text, set := env(name); set && text != "" {
			text = strings.ToLower(strings.ReplaceAll(text, "-", ""))
			return strings.Contains(text, "utf8")
		}
	}
	return false
}

// draw draws the curve over the hours of its zone, and marks the first second of the peak. A day without a second, or
// without an agent, has no picture.
func (p picture) draw(curve explain.Curve, zone *time.Location) string {
	most, plateaus := curve.Plateaus()
	if most == 0 {
		return ""
	}
	start, seconds := curve[0].Start, curve[len(curve)-1].End-curve[0].Start
	column := func(second int64) int { return int((second - start) * int64(p.columns) / seconds) }
	heights := make([]int64, p.columns)
	for _, s := range curve {
		for i := column(s.Start); i <= column(s.End-1); i++ {
			heights[i] = max(heights[i], s.Agents)
		}
	}
	steps := int64(len(p.blocks) - 1)
	var b strings.Builder
	for row := int64(pictureRows - 1); row >= 0; row-- {
		label := ""
		if row == pictureRows-1 {
			label = fmt.Sprint(most)
		}
		fmt.Fprintf(&b, "%7s %s", label, p.edge)
		for _, h := range heights {
			// Whoever is there is seen: what is not 0 is at least one step high.
			full := (h*pictureRows*steps + most - 1) / most
			b.WriteRune(p.blocks[min(max(full-row*steps, 0), steps)])
		}
		b.WriteString("\n")
	}
	b.WriteString(p.hours(start, seconds, zone, column))
	first := time.Unix(plateaus[0].Start, 0).In(zone)
	mark := p.mark + " " + first.Format(time.TimeOnly)
	at := column(plateaus[0].Start)
	if at+len(first.Format(time.TimeOnly))+2 > p.columns { // to the left of it, where there is room
		mark = first.Format(time.TimeOnly) + " " + p.mark
		at -= len(first.Format(time.TimeOnly)) + 1
	}
	return b.String() + strings.Repeat(" ", 9+at) + mark + "\n\n"
}

// hours writes every sixth hour of the zone's clock under its column.
func (p picture) hours(start, seconds int64, zone *time.Location, column func(int64) int) string {
	line := []byte(strings.Repeat(" ", p.columns))
	for s := start - start%900; s < start+seconds; s += 900 {
		at := time.Unix(s, 0).In(zone)
		if s >= start && at.Minute() == 0 && at.Second() == 0 && at.Hour()%6 == 0 && column(s)+2 <= p.columns {
			copy(line[column(s):], at.Format("15"))
		}
	}
	return strings.Repeat(" ", 9) + strings.TrimRight(string(line), " ") + "\n"
}
