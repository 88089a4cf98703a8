package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/explain"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/forecast"
	"example.com/seats/internal/list"
	"example.com/seats/report"
)

type explainCmd struct {
	Tenant   string `help:"Whose numbers; may be left out where the configuration has one tenant." placeholder:"T"`
	Date     string `help:"The day; default yesterday in the region's time zone." placeholder:"YYYY-MM-DD" xor:"period"`
	Month    string `help:"A month: its enabled agents, or with --agent, the sessions of all its days." placeholder:"YYYY-MM" xor:"period"`
	Region   string `help:"The region; may be left out where the tenant has one." placeholder:"R"`
	Location string `help:"One location of the region." placeholder:"L"`

	At          string `help:"This second instead of the peak: RFC 3339, or the time of day in the region." placeholder:"TIME" xor:"what"`
	Agent       string `help:"Every session of this agent (employee_id, or #resource_key), counted or not, and why." placeholder:"ID" xor:"what"`
	Top         int    `help:"The busiest minutes of the day." placeholder:"N" xor:"what"`
	Peak        bool   `help:"With --month: its highest second so far instead, and who was there; how many seconds and days are so high." xor:"what"`
	Plateaus    bool   `help:"Every span of time at the peak, and nothing else." xor:"what"`
	Sensitivity bool   `help:"The day under other readings of the specification." xor:"what"`
	By          string `help:"Who used the seats, by agent_group, location or switch: the peak of each, its share of the region's, its enabled agents; with --month its enabled agents." enum:",agent_group,location,switch" default:"" placeholder:"UNIT"`
	Spike       int64  `help:"With --sensitivity: peaks shorter than so many seconds are ignored." default:"60" placeholder:"SECONDS"`
	Trend       bool   `help:"Between which bounds the peaks of the days to come are likely to lie, of the month of the day after the newest that was counted (with --date: by that day), and when what is committed may be passed." xor:"what"`
	Format      string `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
}

// Run explains from the published store, which it only reads.
func (c *explainCmd) Run(ctx context.Context, p *program) (err error) {
	if err := c.validate(); err != nil {
		return err
	}
	cfg, err := p.load([]string{c.Tenant}[:min(1, len(c.Tenant))])
	if err != nil {
		return err
	}
	if len(cfg.Tenants) != 1 { // it need not be named where there is no other
		return usageError("--tenant is needed: the configuration has %d", len(cfg.Tenants))
	}
	tenant := cfg.Tenants[0]
	defer func() { err = job.Explain(err, tenant) }()
	if c.Region == "" && c.Agent == "" { // an agent is looked for in all regions
		names := list.Of(tenant.Regions, func(r config.Region) string { return r.Name })
		if c.Region = names[0]; len(names) > 1 {
			return usageError("--region is needed: tenant %s has %s", tenant.Name, strings.Join(names, ", "))
		}
	}
	x := explanation{explainCmd: c, program: p, tenant: tenant}
	if c.Trend {
		return reading(ctx, tenant, func(db duck.Queryer) error { return x.trend(ctx, db) })
	}
	month, err1 := parsed("--month", c.Month, calendar.ParseMonth)
	date, at, err2 := x.when()
	if c.Month == "" {
		month = date.YearMonth()
	}
	return readingRows(ctx, tenant, func(m calendar.Month) bool { return m == month }, func(conn *duck.Conn) error {
		issued, err3 := report.IssuedFiles(ctx, conn)
		if err := cmp.Or(err3, err1, err2); err != nil {
			return err
		}
		x.explainer, x.issued = explain.New(conn, tenant), issued
		return x.print(ctx, month, date, at)
	})
}

func (c *explainCmd) validate() error {
	inDay := c.At != "" || c.Top != 0 || c.Plateaus || c.Sensitivity
	for _, rule := range []struct {
		broken bool
		said   string
	}{
		{c.Month != "" && inDay, "--month goes with --agent, with --by, or alone"},
		{c.Peak && c.Month == "", "--peak goes with --month: a day's peak is what is explained without it"},
		{c.Peak && c.By != "", "--by is about enabled agents with --month: leave out --peak, or name the day"},
		{c.By != "" && (inDay || c.Agent != ""), "--by goes with a day or a month alone"}, // not kong's xor: that takes a default for given
		{c.By != "" && c.Location != "", "--by is about all of a region: leave out --location"},
		{c.Month != "" && c.Agent == "" && c.Location != "", "enabled agents are counted by region: leave out --location"},
		{c.Trend && (c.Month != "" || c.Location != ""), "--trend is of a region, and the month follows from the day: leave out --month and --location"},
		{c.Top < 0, fmt.Sprintf("--top %d: want a number of minutes above 0", c.Top)},
		{c.Spike < 1, fmt.Sprintf("--spike %d: want a number of seconds above 0", c.Spike)},
		{c.Location != "" && c.Region == "" && c.Agent != "", "--location needs --region"},
	} {
		if rule.broken {
			return usageError("%s", rule.said)
		}
	}
	return nil
}

type explanation struct {
	*explainCmd
	*program
	tenant    config.Tenant
	explainer *explain.Explainer
	issued    []report.Issue
}

// print explains the month, or the day, or the second of it, if one is asked for.
func (x *explanation) print(ctx context.Context, month calendar.Month, date calendar.Date, at *int64) error {
	switch {
	case x.Agent != "":
		return x.agent(ctx, month, date)
	case x.Peak:
		agents, told, err := x.explainer.Highest(ctx, month, x.Region)
		if err == nil && x.tenant.Issues(config.MonthlyConcurrent) {
			x.warnIssued(report.Concurrent, month.String(), agents)
		}
		return x.show(told, err)
	case x.Month != "":
		m, err := x.explainer.Month(ctx, month, x.Region)
		if err != nil {
			return err
		}
		x.warnIssued(report.Enabled, month.String(), int64(len(m.Agents.Rows)))
		if x.By == "" {
			return x.write(m.Agents)
		}
		b, err := m.Breakdown(ctx, config.Unit(x.By))
		return x.show(b.Answer, err)
	}
	day, err := x.explainer.Day(ctx, date, x.Region, x.Location)
	if err != nil {
		return err
	}
	agents, plateaus := day.Curve.Plateaus()
	issued := func() { x.warnIssued(report.Concurrent, day.Date.String(), agents) }
	switch {
	case x.Top > 0:
		return x.write(day.Busiest(ctx, x.Top))
	case x.Sensitivity:
		readings, err := day.Sensitivity(ctx, x.Spike)
		return x.write(day.ReadingTable(readings), err)
	case x.By != "":
		issued()
		b, err := day.Breakdown(ctx, config.Unit(x.By))
		return x.show(b.Answer, err)
	case x.Plateaus:
		issued()
		return x.write(day.SpanTable(plateaus))
	}
	if s := x.screen(); s.columns() > 0 && x.Format == report.FormatTable {
		if _, err := io.WriteString(x.stdout, s.drawCurve(s.columns(), day.Curve, day.Zone)); err != nil {
			return err
		}
	}
	there := day.Peak
	if at != nil {
		there = func(ctx context.Context) (*explain.Second, error) { return day.Second(ctx, *at) }
	} else {
		issued()
	}
	second, err := there(ctx)
	if err != nil {
		return err
	}
	return x.show(second.Answer(), nil)
}

// show prints an answer, unless there is none.
func (x *explanation) show(told explain.Answer, err error) error {
	switch {
	case err != nil:
		return err
	case x.Format == report.FormatJSON:
		return x.write(told.Document)
	case x.Format == report.FormatCSV:
		return x.write(told.List)
	}
	return x.printTables(told.Tables...)
}

// agent prints the sessions of an agent on one day, or on all of a month that have been read.
func (x *explanation) agent(ctx context.Context, month calendar.Month, date calendar.Date) (err error) {
	days := []calendar.Date{date}
	if x.Month != "" {
		var missing []calendar.Date
		if days, missing, err = x.explainer.DaysRead(ctx, month); err != nil {
			return err
		}
		if len(days) == 0 {
			return fail.New(fail.NotReady, "`seats run --month "+x.Month+"` reads and counts it", "nothing to explain: no slice of %s", month)
		}
		if len(missing) > 0 {
			x.Warn("the month is not complete", "tenant", x.tenant.Name, "missing", calendar.Runs(missing, ".."))
		}
	}
	fates, err := x.explainer.Agents(ctx, days, x.Region, x.Location, x.Agent)
	if err == nil && len(fates.Rows) == 0 {
		x.Info("no voice session of this agent was read from the source", "tenant", x.tenant.Name, "agent", x.Agent, "days", calendar.Runs(days, ".."))
	}
	if x.Format == report.FormatTable {
		fates = explain.BriefAgents(fates)
	}
	return x.write(fates, err)
}

// trend prints what the month may still bring. It needs no rows, so the days that are no longer kept count too.
func (x *explanation) trend(ctx context.Context, db duck.Queryer) error {
	at := slices.IndexFunc(x.tenant.Regions, func(r config.Region) bool { return r.Name == x.Region })
	if at < 0 {
		return usageError("tenant %s has no region %q", x.tenant.Name, x.Region)
	}
	until, err := parsed("--date", x.Date, calendar.ParseDate)
	if err != nil {
		return err
	}
	trend, err := explain.LookAhead(ctx, db, x.tenant, x.tenant.Regions[at], until, x.clock())
	if err != nil {
		return err
	}
	if err := trend.Refusal(); err != nil {
		return err
	}
	for _, what := range trend.Lacks() {
		x.Warn(what, "tenant", x.tenant.Name, "region", x.Region)
	}
	if s := x.screen(); x.Format == report.FormatTable && s.width >= 10+2*len(trend.Month.Days()) {
		if _, err := io.WriteString(x.stdout, drawTrend(s, trend)); err != nil {
			return err
		}
	}
	return x.show(trend.Answer(), nil)
}

// warnIssued says so where the newest data file has another number than the one explained.
func (x *explanation) warnIssued(measure report.Measure, period string, value int64) {
	if x.Location != "" {
		return
	}
	at := slices.IndexFunc(x.issued, func(i report.Issue) bool {
		return i.Stands && i.Region == x.Region && i.Measure == measure && i.Period == period
	})
	switch {
	case at < 0 && !x.tenant.Issues(report.Series{Measure: measure, Period: period}.Kind()):
	case at < 0:
		x.Info("not issued yet", "tenant", x.tenant.Name, "region", x.Region, "period", period)
	case x.issued[at].Value != value:
		x.Warn("the data file says another number than the one explained: it was issued before the last computation",
			"file", x.issued[at].File, "issued", x.issued[at].Value, "explained", value)
	}
}

// write prints a table, unless it could not be made.
func (x *explanation) write(t report.Table, failed ...error) error {
	if err := cmp.Or(failed...); err != nil {
		return err
	}
	return t.Write(x.stdout, x.Format)
}

// when is the day, yesterday in the region or the tenant where none is asked for, and the second where one is.
func (x *explanation) when() (calendar.Date, *int64, error) {
	zone := job.ZoneOf(x.tenant, x.Region)
	date, err := parsed("--date", x.Date, calendar.ParseDate)
	if x.Date == "" {
		date = calendar.DateOf(x.clock(), zone).AddDays(-1)
	}
	if err != nil || x.At == "" {
		return date, nil, err
	}
	if instant, err := time.Parse(time.RFC3339, x.At); err == nil {
		if x.Date == "" {
			date = dateWith(instant.Unix(), zone)
		}
		return date, new(instant.Unix()), nil
	}
	ts, err := clockTime(x.At, date, zone)
	return date, &ts, err
}

// dateWith is the day whose interval holds a second (R7).
func dateWith(ts int64, zone *time.Location) calendar.Date {
	date := calendar.DateOf(time.Unix(ts, 0), zone)
	for _, d := range []calendar.Date{date.AddDays(-1), date.AddDays(1)} {
		if d.In(zone).Contains(ts) {
			return d
		}
	}
	return date
}

// clockTime finds the second of a day at which a region's clocks show a time.
func clockTime(text string, date calendar.Date, zone *time.Location) (int64, error) {
	if _, err := time.Parse(time.TimeOnly, text); err != nil {
		return 0, usageError("--at %q: want HH:MM:SS, or a time as 2026-03-10T14:03:07-04:00", text)
	}
	var found []int64
	day := date.In(zone)
	for ts := day.Start; ts < day.End; ts++ { // each is asked: a day may have a time twice, or not at all
		if time.Unix(ts, 0).In(zone).Format(time.TimeOnly) == text {
			found = append(found, ts)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, usageError("--at %s: the clocks in %s skipped it on %s", text, zone, date)
	}
	return 0, usageError("--at %s: the clocks in %s showed it twice on %s: give it as %s or %s", text, zone, date,
		time.Unix(found[0], 0).In(zone).Format(time.RFC3339), time.Unix(found[1], 0).In(zone).Format(time.RFC3339))
}

// drawCurve draws a day over the hours of its zone, and marks the first second of the peak. Each column stands for as many seconds as
// the others and shows the most agents in any of them. A day without a second, or without an agent, has no picture.
func (s screen) drawCurve(columns int, curve explain.Curve, zone *time.Location) string {
	most, plateaus := curve.Plateaus()
	if most == 0 {
		return ""
	}
	const curveRows = 6
	start, seconds := curve[0].Start, curve[len(curve)-1].End-curve[0].Start
	column := func(second int64) int { return int((second - start) * int64(columns) / seconds) }
	heights := make([]int64, columns)
	for _, step := range curve {
		for i := column(step.Start); i <= column(step.End-1); i++ {
			heights[i] = max(heights[i], step.Agents)
		}
	}
	g := s.glyphs()
	steps := int64(len(g.blocks) - 1)
	label := fmt.Sprint(most)
	var b strings.Builder
	for row := int64(curveRows - 1); row >= 0; row-- {
		line := make([]rune, 0, columns)
		for _, h := range heights {
			// Whoever is there is seen: what is not 0 is at least one step high.
			full := (h*curveRows*steps + most - 1) / most
			line = append(line, g.blocks[min(max(full-row*steps, 0), steps)])
		}
		fmt.Fprintf(&b, "%7s %s%s\n", label, g.edge, s.paint(curveColor, string(line)))
		label = ""
	}
	hours := []byte(strings.Repeat(" ", columns)) // every sixth of the zone's clock under its column
	for second := start - start%900; second < start+seconds; second += 900 {
		at := time.Unix(second, 0).In(zone)
		if second >= start && at.Minute() == 0 && at.Second() == 0 && at.Hour()%6 == 0 && column(second)+2 <= columns {
			copy(hours[column(second):], at.Format("15"))
		}
	}
	fmt.Fprintf(&b, "%9s%s\n", "", strings.TrimRight(string(hours), " "))
	first := time.Unix(plateaus[0].Start, 0).In(zone).Format(time.TimeOnly)
	at, mark := column(plateaus[0].Start), g.mark+" "+first
	if at+len(first)+2 > columns { // to the left of it, where there is room
		at, mark = at-len(first)-1, first+" "+g.mark
	}
	return b.String() + strings.Repeat(" ", 9+at) + s.paint(badColor, mark) + "\n\n"
}

// drawDay draws the curves of the day that was run, for people at a terminal. What cannot be drawn is a warning: the run is done.
func (p *program) drawDay(ctx context.Context, tenant config.Tenant, date calendar.Date) {
	screen := p.screen()
	if screen.columns() == 0 {
		return
	}
	const regions = 4 // of the others `explain` draws the day
	ofDay := func(m calendar.Month) bool { return m == date.YearMonth() }
	err := readingRows(ctx, tenant, ofDay, func(conn *duck.Conn) error {
		explainer := explain.New(conn, tenant)
		for i, region := range tenant.Regions {
			if i == regions {
				_, err := fmt.Fprintf(p.stdout, "\n%d regions more: seats explain --tenant %s --date %s --region R\n", len(tenant.Regions)-i, tenant.Name, date)
				return err
			}
			day, err := explainer.Day(ctx, date, region.Name, "")
			if err != nil {
				return err
			}
			if drawn := screen.drawCurve(screen.columns(), day.Curve, day.Zone); drawn != "" {
				fmt.Fprintf(p.stdout, "\n%s %s, %s (%s)\n%s", tenant.Name, region.Name, date, region.Zone, strings.TrimSuffix(drawn, "\n"))
			}
		}
		return nil
	})
	if err != nil {
		p.warn("the day cannot be drawn", job.Explain(err, tenant), "tenant", tenant.Name, "day", date)
	}
}

// drawTrend draws the month over its days: counted ones as bars, the others as bands from the lowest to the highest that is
// likely, and a line at what is committed.
func drawTrend(s screen, t *explain.Trend) string {
	top, ahead := max(1, t.Highest, t.Committed), map[calendar.Date]forecast.Band{}
	for _, d := range t.Ahead {
		if ahead[d.Date] = d.Band; d.Known() {
			top = max(top, d.High)
		}
	}
	const trendRows = 10
	g := s.glyphs()
	row := func(n int64) int64 { return (n*trendRows + top - 1) / top } // the row that a number reaches, from 1
	full := string(g.blocks[len(g.blocks)-1])
	var b strings.Builder
	for r := int64(trendRows); r > 0; r-- {
		label := ""
		switch {
		case t.Committed > 0 && r == row(t.Committed):
			label = fmt.Sprint(t.Committed)
		case r == trendRows:
			label = fmt.Sprint(top)
		}
		fmt.Fprintf(&b, "%7s %s", label, g.edge)
		for _, day := range t.Month.Days() {
			peak, counted := t.Peaks[day]
			of := ahead[day]
			cell := "  "
			switch {
			case counted && !t.From.Before(day) && r <= row(peak):
				cell = s.paint(curveColor, full+" ")
			case of.Known() && r <= row(of.High) && r >= max(1, row(of.Low)):
				cell = s.paint(warnColor, g.band+" ")
			case t.Committed > 0 && r == row(t.Committed):
				cell = s.paint(badColor, g.line+g.line)
			}
			b.WriteString(cell)
		}
		b.WriteString("\n")
	}
	numbers := ""
	for _, day := range t.Month.Days() {
		if day.Day == 1 || day.Day%5 == 0 {
			numbers += strings.Repeat(" ", 2*(day.Day-1)-len(numbers)) + fmt.Sprint(day.Day)
		}
	}
	return b.String() + strings.Repeat(" ", 9) + numbers + "\n\n"
}
