// Package watch tells how a tenant stands, for those who do not look every night: from what its published store says,
// and what the clock says. It changes nothing but the metrics' files.
//
// The open months are the one that runs and the one before it, which is being billed. A gap in an older month is no
// longer news, and may be past mending: `seats status` shows it.
package watch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
)

// State is how a tenant stands. The zero Date is no day.
type State struct {
	Newest      calendar.Date // day that the store holds, or once held
	NewestFinal calendar.Date

	// Days of the open months that are over.
	Final       []calendar.Date
	Provisional []calendar.Date
	Missing     []calendar.Date // since the first day that the store holds
	Blocked     []calendar.Date // by a data-quality rule, whatever their state
	Why         string          // the provisional days are

	LastSuccess int64   // epoch seconds at the end of the newest run that failed nowhere; 0: none
	Concurrent  []Count // of each region, on the newest day that was computed
	Enabled     []Count // of each region, in the newest month that was computed
	Quality     []Count // of each rule, on the newest day that was computed

	// Of the newest month in which a day was computed.
	Highest   []Count // of each region
	Contracts []job.Contract
}

// Count is a number of the store under its name.
type Count struct {
	Name  string
	Value int64
}

func (c Count) String() string { return fmt.Sprintf("%s %d", c.Name, c.Value) }

// Look reads a published store.
func Look(ctx context.Context, q duck.Queryer, t config.Tenant, now time.Time) (State, error) {
	var s State
	whys, err1 := Whys(ctx, q, t)
	blocked, err2 := duck.All[calendar.Date](ctx, q, "ask/watch_blocked_day")
	last, err3 := duck.One[int64](ctx, q, "ask/watch_last_success")
	newest, err4 := duck.By[string, Count](ctx, q, "ask/watch_newest")
	highest, err5 := HighestSeconds(ctx, q, t)
	if err := cmp.Or(err1, err2, err3, err4, err5); err != nil {
		return s, err
	}
	s.place(t, whys, now)
	s.Blocked = slices.DeleteFunc(blocked, func(day calendar.Date) bool { return !slices.Contains(openMonths(t, now), day.YearMonth()) })
	s.LastSuccess, s.Concurrent, s.Enabled, s.Quality = last, newest["concurrent"], newest["enabled"], newest["quality"]
	if len(highest) == 0 {
		return s, nil
	}
	month := highest[len(highest)-1].Month
	for _, h := range highest {
		if h.Month == month {
			s.Highest = append(s.Highest, h.Count)
		}
	}
	s.Contracts, err1 = job.Contracts(ctx, q, month, month)
	return s, err1
}

// Highest is the highest second of a region's month, as far as its days are counted (R8).
type Highest struct {
	Month   calendar.Month
	Count                 // of the region
	Day     calendar.Date // of the first second
	At      int64         // the first second; 0: no agent was there
	Seconds int64         // how many are so high
	Days    int64         // that reach it
	Counted int64         // days
	State   string        // settle.Final: every day of the month is; else settle.Provisional
}

// HighestSeconds are those of every month in which a day was counted, by month and region. They need no rows.
func HighestSeconds(ctx context.Context, q duck.Queryer, t config.Tenant) ([]Highest, error) {
	regions, until := []string{}, []string{}
	for _, r := range t.Regions {
		if !r.Until.IsZero() {
			regions, until = append(regions, r.Name), append(until, r.Until.String())
		}
	}
	return duck.All[Highest](ctx, q, "ask/month_peak", sql.Named("regions", regions), sql.Named("until", until))
}

// Whys are the days that the store holds, or whose rows it once held, each with the reason why it is provisional; "" where it is final. It
// is the one place that pages and lists ask.
func Whys(ctx context.Context, q duck.Queryer, t config.Tenant) (map[calendar.Date]string, error) {
	held, err1 := store.Slices(ctx, q)
	dropped, err2 := duck.All[struct {
		Day calendar.Date
		Why string
	}](ctx, q, "ask/watch_dropped_day")
	whys := map[calendar.Date]string{}
	for day, slice := range held {
		whys[day] = job.Why(t, day, slice)
	}
	for _, d := range dropped {
		whys[d.Day] = d.Why
	}
	return whys, cmp.Or(err1, err2)
}

func (s *State) place(t config.Tenant, whys map[calendar.Date]string, now time.Time) {
	first := calendar.DateOf(now, t.Zone)
	for day, why := range whys {
		if day.Before(first) {
			first = day
		}
		if s.Newest.Before(day) {
			s.Newest = day
		}
		if why == "" && s.NewestFinal.Before(day) {
			s.NewestFinal = day
		}
	}
	for _, month := range openMonths(t, now) {
		for _, day := range month.Days() {
			why, held := whys[day]
			switch {
			case day.Before(first) || job.IsSkipped(t, day) || now.Unix() < End(t, day):
				// before the tenant's time, skipped by its zones, or not over
			case !held:
				s.Missing = append(s.Missing, day)
			case why == "":
				s.Final = append(s.Final, day)
			default:
				s.Provisional = append(s.Provisional, day)
			}
		}
	}
	maps.DeleteFunc(whys, func(day calendar.Date, _ string) bool { return !slices.Contains(s.Provisional, day) })
	s.Why = settle.Said(whys)
}

// End is when the day is over in every region of the tenant, in epoch seconds; 0 of no day.
func End(t config.Tenant, day calendar.Date) (end int64) {
	for _, r := range t.Regions {
		end = max(end, day.In(r.Zone).End)
	}
	return end
}

func openMonths(t config.Tenant, now time.Time) []calendar.Month {
	running := calendar.DateOf(now, t.Zone).YearMonth()
	return []calendar.Month{running.First().AddDays(-1).YearMonth(), running}
}

// Peaks are the daily peaks of each region (R8), of every day that was counted.
func Peaks(ctx context.Context, q duck.Queryer) (map[string]map[calendar.Date]int64, error) {
	all, err := duck.All[struct {
		Day    calendar.Date
		Region string
		Agents int64
	}](ctx, q, "ask/watch_daily_peak")
	peaks := map[string]map[calendar.Date]int64{}
	for _, p := range all {
		if peaks[p.Region] == nil {
			peaks[p.Region] = map[calendar.Date]int64{}
		}
		peaks[p.Region][p.Day] = p.Agents
	}
	return peaks, err
}

// Within is how long after the end of a tenant's newest final day the next one may take where nobody says otherwise: a day for it to pass,
// settle_hours for the source to settle, and 11 hours for the nightly job. With settle_hours: 1 that is 36 hours: noon, for a tenant in UTC.
func Within(t config.Tenant) time.Duration {
	return time.Duration(24+t.SettleHours+11) * time.Hour
}

// Overdue says what ended longer ago than within and is not there; nothing where all is well. A tenant without any
// final day is judged by its newest one: its source may be one that cannot tell whether it is complete.
func (s State) Overdue(t config.Tenant, now time.Time, within time.Duration) string {
	late := func(day calendar.Date) bool { return now.Unix()-End(t, day) > int64(within.Seconds()) }
	var said []string
	day, what := s.NewestFinal, "the newest final day"
	if day.IsZero() {
		day, what = s.Newest, "no day is final; the newest"
	}
	if day.IsZero() {
		return "the store holds no day"
	} else if late(day) {
		said = append(said, fmt.Sprintf("%s, %s, ended %d hours ago", what, day, (now.Unix()-End(t, day))/3600))
	}
	s.Missing = slices.DeleteFunc(slices.Clone(s.Missing), func(day calendar.Date) bool { return !late(day) })
	if len(s.Missing) > 0 {
		said = append(said, "missing: "+calendar.Runs(s.Missing, ".."))
	}
	return strings.Join(said, "; ")
}

// Run is what became of a tenant in this run of the program.
type Run struct {
	Exit   int
	Stages []job.Stage
}

// Site is what the metrics are of: the tenants that this run worked on, by what became of them and by what their stores say.
type Site struct {
	Version string
	Now     time.Time
	Tenants []config.Tenant
	Names   map[string]bool                    // of all tenants of the configuration
	Runs    map[string]Run                     // by tenant
	Look    func(config.Tenant) (State, error) // store.ErrMissing: a tenant without a store
}

// gauges are the metrics in their order, a name and what it says a line. All are gauges.
//
//go:embed metrics.txt
var gauges string

// page is the metrics by their names in gauges.
type page map[string]*dto.MetricFamily

// set adds a sample; labels are names and values in turn.
func (p page) set(name string, value float64, labels ...string) {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for i := 0; i+1 < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	p[name].Metric = append(p[name].Metric, m)
}

// families are the metrics of which samples are set: one without is no part of the format.
func families(set func(page)) (all []*dto.MetricFamily) {
	p := page{}
	for line := range strings.Lines(gauges) {
		name, help, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		p[name] = &dto.MetricFamily{Name: new("seats_" + name), Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		all = append(all, p[name])
	}
	set(p)
	return slices.DeleteFunc(all, func(f *dto.MetricFamily) bool { return len(f.Metric) == 0 })
}

// run says how a tenant's run, extract, compute or report went.
func (s Site) run(p page, tenant string) {
	r := s.Runs[tenant]
	p.set("last_run_timestamp_seconds", float64(s.Now.Unix()), "tenant", tenant)
	p.set("last_run_exit_code", float64(r.Exit), "tenant", tenant)
	for _, stage := range r.Stages {
		p.set("last_run_stage_duration_seconds", stage.Took.Seconds(), "tenant", tenant, "stage", stage.Name)
		p.set("last_run_stage_rows", float64(stage.Rows), "tenant", tenant, "stage", stage.Name)
	}
}

// tenant says how a tenant's run went, and what its store holds. Of one that cannot be read nothing more is said; a missing one was never
// written, so its times are 0.
func (s Site) tenant(p page, t config.Tenant) {
	s.run(p, t.Name)
	state, err := s.Look(t)
	set := func(name string, value float64, labels ...string) {
		p.set(name, value, append([]string{"tenant", t.Name}, labels...)...)
	}
	if err == nil || errors.Is(err, store.ErrMissing) {
		set("last_success_timestamp_seconds", float64(state.LastSuccess))
		set("newest_final_day_end_timestamp_seconds", float64(End(t, state.NewestFinal)))
		set("newest_day_end_timestamp_seconds", float64(End(t, state.Newest)))
		if len(state.Provisional) > 0 {
			set("oldest_provisional_day_end_timestamp_seconds", float64(End(t, state.Provisional[0])))
		}
	}
	if err != nil {
		set("store_readable", 0)
		return
	}
	for _, r := range t.Regions {
		if r.Committed > 0 {
			set("committed_agents", float64(r.Committed), "region", r.Name)
		}
	}
	set("store_readable", 1)
	set("slices", float64(len(state.Final)), "state", "final")
	set("slices", float64(len(state.Provisional)), "state", "provisional")
	set("slices", float64(len(state.Missing)), "state", "missing")
	set("blocked_slices", float64(len(state.Blocked)))
	for _, g := range []struct {
		name, label string
		of          []Count
	}{
		{"concurrent_agents", "region", state.Concurrent}, {"enabled_agents", "region", state.Enabled},
		{"month_concurrent_agents", "region", state.Highest}, {"data_quality_occurrences", "rule", state.Quality},
	} {
		for _, c := range g.of {
			set(g.name, float64(c.Value), g.label, c.Name)
		}
	}
	for _, c := range state.Contracts {
		of := []string{"region", c.Region, "contract", c.Name}
		set("contract_quantity", c.Quantity, of...)
		if c.Committed > 0 {
			set("contract_committed", float64(c.Committed), of...)
			set("contract_reached", c.Reached, of...)
		}
	}
}

// Push gives a Pushgateway a group for each tenant, in the place of the one before, within a minute for all. It ends where one fails:
// the next would too.
func (s Site) Push(ctx context.Context, gateway string) error {
	if strings.Contains(gateway, "@") {
		return errors.New("a user or password in the URL of a Pushgateway would be shown: give one without")
	}
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for _, t := range s.Tenants {
		set := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families(func(p page) { s.tenant(p, t) }), nil })
		if err := push.New(gateway, "seats").Grouping("instance", t.Name).Gatherer(set).PushContext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// The collector is another user, and the file holds neither agents nor secrets. Of a file that is there, the operator may have
// chosen that fewer read it; that others write it, nobody.
const fileMode = 0o644

// programFile is the file of a folder that tells the program: no tenant has such a name.
const programFile = "_seats.prom"

// Write writes a file for each tenant into a folder, whole or not at all, and removes those of tenants that the configuration no longer has.
// Files of others are left alone: it may be the collector's folder.
func (s Site) Write(dir string) error {
	errs := []error{write(filepath.Join(dir, programFile), func(p page) {
		p.set("build_info", 1, "version", s.Version, "go_version", runtime.Version())
	})}
	for _, t := range s.Tenants {
		errs = append(errs, write(filepath.Join(dir, t.Name+".prom"), func(p page) { s.tenant(p, t) }))
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		name, is := strings.CutSuffix(e.Name(), ".prom")
		info, gone := e.Info()
		killed := gone == nil && strings.HasSuffix(e.Name(), draft) && time.Since(info.ModTime()) > time.Hour // who wrote it
		if killed || is && !s.Names[name] && e.Name() != programFile && isOurs(path) {
			errs = append(errs, os.Remove(path))
		}
	}
	return errors.Join(append(errs, err)...)
}

// isOurs tells whether the file holds metrics of this program and of no other.
func isOurs(path string) bool {
	text, err := plain.Read(path)
	return err == nil && bytes.HasPrefix(text, []byte("# HELP seats_"))
}

// draft ends the name of a file that is being written. The collector reads none of these.
const draft = ".seats.tmp"

// write puts a file in place once it is on disk. What has its name and is none of this program's is left alone.
func write(path string, set func(page)) error {
	var text bytes.Buffer
	for _, f := range families(set) {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return err
		}
	}
	mode := fs.FileMode(fileMode)
	if info, err := os.Lstat(path); err == nil {
		if !isOurs(path) {
			return fmt.Errorf("%s is none of this program's, and left alone: move it away", path)
		}
		mode = info.Mode()&fileMode | 0o600
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()+draft) // another run may be writing it, too
	err := plain.Write(temp, text.Bytes(), mode)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // it may not be there
	}
	return err
}
