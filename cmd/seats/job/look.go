package job

import (
	"context"
	"time"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/settle"
	"seats/internal/store"
)

// Look is what a job's source says of the job's last day.
type Look struct {
	Ready  bool   // to be read, or nothing that waiting could change
	Mark   string // up to when the source is complete; empty where nothing tells
	Reach  string // the same in words
	Newest string // of an export: the files of its newest chunk, which may still be being copied
	// Written is when that chunk was last written to; zero where there is none.
	Written time.Time
	Lacks   bool // whether tables are missing from it
	Partial bool // whether it is not ready for want of fact tables
}

// Look asks the source whether it is ready for the job's last day (R10), without the store's lock and without reading
// any rows.
func (j *Job) Look(ctx context.Context) (l Look, err error) {
	window := Window(j.Tenant, j.LastDay())
	if j.Tenant.Readiness == config.ReadinessOff || len(window.Spans) == 0 || j.holdsFinal(ctx) {
		return Look{Ready: true}, nil
	}
	s, err := Horizon(ctx, j.Tenant, j.Clock())
	if err != nil {
		return Look{}, err
	}
	l = Look{Newest: s.Newest, Written: s.Written, Lacks: s.Lacks, Partial: s.Partial}
	ready, known := s.Ready(window)
	if l.Ready = (ready || !known) && !s.Partial; known {
		l.Reach = s.Reach()
	}
	if s.HighWater != nil {
		l.Mark = instant(*s.HighWater)
	}
	return l, nil
}

// Horizon asks a tenant's source how far it is complete, and for nothing else.
func Horizon(ctx context.Context, t config.Tenant, now time.Time) (s extract.ExportState, err error) {
	if t.ExportDir != "" {
		return extract.ExportHorizon(t.ExportDir, t.ExportMarker, now)
	}
	s.Horizon, err = extract.GIMDBHorizon(ctx, *t.GIM)
	return s, err
}

// LastDay is the last of the job's days.
func (j *Job) LastDay() calendar.Date { return j.Days[len(j.Days)-1] }

// holdsFinal tells whether the published store holds a final slice of the last day, so that the source is not asked for
// it. A store that cannot be read holds nothing: the job itself says why.
func (j *Job) holdsFinal(ctx context.Context) bool {
	if j.Refresh {
		return false
	}
	db, err := store.OpenPublished(ctx, j.Tenant.StorePath(), duck.Of(j.Tenant.Engine))
	if err != nil {
		return false
	}
	defer db.Close() //nolint:errcheck // only read
	held, err := store.Slices(ctx, db)
	slice, has := held[j.LastDay().String()]
	return err == nil && has && State(j.Tenant, j.LastDay(), slice) == settle.Final
}
