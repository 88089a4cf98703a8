package watch

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/config"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
)

func siteOf(names ...string) Site {
	s := Site{Version: "1", Now: time.Unix(1775109600, 0), Names: map[string]bool{}, Runs: map[string]Run{},
		Look: func(config.Tenant) (State, error) { return State{}, store.ErrMissing }}
	for i, name := range names {
		s.Tenants, s.Names[name], s.Runs[name] = append(s.Tenants, config.Tenant{Name: name}), true, Run{Exit: i}
	}
	return s
}

// read gives the metrics of all files of a folder, of which no series is there twice, as the collector wants it.
func read(t *testing.T, dir string) map[string]*dto.MetricFamily {
	all, seen := map[string]*dto.MetricFamily{}, map[string]bool{}
	for _, name := range must.Names(t, dir) {
		text := must.Have(os.ReadFile(filepath.Join(dir, name)))(t)
		parser := expfmt.NewTextParser(model.LegacyValidation)
		for name, f := range must.Have(parser.TextToMetricFamilies(bytes.NewReader(text)))(t) {
			if all[name] == nil {
				all[name] = &dto.MetricFamily{Name: f.Name, Help: f.Help}
			}
			require.Equal(t, all[name].GetHelp(), f.GetHelp())
			for _, m := range f.Metric {
				series := name + fmt.Sprint(m.GetLabel())
				require.False(t, seen[series], series)
				seen[series] = true
			}
			all[name].Metric = append(all[name].Metric, f.Metric...)
		}
	}
	return all
}

// Tenants are run by processes of their own that end at the same time, and a tenant's own runs may, of which one found the store busy.
func TestRunsAtTheSameTimeKeepEachOthersMetrics(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("t", i))
	}
	all := siteOf(names...)
	var group sync.WaitGroup
	for i := range 2 * len(names) {
		group.Go(func() {
			s := all
			s.Tenants = all.Tenants[i/2 : i/2+1]
			assert.NoError(t, s.Write(dir))
		})
	}
	group.Wait()
	codes := map[string]float64{}
	for _, m := range read(t, dir)["seats_last_run_exit_code"].GetMetric() {
		codes[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
	}
	require.Len(t, codes, len(names))
	for i, name := range names {
		require.EqualValues(t, i, codes[name])
	}
	require.Len(t, must.Names(t, dir), 1+len(names))
}

func TestAnyTextOfALabelComesBackAsItWas(t *testing.T) {
	s, dir := siteOf("acme"), t.TempDir()
	s.Version = "a \"quoted\" \\name\nof two lines, é"
	require.NoError(t, s.Write(dir))
	labels := map[string]string{}
	for _, l := range read(t, dir)["seats_build_info"].GetMetric()[0].GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	require.Equal(t, s.Version, labels["version"])
}

// A tenant without a store was never done: its times are 0, so that an alert on their age fires.
func TestATenantWithoutAStoreIsAsOldAsCanBe(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, siteOf("acme").Write(dir))
	written := read(t, dir)
	for _, name := range []string{"seats_last_success_timestamp_seconds", "seats_newest_final_day_end_timestamp_seconds", "seats_store_readable"} {
		require.Len(t, written[name].GetMetric(), 1, name)
		require.Zero(t, written[name].GetMetric()[0].GetGauge().GetValue(), name)
	}
}

// What a killed run was writing goes when nobody can be writing it any more.
func TestDraftsOfKilledRunsGo(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{".acme.prom.OLD.seats.tmp": 2 * time.Hour, ".acme.prom.NEW.seats.tmp": 0} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), at, at))
	}
	require.NoError(t, siteOf("acme").Write(dir))
	require.Equal(t, []string{".acme.prom.NEW.seats.tmp", "_seats.prom", "acme.prom"}, must.Names(t, dir))
}

// promtool does not know which metrics there are: a rule on one that is none would never fire, and its panel be empty.
func TestAlertsDashboardAndThePageKnowTheMetrics(t *testing.T) {
	known := map[string]bool{}
	for line := range strings.Lines(gauges) {
		known["seats_"+strings.Fields(line)[0]] = true
	}
	rules := must.Have(os.ReadFile(filepath.Join("alerts", "seats.rules.yml")))(t)
	page := must.Have(os.ReadFile(filepath.Join("..", "..", "..", "docs", "operations.md")))(t)
	dashboard := must.Have(os.ReadFile(filepath.Join("..", "packaging", "dashboard.json")))(t)
	for _, text := range [][]byte{rules, dashboard} {
		named := regexp.MustCompile(`\bseats_[a-z_]+`).FindAllString(string(text), -1)
		require.NotEmpty(t, named)
		for _, name := range named {
			require.Contains(t, known, name)
		}
	}
	for name := range known {
		require.Contains(t, string(page), "`"+name+"`")
	}
}

// What a gateway is given takes the place of the tenant's group, whatever was in it, and is what the tenant's file says.
func TestAGatewayIsGivenWhatTheFilesSay(t *testing.T) {
	got, refuses := map[string][]string{}, false
	lines := func(text string) []string { return slices.Sorted(strings.Lines(text)) }
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuses {
			http.Error(w, "full", http.StatusInsufficientStorage)
			return
		}
		var text bytes.Buffer
		for decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header)); ; {
			var f dto.MetricFamily
			if decoder.Decode(&f) != nil {
				break
			}
			_ = must.Now(expfmt.MetricFamilyToText(&text, &f))
		}
		got[r.Method+" "+r.URL.Path] = lines(text.String())
	}))
	defer gateway.Close()
	s, dir := siteOf("acme", "007"), t.TempDir()
	require.NoError(t, s.Write(dir))
	require.NoError(t, s.Push(t.Context(), gateway.URL))
	require.Equal(t, map[string][]string{
		"PUT /metrics/job/seats/instance/acme": lines(must.Text(t, dir, "acme.prom")),
		"PUT /metrics/job/seats/instance/007":  lines(must.Text(t, dir, "007.prom")),
	}, got)

	refuses = true
	require.ErrorContains(t, s.Push(t.Context(), gateway.URL), "507")
	err := s.Push(t.Context(), "http://spy:hunter2@"+strings.TrimPrefix(gateway.URL, "http://"))
	require.ErrorContains(t, err, "give one without")
	require.NotRegexp(t, "hunter2|spy", err.Error())
}
