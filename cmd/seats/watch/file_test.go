package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/config"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
)

func siteOf(names ...string) Site {
	s := Site{Version: "1", Now: time.Unix(1775109600, 0), Names: map[string]bool{},
		Look: func(config.Tenant) (State, error) { return State{}, store.ErrMissing }}
	for _, name := range names {
		s.Tenants, s.Names[name] = append(s.Tenants, config.Tenant{Name: name}), true
	}
	return s
}

// Tenants may be run by processes of their own that end at the same time: none takes another's last run out of the file.
func TestRunsAtTheSameTimeKeepEachOthersMetrics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seats.prom")
	others := must.Have(os.Open(filepath.Dir(path)))(t) // whoever may read the folder can lock it: that keeps nobody waiting
	defer func() { require.NoError(t, others.Close()) }()
	require.NoError(t, syscall.Flock(int(others.Fd()), syscall.LOCK_EX))
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("t", i))
	}
	var group sync.WaitGroup
	for i, name := range names {
		group.Go(func() {
			s := siteOf(names...)
			s.Runs = map[string]Run{name: {Exit: i}}
			assert.NoError(t, s.WriteFile(path))
		})
	}
	group.Wait()
	written := must.Have(read(path))(t)
	codes := map[string]float64{}
	for _, m := range written["seats_last_run_exit_code"].GetMetric() {
		codes[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
	}
	require.Len(t, codes, len(names))
	for i, name := range names {
		require.EqualValues(t, i, codes[name])
	}
	require.Len(t, must.Have(os.ReadDir(filepath.Dir(path)))(t), 1)
}

func TestAnyTextOfALabelComesBackAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seats.prom")
	s := siteOf("acme")
	s.Version = "a \"quoted\" \\name\nof two lines, é"
	require.NoError(t, s.WriteFile(path))
	require.Equal(t, s.Version, must.Have(read(path))(t)["seats_build_info"].GetMetric()[0].GetLabel()[0].GetValue())
}

// A tenant without a store was never done: its times are 0, so that an alert on their age fires.
func TestATenantWithoutAStoreIsAsOldAsCanBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seats.prom")
	require.NoError(t, siteOf("acme").WriteFile(path))
	written := must.Have(read(path))(t)
	for _, name := range []string{"seats_last_success_timestamp_seconds", "seats_newest_final_day_end_timestamp_seconds", "seats_store_readable"} {
		require.Len(t, written[name].GetMetric(), 1, name)
		require.Zero(t, written[name].GetMetric()[0].GetGauge().GetValue(), name)
	}
}

// promtool does not know which metrics there are: a rule on one that is none would never fire, and its panel be empty.
func TestAlertsDashboardAndThePageKnowTheMetrics(t *testing.T) {
	known := map[string]bool{}
	for _, f := range siteOf("acme").metrics(nil) {
		known[f.GetName()] = true
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
