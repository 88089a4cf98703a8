package watch

import (
	"runtime"
	"time"

	dto "github.com/prometheus/client_model/go"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
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

// page is the metrics in their order. All are gauges.
type page []*dto.MetricFamily

func (p *page) gauge(name, help string) *family {
	f := &dto.MetricFamily{Name: new("seats_" + name), Help: &help, Type: dto.MetricType_GAUGE.Enum()}
	*p = append(*p, f)
	return &family{f}
}

// family is one metric, with a sample for each set of labels.
type family struct{ *dto.MetricFamily }

// set adds a sample; labels are names and values in turn.
func (f *family) set(value float64, labels ...string) {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for i := 0; i+1 < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	f.Metric = append(f.Metric, m)
}

// metrics are all of the site; old is what the file holds so far.
func (s Site) metrics(old map[string]*dto.MetricFamily) []*dto.MetricFamily {
	var p page
	p.gauge("build_info", "Always 1; the program that wrote this file.").set(1, "version", s.Version, "go_version", runtime.Version())
	s.lastRuns(&p, old)
	s.stores(&p)
	return p
}

// lastRuns says how each tenant's last run, extract, compute or report went.
func (s Site) lastRuns(p *page, old map[string]*dto.MetricFamily) {
	ended := p.gauge("last_run_timestamp_seconds", "When the tenant's last run ended.")
	exit := p.gauge("last_run_exit_code", "Exit status of the tenant's last run, 0 where it succeeded; see the README's table.")
	took := p.gauge("last_run_stage_duration_seconds", "How long each stage of the tenant's last run took.")
	rows := p.gauge("last_run_stage_rows", "Rows read (extract), rows counted (compute) and measurements (report) of the tenant's last run.")
	kept := map[string]bool{}
	for _, t := range s.Tenants {
		kept[t.Name] = true
	}
	for _, r := range s.Runs {
		delete(kept, r.Tenant)
		ended.set(float64(s.Now.Unix()), "tenant", r.Tenant)
		exit.set(float64(r.Exit), "tenant", r.Tenant)
		for _, stage := range r.Stages {
			took.set(stage.Took.Seconds(), "tenant", r.Tenant, "stage", stage.Name)
			rows.set(float64(stage.Rows), "tenant", r.Tenant, "stage", stage.Name)
		}
	}
	for _, f := range []*family{ended, exit, took, rows} {
		f.keep(old[f.GetName()], kept)
	}
}

// keep adds the samples of some tenants.
func (f *family) keep(old *dto.MetricFamily, tenants map[string]bool) {
	for _, m := range old.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "tenant" && tenants[l.GetValue()] && m.Gauge != nil {
				f.Metric = append(f.Metric, m)
			}
		}
	}
}

// endOf is when a day ended, in epoch seconds; 0 of no day.
func endOf(t config.Tenant, day calendar.Date) float64 {
	if day == (calendar.Date{}) {
		return 0
	}
	return float64(End(t, day))
}
