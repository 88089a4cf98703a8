package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/settle"
	"seats/internal/store"
)

// Window is a day of the tenant, in the zones of its regions (R10).
func Window(t config.Tenant, day calendar.Date) extract.Window {
	var spans []calendar.Interval
	for _, r := range t.Regions {
		if span := day.In(r.Zone); span.Seconds() > 0 {
			spans = append(spans, span)
		}
	}
	return extract.Window{Day: day, Spans: calendar.Union(spans), Lookback: time.Duration(t.MaxSessionHours) * time.Hour}
}

// State is that of a stored slice under the tenant's configuration (R10), which may have been another when the slice
// was read.
func State(t config.Tenant, day calendar.Date, s store.Slice) string {
	w := Window(t, day)
	if len(w.Spans) == 0 {
		return settle.Provisional // no region knows the date any more
	}
	return settle.State(s.HighWater, s.OpenSessions, w.Hull().End, t.SettleHours)
}

// extract reads the days that are wanted from the source, all in one snapshot; if that is lost on the way, the days that
// are left in a new one. A day that was broken off with the connection is one of them, so many times in a run.
func (s *state) extract(ctx context.Context) (err error) {
	windows, none, err := s.wanted(ctx)
	for _, day := range none {
		s.fail(day, fail.New(fail.Usage, "", "the day %s does not exist in any region's time zone", day))
	}
	if err != nil || len(windows) == 0 {
		return err
	}
	stage, err := extract.NewStage(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	defer s.Log.Stop()
	for len(windows) > 0 && s.broken == nil {
		if windows, err = s.inOneSnapshot(ctx, stage, windows); err == nil || s.again(ctx, err, len(windows)) {
			continue
		}
		for _, w := range windows {
			s.failed[w.Day] = true
		}
		if s.gaveUp(ctx, err) {
			return nil
		}
		return s.afterRetries(err)
	}
	return nil
}

// retryPause is how long a lost source is left alone, longer each time.
const retryPause = 2 * time.Second

// again tells whether days are to be read again after an error, once the source has had a pause.
func (s *state) again(ctx context.Context, err error, days int) bool {
	if ctx.Err() != nil || s.broken != nil || !s.isLost(err) || s.retries == s.Tenant.GIM.Retries {
		return false
	}
	if s.lost == nil {
		s.lost = err
	}
	s.retries++
	s.Log.Warn("the connection to the source is lost: the days that are left are read in a new snapshot", "tenant", s.Tenant.Name,
		"days", days, "retry", s.retries, "reason", err)
	select {
	case <-ctx.Done():
	case <-time.After(retryPause * time.Duration(s.retries)):
	}
	return true
}

// isLost tells whether the connection to a GIM DB broke. An export has none.
func (s *state) isLost(err error) bool { return s.Tenant.GIM != nil && extract.Lost(err) }

// afterRetries is why the source was given up: the first reason of all.
func (s *state) afterRetries(err error) error {
	if s.lost == nil {
		return err
	}
	return fmt.Errorf("%w (retries used up: %d)", s.lost, s.retries)
}

// inOneSnapshot reads days until none is left or the snapshot is lost, and returns those that are left; with an error
// where it is the source's and not one day's.
func (s *state) inOneSnapshot(ctx context.Context, stage *extract.Stage, windows []extract.Window) (left []extract.Window, err error) {
	s.Log.Start(s.Tenant.Name + ": reading")
	s.opening = true
	src, err := OpenSource(ctx, s.Tenant, windows, s.work.TempDir(), s.Clock(), s.Log)
	if err != nil {
		return windows, err
	}
	s.opening = false
	defer func() {
		lost := src.Broken()
		if closed := src.Close(); !lost { // of a lost one nothing is left to close
			err = errors.Join(err, closed)
		}
	}()
	if left := src.Horizon().LeftOut(); left != "" {
		s.Log.Warn("data sources are taken for switched off, and left out (retired_after_days): "+left, "tenant", s.Tenant.Name)
	}
	cutter := &extract.Cutter{Stage: stage, Source: src, SettleHours: s.Tenant.SettleHours, AcceptLoss: s.AcceptLoss, Clock: s.Clock}
	for i, w := range windows {
		if s.broken != nil {
			return nil, nil
		}
		if ctx.Err() != nil {
			return windows[i:], fmt.Errorf("extract %s: %w", w.Day, context.Cause(ctx))
		}
		s.Log.Start(fmt.Sprintf("%s: %s, day %d of %d", s.Tenant.Name, w.Day, i+1, len(windows)))
		if err := s.extractDay(ctx, cutter, w); err != nil {
			return windows[i:], err
		}
		if !s.looked && len(s.result.Slices) > 0 { // resources come with the first day that can be read
			s.looked = true
			if err := s.sayUnknownSwitches(ctx, src.Reference().Switches()); err != nil {
				return windows[i+1:], err
			}
		}
		if left = windows[i+1:]; len(left) > 0 && src.Broken() {
			s.Log.Warn("the source's snapshot is lost: the days that are left are read in a new one", "tenant", s.Tenant.Name, "days", len(left))
			return left, nil
		}
	}
	return nil, nil
}

// wanted are the days that the source is asked for: those of which the store holds no final slice, or all. Those of which it
// holds none come first: a run that has no time for all gets on in any case. And the days that there are in no region.
func (s *state) wanted(ctx context.Context) (windows []extract.Window, none []calendar.Date, err error) {
	held, err := store.Slices(ctx, s.work.Conn)
	if err != nil {
		return nil, nil, err
	}
	var again []extract.Window
	stands, err := s.look(ctx, s.Days)
	if err != nil {
		return nil, nil, err
	}
	for i, day := range s.Days {
		by := stands[i].By
		w := Window(by, day)
		slice, has := held[day.String()]
		switch {
		case len(w.Spans) == 0:
			none = append(none, day)
		case !has:
			windows = append(windows, w)
		case s.Refresh || State(by, day, slice) != settle.Final:
			again = append(again, w)
		}
	}
	return append(windows, again...), none, nil
}

// OpenSource opens a tenant's source for the windows, all in one snapshot. tempDir is where an export is
// unpacked; now is the reader's clock.
func OpenSource(ctx context.Context, t config.Tenant, windows []extract.Window, tempDir string, now time.Time, log Log) (extract.Source, error) {
	arrive := func(_ string, n int64) { log.Add(n) }
	if t.ExportDir == "" {
		return openGIMDB(ctx, t, extract.Told{Expect: log.Expect, Arrive: arrive}, log)
	}
	from, days := windows[0].SessionFrom(), windows[0].Hull()
	for _, w := range windows {
		from, days = min(from, w.SessionFrom()), calendar.Interval{Start: min(days.Start, w.Hull().Start), End: max(days.End, w.Hull().End)}
	}
	return extract.OpenExport(ctx, t.ExportDir, extract.ExportOptions{
		Now:       now,
		TenantKey: t.TenantKey,
		Marker:    t.ExportMarker,
		KeyFrom:   from - 2*int64(windows[0].Lookback.Seconds()) - 3600, // activities reach further back than sessions, and theirs than they
		Groups:    t.ReadsGroups(),
		Days:      days,
		TempDir:   tempDir,
		Warn:      func(msg string) { log.Warn(msg, "tenant", t.Name) },
		Progress:  arrive,
	})
}

func openGIMDB(ctx context.Context, t config.Tenant, told extract.Told, log Log) (extract.Source, error) {
	src, err := extract.OpenGIMDB(ctx, *t.GIM, t.TenantKey, told)
	if err != nil {
		return nil, err
	}
	if why := src.Fewer(); why != "" {
		log.Warn("the source is read over fewer connections than gimdb.connections says, and takes longer", "tenant", t.Name, "reason", why)
	}
	if !t.ReadsGroups() {
		return src, nil
	}
	why, err := src.WithGroups(ctx)
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	if why != "" {
		log.Warn("the agent groups cannot be told: "+why, "tenant", t.Name)
	}
	return src, nil
}

// extractDay reads one day, if the source is ready for it. Its error is that of a lost connection; all others are the
// day's own.
func (s *state) extractDay(ctx context.Context, cutter *extract.Cutter, w extract.Window) error {
	if err := s.ready(cutter.Source.Horizon(), w); err != nil {
		s.fail(w.Day, err)
		return nil
	}
	began := s.Clock()
	summary, err := cutter.Cut(ctx, w)
	switch {
	case err == nil:
	case s.gaveUp(ctx, err):
		s.failed[w.Day] = true
		return nil
	case s.isLost(err):
		return err
	default:
		s.fail(w.Day, err)
		return nil
	}
	s.result.Slices = append(s.result.Slices, summary)
	if len(summary.TenantKeys) > 1 && !s.several {
		s.several = true
		s.Log.Warn("sessions of several tenants are counted as this one's: say whose are by gimdb.tenant_key", "tenant", s.Tenant.Name,
			"day", w.Day, "tenant_keys", summary.TenantKeys)
	}
	if lost := summary.Accepted(); lost != "" {
		s.Log.Warn(lost, "tenant", s.Tenant.Name, "day", w.Day)
	}
	s.Log.Info("extracted", "tenant", s.Tenant.Name, "day", w.Day, "state", summary.State, "sessions", summary.Sessions,
		"activities", summary.Activities, "agents", summary.Agents, "took", s.Clock().Sub(began).Round(time.Millisecond))
	return nil
}

// ready asks whether the source is complete for the day, as far as the configuration wants to know (R10).
func (s *state) ready(h extract.Horizon, w extract.Window) error {
	ready, known := h.Ready(w)
	switch {
	case !known:
		why := []any{"tenant", s.Tenant.Name, "day", w.Day}
		if h.Unknown != "" {
			why = append(why, "reason", h.Unknown)
		}
		s.Log.Warn("up to when the source is complete is unknown: the day stays provisional", why...)
		return nil
	case ready || s.Tenant.Readiness == config.ReadinessOff:
		return nil
	}
	end := instant(w.Hull().End)
	if s.Tenant.Readiness == config.ReadinessWarn {
		s.Log.Warn("the source is not complete yet: the day stays provisional", "tenant", s.Tenant.Name, "day", w.Day, "reason", "it "+h.Reach(), "day_ends", end)
		return nil
	}
	return fail.New(fail.NotReady, "run again later, or set readiness: warn to compute a provisional number",
		"%s is not ready: the source %s, the day ends at %s", w.Day, h.Reach(), end)
}

func instant(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.RFC3339) }
