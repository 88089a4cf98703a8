// Package watch tells how a tenant stands, for those who do not look every night: from what its published store says,
// and what the clock says. It changes nothing but the metrics file.
//
// The open months are the one that runs and the one before it, which is being billed. A gap in an older month is no
// longer news, and may be past mending: `seats status` shows it.
package watch

import (
	"bytes"
	"cmp"
	"context"
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

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

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

// Within is how long after the end of a tenant's newest final day the next one may take where nobody says otherwise: a
// day for it to pass, settle_hours for the source to settle, and 11 hours for the nightly job. With settle_hours: 1
// that is 36 hours: noon, for a tenant in UTC.
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

// Site is what the metrics are of. What the stores of its tenants say is looked up anew; all else is kept from the file: of other
// tenants that the configuration has, and how the last run of those went that this one did not work on.
type Site struct {
	Version string // empty: nothing is said of the program
	Now     time.Time
	Tenants []config.Tenant                    // of this run
	Names   map[string]bool                    // of all tenants of the configuration
	Runs    map[string]Run                     // of this run, by tenant
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

func (s Site) metrics(old map[string]*dto.MetricFamily) (all []*dto.MetricFamily) {
	p := page{}
	for line := range strings.Lines(gauges) {
		name, help, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		p[name] = &dto.MetricFamily{Name: new("seats_" + name), Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		all = append(all, p[name])
	}
	if s.Version != "" {
		p.set("build_info", 1, "version", s.Version, "go_version", runtime.Version())
	}
	here := map[string]bool{}
	for _, t := range s.Tenants {
		here[t.Name] = true
		if r, ran := s.Runs[t.Name]; ran {
			s.lastRun(p, t.Name, r)
		}
		s.store(p, t)
	}
	for name, to := range p {
		for _, m := range old["seats_"+name].GetMetric() {
			for _, l := range m.GetLabel() {
				_, ran := s.Runs[l.GetValue()]
				isNew := here[l.GetValue()] && (ran || !strings.HasPrefix(name, "last_run_"))
				if l.GetName() == "tenant" && s.Names[l.GetValue()] && !isNew && m.Gauge != nil {
					to.Metric = append(to.Metric, m)
				}
			}
		}
	}
	return all
}

// lastRun says how a tenant's run, extract, compute or report went.
func (s Site) lastRun(p page, tenant string, r Run) {
	p.set("last_run_timestamp_seconds", float64(s.Now.Unix()), "tenant", tenant)
	p.set("last_run_exit_code", float64(r.Exit), "tenant", tenant)
	for _, stage := range r.Stages {
		p.set("last_run_stage_duration_seconds", stage.Took.Seconds(), "tenant", tenant, "stage", stage.Name)
		p.set("last_run_stage_rows", float64(stage.Rows), "tenant", tenant, "stage", stage.Name)
	}
}

// store says what a tenant's store holds. Of one that cannot be read nothing more is said; a missing one was never
// written, so its times are 0.
func (s Site) store(p page, t config.Tenant) {
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

// The collector is another user, and the file holds neither agents nor secrets. Of a file that is there, the operator may have
// chosen that fewer read it; that others write it, nobody.
const fileMode = 0o644

// WriteFile brings the metrics file up to date, whole or not at all. Runs of other tenants may do so at the same time:
// they take turns, so that none writes what it saw before another.
func (s Site) WriteFile(path string) (err error) {
	unlock, err := takeTurn(path)
	if err != nil {
		return err
	}
	defer unlock()
	old, readErr := read(path)
	var text bytes.Buffer
	for _, f := range s.metrics(old) {
		if len(f.Metric) == 0 {
			continue // a metric without a sample is no part of the format
		}
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return err
		}
	}
	return cmp.Or(replace(path, text.Bytes()), readErr)
}

// programFile is the file of a folder that tells the program: no tenant has such a name.
const programFile = "_seats.prom"

// WriteDir does so with a folder that has a file for each tenant, and removes those of tenants that the configuration no longer has. Files of
// others are left alone: it may be the collector's folder.
func (s Site) WriteDir(dir string) error {
	errs := []error{Site{Version: s.Version}.WriteFile(filepath.Join(dir, programFile))}
	for _, t := range s.Tenants {
		path := filepath.Join(dir, t.Name+".prom")
		if _, err := os.Lstat(path); err == nil && !isOurs(path) {
			errs = append(errs, fmt.Errorf("%s is not of this program, and left alone: move it away", path))
			continue
		}
		own := s
		own.Version, own.Tenants, own.Names = "", []config.Tenant{t}, map[string]bool{t.Name: true}
		errs = append(errs, own.WriteFile(path))
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if name, is := strings.CutSuffix(e.Name(), ".prom"); is && !s.Names[name] && e.Name() != programFile && isOurs(path) {
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

// read gives the metrics that the file holds; a missing one holds none.
func read(path string) (old map[string]*dto.MetricFamily, err error) {
	text, err := plain.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	if err == nil {
		old, err = parser.TextToMetricFamilies(bytes.NewReader(text))
	}
	if err != nil {
		return nil, fmt.Errorf("what it said of the last runs of other tenants is lost: %w", err)
	}
	return old, nil
}

// replace puts the text in the place of the file, once it is on disk. The collector reads no name that ends in .tmp.
func replace(path string, text []byte) (err error) {
	mode := fs.FileMode(fileMode)
	switch info, err := os.Lstat(path); {
	case err == nil && info.Mode().IsRegular():
		mode = info.Mode()&fileMode | 0o600
	case err == nil && info.Mode()&fs.ModeSymlink == 0:
		return &fs.PathError{Op: "replace", Path: path, Err: fmt.Errorf("it is no plain file (%s)", info.Mode())}
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) { // a killed run's
		return err
	}
	if err := plain.Write(temp, text, mode); err != nil {
		_ = os.Remove(temp) // it may not be there
		return err
	}
	return os.Rename(temp, path)
}

// turn is how long the file of others is waited for: they may look into every store.
const turn = time.Minute

// takeTurn waits until no other run of this user's writes the file, by a lock file beside it that is there only meanwhile. The collector reads
// no name that ends in .lock. A lock on the folder, which everybody may open, everybody could hold.
func takeTurn(path string) (unlock func(), err error) {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	const pause = 100 * time.Millisecond
	var f *os.File
	for range turn / pause {
		if f, err = plain.Lock(name); !errors.Is(err, plain.ErrLocked) {
			break
		}
		time.Sleep(pause)
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = errors.Join(os.Remove(name), f.Close()) }, nil
}
