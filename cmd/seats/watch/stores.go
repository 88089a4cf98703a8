package watch

import (
	"errors"

	"seats/internal/config"
	"seats/internal/store"
)

// stores says what each tenant's store holds. Of one that cannot be read nothing more is said; a missing one was never
// written, so its times are 0.
func (s Site) stores(p *page) {
	readable := p.gauge("store_readable", "1 where the tenant's store could be read, 0 where it is missing, damaged or busy.")
	h := newHoldings(p)
	for _, t := range s.Tenants {
		state, err := s.Look(t)
		if err != nil {
			readable.set(0, "tenant", t.Name)
			if errors.Is(err, store.ErrMissing) {
				h.times(t, state)
			}
			continue
		}
		readable.set(1, "tenant", t.Name)
		h.times(t, state)
		h.counts(t, state)
	}
}

// holdings are the metrics of what a store holds.
type holdings struct {
	success, newestFinal, newest, waiting *family
	slices, blocked                       *family
	concurrent, enabled, quality          *family
}

func newHoldings(p *page) holdings {
	return holdings{
		success:     p.gauge("last_success_timestamp_seconds", "When the tenant's newest successful run ended; 0: never."),
		newestFinal: p.gauge("newest_final_day_end_timestamp_seconds", "End of the newest final day, in the region where it ends last; 0: no day is final."),
		newest:      p.gauge("newest_day_end_timestamp_seconds", "End of the newest day, final or not; 0: the store holds none."),
		waiting:     p.gauge("oldest_provisional_day_end_timestamp_seconds", "End of the oldest provisional day of this month and the last; absent where there is none."),
		slices:      p.gauge("slices", "Days of this month and the last that are over, by what the store has of them: final, provisional, missing."),
		blocked:     p.gauge("blocked_slices", "Days of this month and the last that a blocking data-quality rule keeps from being issued."),
		concurrent:  p.gauge("concurrent_agents", "Concurrent agents of the newest day that was computed."),
		enabled:     p.gauge("enabled_agents", "Enabled agents of the newest month that was computed."),
		quality:     p.gauge("data_quality_occurrences", "What each data-quality rule found on the newest day that was computed."),
	}
}

func (h holdings) times(t config.Tenant, s State) {
	h.success.set(float64(s.LastSuccess), "tenant", t.Name)
	h.newestFinal.set(endOf(t, s.NewestFinal), "tenant", t.Name)
	h.newest.set(endOf(t, s.Newest), "tenant", t.Name)
	if len(s.Provisional) > 0 {
		h.waiting.set(endOf(t, s.Provisional[0]), "tenant", t.Name)
	}
}

func (h holdings) counts(t config.Tenant, s State) {
	h.slices.set(float64(len(s.Final)), "tenant", t.Name, "state", "final")
	h.slices.set(float64(len(s.Provisional)), "tenant", t.Name, "state", "provisional")
	h.slices.set(float64(len(s.Missing)), "tenant", t.Name, "state", "missing")
	h.blocked.set(float64(len(s.Blocked)), "tenant", t.Name)
	for _, c := range s.Concurrent {
		h.concurrent.set(float64(c.Value), "tenant", t.Name, "region", c.Name)
	}
	for _, c := range s.Enabled {
		h.enabled.set(float64(c.Value), "tenant", t.Name, "region", c.Name)
	}
	for _, c := range s.Quality {
		h.quality.set(float64(c.Value), "tenant", t.Name, "rule", c.Name)
	}
}
