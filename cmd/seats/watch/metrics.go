package watch

import (
	"errors"
	"runtime"
	"time"

	dto "github.com/prometheus/client_model/go"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/store"
)

// Run is what became of a tenant in this run of the program.
type Run struct {
	Tenant string
	Exit   int
	Stages []job.Stage
}

// Site is what the metrics are of. What the stores say is looked up anew for every tenant; what they do not know, how
// the last run went, is kept from the file for the tenants that this run did not work on.
type Site struct {
	Version string
	Now     time.Time
	Tenants []config.Tenant                    // all of the configuration
	Runs    []Run                              // of this run
	Look    func(config.Tenant) (State, error) // store.ErrMissing: a tenant without a store
}

// gauges are the metrics in their order. All are gauges.
var gauges = []struct{ name, help string }{
	{"build_info", "Always 1; the program that wrote this file."},
	{"last_run_timestamp_seconds", "When the tenant's last run ended."},
	{"last_run_exit_code", "Exit status of the tenant's last run, 0 where it succeeded; see the README's table."},
	{"last_run_stage_duration_seconds", "How long each stage of the tenant's last run took."},
	{"last_run_stage_rows", "Rows read (extract), rows counted (compute) and measurements (report) of the tenant's last run."},
	{"store_readable", "1 where the tenant's store could be read, 0 where it is missing, damaged or busy."},
	{"last_success_timestamp_seconds", "When the tenant's newest successful run ended; 0: never."},
	{"newest_final_day_end_timestamp_seconds", "End of the newest final day, in the region where it ends last; 0: no day is final."},
	{"newest_day_end_timestamp_seconds", "End of the newest day, final or not; 0: the store holds none."},
	{"oldest_provisional_day_end_timestamp_seconds", "End of the oldest provisional day of this month and the last; absent where there is none."},
	{"slices", "Days of this month and the last that are over, by what the store has of them: final, provisional, missing."},
	{"blocked_slices", "Days of this month and the last that a blocking data-quality rule keeps from being issued."},
	{"concurrent_agents", "Concurrent agents of the newest day that was computed."},
	{"enabled_agents", "Enabled agents of the newest month that was computed."},
	{"data_quality_occurrences", "What each data-quality rule found on the newest day that was computed."},
}

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

// metrics are all of the site; old is what the file holds so far.
func (s Site) metrics(old map[string]*dto.MetricFamily) (all []*dto.MetricFamily) {
	p := page{}
	for _, g := range gauges {
		p[g.name] = &dto.MetricFamily{Name: new("seats_" + g.name), Help: &g.help, Type: dto.MetricType_GAUGE.Enum()}
		all = append(all, p[g.name])
	}
	p.set("build_info", 1, "version", s.Version, "go_version", runtime.Version())
	s.lastRuns(p, old)
	for _, t := range s.Tenants {
		s.store(p, t)
	}
	return all
}

// lastRuns says how each tenant's last run, extract, compute or report went.
func (s Site) lastRuns(p page, old map[string]*dto.MetricFamily) {
	kept := map[string]bool{}
	for _, t := range s.Tenants {
		kept[t.Name] = true
	}
	for _, r := range s.Runs {
		delete(kept, r.Tenant)
		p.set("last_run_timestamp_seconds", float64(s.Now.Unix()), "tenant", r.Tenant)
		p.set("last_run_exit_code", float64(r.Exit), "tenant", r.Tenant)
		for _, stage := range r.Stages {
			p.set("last_run_stage_duration_seconds", stage.Took.Seconds(), "tenant", r.Tenant, "stage", stage.Name)
			p.set("last_run_stage_rows", float64(stage.Rows), "tenant", r.Tenant, "stage", stage.Name)
		}
	}
	for _, name := range []string{"last_run_timestamp_seconds", "last_run_exit_code", "last_run_stage_duration_seconds", "last_run_stage_rows"} {
		for _, m := range old["seats_"+name].GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "tenant" && kept[l.GetValue()] && m.Gauge != nil {
					p[name].Metric = append(p[name].Metric, m)
				}
			}
		}
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
		set("newest_final_day_end_timestamp_seconds", endOf(t, state.NewestFinal))
		set("newest_day_end_timestamp_seconds", endOf(t, state.Newest))
		if len(state.Provisional) > 0 {
			set("oldest_provisional_day_end_timestamp_seconds", endOf(t, state.Provisional[0]))
		}
	}
	if err != nil {
		set("store_readable", 0)
		return
	}
	set("store_readable", 1)
	set("slices", float64(len(state.Final)), "state", "final")
	set("slices", float64(len(state.Provisional)), "state", "provisional")
	set("slices", float64(len(state.Missing)), "state", "missing")
	set("blocked_slices", float64(len(state.Blocked)))
	for _, c := range state.Concurrent {
		set("concurrent_agents", float64(c.Value), "region", c.Name)
	}
	for _, c := range state.Enabled {
		set("enabled_agents", float64(c.Value), "region", c.Name)
	}
	for _, c := range state.Quality {
		set("data_quality_occurrences", float64(c.Value), "rule", c.Name)
	}
}

// endOf is when a day ended, in epoch seconds; 0 of no day.
func endOf(t config.Tenant, day calendar.Date) float64 {
	if day.IsZero() {
		return 0
	}
	return float64(End(t, day))
}
