package main

import (
	"context"
	"io"
	"strings"
	"time"

	"seats/cmd/seats/explain"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/report"
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
	Plateaus    bool   `help:"Every span of time at the peak, and nothing else." xor:"what"`
	Sensitivity bool   `help:"The day under other readings of the specification." xor:"what"`
	By          string `help:"Who used the seats, by agent_group, location or switch: the peak of each, its share of the region's, its enabled agents; with --month its enabled agents." enum:",agent_group,location,switch" default:"" placeholder:"UNIT"`
	Spike       int64  `help:"With --sensitivity: peaks shorter than so many seconds are ignored." default:"60" placeholder:"SECONDS"`
	Trend       bool   `help:"Between which bounds the peaks of the days to come are likely to lie, of the month of the day after the newest that was counted (with --date: by that day), and when what is committed may be passed." xor:"what"`
	Format      string `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
}

// Help gives examples.
func (*explainCmd) Help() string {
	return `Examples:
  seats explain --date 2026-03-10 --region US
  seats explain --date 2026-03-10 --region US --at 12:30:00
  seats explain --date 2026-03-10 --agent E000053
  seats explain --date 2026-03-10 --region US --by agent_group
  seats explain --month 2026-03 --region US --format csv`
}

// Run explains from the published store, which it only reads.
func (c *explainCmd) Run(ctx context.Context, w *world, root *cli, t *terminal) (err error) {
	if err := c.validate(); err != nil {
		return err
	}
	tenant, err := root.oneTenant(w, c.Tenant)
	if err != nil {
		return err
	}
	defer func() { err = job.Explain(err, tenant) }()
	if err := c.pickRegion(tenant); err != nil {
		return err
	}
	if c.Trend {
		return c.trend(ctx, w, root, t, tenant)
	}
	db, err := openWhole(ctx, tenant, c.wanted(w.clock()))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // only read
	x := explanation{explainCmd: c, ctx: ctx, world: w, root: root, terminal: t, tenant: tenant, explainer: explain.New(conn, tenant)}
	x.issued, err = report.IssuedFiles(ctx, conn)
	if err != nil {
		return err
	}
	return x.print()
}

// wanted are the months whose rows may be asked for: that of the day, or of those beside it, since the day of a region and a
// second that is named need not be of the same month.
func (c *explainCmd) wanted(now time.Time) func(calendar.Month) bool {
	if month, err := calendar.ParseMonth(c.Month); err == nil {
		return func(m calendar.Month) bool { return m == month }
	}
	about := calendar.DateOf(now, time.UTC)
	if instant, err := time.Parse(time.RFC3339, c.At); err == nil {
		about = calendar.DateOf(instant, time.UTC)
	}
	if date, err := calendar.ParseDate(c.Date); err == nil {
		about = date
	}
	return func(m calendar.Month) bool {
		return !m.Last().Before(about.AddDays(-2)) && !about.AddDays(2).Before(m.First())
	}
}

func (c *explainCmd) validate() error {
	switch {
	case c.Month != "" && (c.At != "" || c.Top != 0 || c.Plateaus || c.Sensitivity):
		return usageError("--month goes with --agent, with --by, or alone")
	case c.By != "" && (c.At != "" || c.Agent != "" || c.Top != 0 || c.Plateaus || c.Sensitivity): // not kong's xor: that takes a default for given
		return usageError("--by goes with a day or a month alone")
	case c.By != "" && c.Location != "":
		return usageError("--by is about all of a region: leave out --location")
	case c.Month != "" && c.Agent == "" && c.Location != "":
		return usageError("enabled agents are counted by region: leave out --location")
	case c.Trend && (c.Month != "" || c.Location != ""):
		return usageError("--trend is of a region, and the month follows from the day: leave out --month and --location")
	case c.Top < 0:
		return usageError("--top %d: want a number of minutes above 0", c.Top)
	case c.Spike < 1:
		return usageError("--spike %d: want a number of seconds above 0", c.Spike)
	case c.Location != "" && c.Region == "" && c.Agent != "":
		return usageError("--location needs --region")
	}
	return nil
}

// pickRegion fills in the only region of a tenant. An agent is looked for in all of them.
func (c *explainCmd) pickRegion(t config.Tenant) error {
	if c.Region != "" || c.Agent != "" {
		return nil
	}
	if len(t.Regions) == 1 {
		c.Region = t.Regions[0].Name
		return nil
	}
	var names []string
	for _, r := range t.Regions {
		names = append(names, r.Name)
	}
	return usageError("--region is needed: tenant %s has %s", t.Name, strings.Join(names, ", "))
}

// explanation is the command at work.
type explanation struct {
	*explainCmd
	ctx       context.Context
	world     *world
	root      *cli
	terminal  *terminal
	tenant    config.Tenant
	explainer *explain.Explainer
	issued    []report.Issue
}

func (x *explanation) print() error {
	switch {
	case x.Agent != "":
		return x.agent()
	case x.Month != "":
		return x.month()
	}
	date, at, err := x.when()
	if err != nil {
		return err
	}
	day, err := x.explainer.Day(x.ctx, date, x.Region, x.Location)
	if err != nil {
		return err
	}
	switch {
	case x.Top > 0:
		return x.write(day.MinuteTable(day.Curve.Busiest(x.Top)))
	case x.Sensitivity:
		readings, err := day.Sensitivity(x.ctx, x.Spike)
		if err != nil {
			return err
		}
		return x.write(day.ReadingTable(readings))
	case x.By != "":
		return x.breakdown(day)
	}
	if err := x.picture(day); err != nil {
		return err
	}
	if at != nil {
		second, err := day.Second(x.ctx, *at)
		if err != nil {
			return err
		}
		return x.second(second)
	}
	return x.peak(day)
}

// picture draws the day for people at a terminal.
func (x *explanation) picture(day *explain.Day) error {
	p, ok := pictureFor(screenOf(x.world, x.root.NoColor))
	if !ok || x.Format != report.FormatTable || x.Plateaus {
		return nil
	}
	_, err := io.WriteString(x.world.stdout, p.draw(day.Curve, day.Zone))
	return err
}

func (x *explanation) peak(day *explain.Day) error {
	agents, plateaus := day.Curve.Plateaus()
	x.warnIssued(report.Concurrent, day.Date.String(), agents)
	if x.Plateaus {
		return x.write(day.SpanTable(plateaus))
	}
	peak, err := day.Peak(x.ctx)
	if err != nil {
		return err
	}
	return x.second(peak)
}

// second prints who was there: one document as JSON, one list as CSV, and for people a summary, the spans of
// time, and who.
func (x *explanation) second(s *explain.Second) error {
	switch x.Format {
	case report.FormatJSON:
		return x.write(s.Document())
	case report.FormatCSV:
		return x.write(s.List())
	}
	return writeTables(x.world.stdout, []report.Table{s.Summary(), s.Spans(), s.Brief()})
}

// writeTables prints tables for people, with a blank line between them.
func writeTables(out io.Writer, tables []report.Table) error {
	for i, table := range tables {
		if i > 0 {
			if _, err := io.WriteString(out, "\n"); err != nil {
				return err
			}
		}
		if err := table.Write(out, report.FormatTable); err != nil {
			return err
		}
	}
	return nil
}

func (x *explanation) agent() error {
	days, err := x.days()
	if err != nil {
		return err
	}
	fates, err := x.explainer.Agent(x.ctx, x.Agent, days, x.Region, x.Location)
	if err != nil {
		return err
	}
	if len(fates) == 0 {
		x.terminal.Info("no voice session of this agent was read from the source", "tenant", x.tenant.Name, "agent", x.Agent, "days", calendar.Runs(days, ".."))
	}
	if x.Format == report.FormatTable {
		return x.write(x.explainer.BriefFateTable(fates))
	}
	return x.write(x.explainer.FateTable(x.Agent, fates))
}

func (x *explanation) month() error {
	month, err := calendar.ParseMonth(x.Month)
	if err != nil {
		return usageError("--month: %w", err)
	}
	m, err := x.explainer.Month(x.ctx, month, x.Region)
	if err != nil {
		return err
	}
	x.warnIssued(report.Enabled, month.String(), int64(len(m.Agents)))
	if x.By == "" {
		return x.write(m.Table())
	}
	b, err := m.Breakdown(x.ctx, config.Unit(x.By))
	if err != nil {
		return err
	}
	return x.parts(b.Whole, b.AsTable)
}

// breakdown prints who used the seats of a day.
func (x *explanation) breakdown(day *explain.Day) error {
	agents, _ := day.Curve.Plateaus()
	x.warnIssued(report.Concurrent, day.Date.String(), agents)
	b, err := day.Breakdown(x.ctx, config.Unit(x.By))
	if err != nil {
		return err
	}
	return x.parts(b.Whole, b.AsTable)
}

// parts prints what something is broken down into, and for people, before it, what that is.
func (x *explanation) parts(whole, parts report.Table) error {
	if x.Format != report.FormatTable {
		return x.write(parts)
	}
	return writeTables(x.world.stdout, []report.Table{whole, parts})
}

// warnIssued says so where the newest data file has another number than the one explained.
func (x *explanation) warnIssued(measure report.Measure, period string, value int64) {
	if x.Location != "" {
		return
	}
	var newest *report.Issue
	for i := range x.issued { // revision by revision
		if is := &x.issued[i]; is.Region == x.Region && is.Measure == measure && is.Period == period {
			newest = is
		}
	}
	switch {
	case newest == nil:
		x.terminal.Info("not issued yet", "tenant", x.tenant.Name, "region", x.Region, "period", period)
	case newest.Value != value:
		x.terminal.Warn("the data file says another number than the one explained: it was issued before the last computation",
			"file", newest.File, "issued", newest.Value, "explained", value)
	}
}

func (x *explanation) write(t report.Table) error { return t.Write(x.world.stdout, x.Format) }
