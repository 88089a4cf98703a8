package job

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
)

// reading is how far the reading of a source has come.
type reading struct {
	opening bool  // the source is not open yet
	lost    error // why the connection to the source broke for the first time
	retries int   // after that
	several bool  // it was said that rows of several tenants are counted
	looked  bool  // for configured switches that the source does not have
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
	stage, err := extract.NewStage(s.Conn)
	if err != nil {
		return err
	}
	defer debug.FreeOSMemory() // what was read is stored; counting needs the room
	garbage := smallHeap
	if s.Tenant.GIM != nil {
		garbage *= 2 // rows go as they come, and an export's all stay
	}
	debug.SetGCPercent(garbage) // of all tenants, which are read side by side: so it stays
	defer s.Log.Stop()
	for len(windows) > 0 {
		if windows, err = s.inOneSnapshot(ctx, stage, windows); err == nil || s.again(ctx, err, len(windows)) {
			continue
		}
		for _, w := range windows {
			s.became[w.Day] = failed
		}
		switch {
		case s.gaveUp(ctx, err):
			return nil
		case s.reading.lost != nil: // the first reason of all
			return fmt.Errorf("%w (retries used up: %d)", s.reading.lost, s.reading.retries)
		}
		return err
	}
	return nil
}

// wanted are the days that the source is asked for: those of which the store holds no final slice, or all. Those of which it
// holds none come first: a run that has no time for all gets on in any case. And the days that there are in no region.
func (s *state) wanted(ctx context.Context) (windows []extract.Window, none []calendar.Date, err error) {
	held, err1 := store.Slices(ctx, s.Conn)
	stands, err2 := s.look(ctx, s.Days)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, nil, err
	}
	var again []extract.Window
	for i, day := range s.Days {
		by := stands[i].By
		w := Window(by, day)
		slice, has := held[day]
		switch {
		case len(w.Spans) == 0:
			none = append(none, day)
		case !has:
			windows = append(windows, w)
		case s.rereads() || Why(by, day, slice) != "":
			again = append(again, w)
		}
	}
	return append(windows, again...), none, nil
}

// retryPause is how long a lost source is left alone, longer each time.
const retryPause = 2 * time.Second

// again tells whether days are to be read again after an error, once the source has had a pause.
func (s *state) again(ctx context.Context, err error, days int) bool {
	r := &s.reading
	if ctx.Err() != nil || !s.isLost(err) || r.retries == s.Tenant.GIM.Retries {
		return false
	}
	if r.lost == nil {
		r.lost = err
	}
	r.retries++
	s.warn("the connection to the source is lost: the days that are left are read in a new snapshot", "days", days, "retry", r.retries, "reason", err)
	s.Sleep(ctx, retryPause*time.Duration(r.retries))
	return true
}

// isLost tells whether the connection to a GIM DB broke. An export has none.
func (s *state) isLost(err error) bool { return s.Tenant.GIM != nil && extract.Lost(err) }

// inOneSnapshot reads days until none is left or the snapshot is lost, and returns those that are left; with an error
// where it is the source's and not one day's.
func (s *state) inOneSnapshot(ctx context.Context, stage *extract.Stage, windows []extract.Window) (left []extract.Window, err error) {
	s.Log.Start(s.Tenant.Name + ": reading")
	s.reading.opening = true
	src, err := OpenSource(ctx, s.Tenant, windows, s.TempDir(), s.Clock(), s.Log)
	if err != nil {
		return windows, err
	}
	s.reading.opening = false
	defer func() {
		lost := src.Broken()
		if closed := src.Close(); !lost { // of a lost one nothing is left to close
			err = errors.Join(err, closed)
		}
	}()
	if left := src.Horizon().LeftOut(); left != "" {
		s.warn("data sources are taken for switched off, and left out (retired_after_days): " + left)
	}
	cutter := &extract.Cutter{Stage: stage, Source: src, SettleHours: s.Tenant.SettleHours, AcceptLoss: s.AcceptLoss, Clock: s.Clock}
	for i, w := range windows {
		if ctx.Err() != nil {
			return windows[i:], fmt.Errorf("extract %s: %w", w.Day, context.Cause(ctx))
		}
		s.Log.Start(fmt.Sprintf("%s: %s, day %d of %d", s.Tenant.Name, w.Day, i+1, len(windows)))
		if err := s.extractDay(ctx, cutter, w); err != nil {
			return windows[i:], err
		}
		left = windows[i+1:]
		if !s.reading.looked && len(s.result.Slices) > 0 { // resources come with the first day that can be read
			s.reading.looked = true
			if err := s.sayUnknownSwitches(ctx, src.Reference().Switches()); err != nil {
				return left, err
			}
		}
		if len(left) > 0 && src.Broken() {
			s.warn("the source's snapshot is lost: the days that are left are read in a new one", "days", len(left))
			return left, nil
		}
	}
	return nil, nil
}

// smallHeap is by how many percent rows that are read may be outweighed by what was dropped of them. They hold few pointers: it
// costs little to look often.
const smallHeap = 40

// OpenSource opens a tenant's source for the windows, all in one snapshot. tempDir is where an export is unpacked; now is the reader's clock.
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
		Now:        now,
		TenantKey:  t.TenantKey,
		Marker:     t.ExportMarker,
		KeyFrom:    from - 2*int64(windows[0].Lookback.Seconds()) - 3600, // activities reach further back than sessions, and theirs than they
		WithGroups: t.ReadsGroups(),
		Days:       days,
		TempDir:    tempDir,
		Warn:       func(msg string) { log.Warn(msg, "tenant", t.Name) },
		Progress:   arrive,
	})
}

func openGIMDB(ctx context.Context, t config.Tenant, told extract.Told, log Log) (extract.Source, error) {
	src, err := extract.OpenGIMDB(ctx, *t.GIM, t.TenantKey, told)
	if err != nil {
		return nil, err
	}
	if why := src.Fewer; why != "" {
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

// extractDay reads one day, if the source is ready for it. Its error is that of a lost connection; all others are the day's own.
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
		s.became[w.Day] = failed
		return nil
	case s.isLost(err):
		return err
	default:
		s.fail(w.Day, err)
		return nil
	}
	s.result.Slices = append(s.result.Slices, summary)
	if len(summary.TenantKeys) > 1 && !s.reading.several {
		s.reading.several = true
		s.warn("sessions of several tenants are counted as this one's: say whose are by gimdb.tenant_key", "day", w.Day, "tenant_keys", summary.TenantKeys)
	}
	if lost := summary.Accepted(); lost != "" {
		s.warn(lost, "day", w.Day)
	}
	s.info("extracted", "day", w.Day, "state", summary.State, "sessions", summary.Sessions,
		"activities", summary.Activities, "agents", summary.Agents, "took", s.Clock().Sub(began).Round(time.Millisecond))
	return nil
}

// ready asks whether the source is complete for the day, as far as the configuration wants to know (R10).
func (s *state) ready(h extract.Horizon, w extract.Window) error {
	ready, known := h.Ready(w)
	end := settle.Epoch(w.Hull().End).String()
	switch {
	case !known && h.Unknown != "":
		s.warn("up to when the source is complete is unknown: the day stays provisional", "day", w.Day, "reason", h.Unknown)
	case !known:
		s.warn("up to when the source is complete is unknown: the day stays provisional", "day", w.Day)
	case ready || s.Tenant.Readiness == config.ReadinessOff:
	case s.Tenant.Readiness == config.ReadinessWarn:
		s.warn("the source is not complete yet: the day stays provisional", "day", w.Day, "reason", "it "+h.Reach(), "day_ends", end)
	default:
		return fail.New(fail.NotReady, "run again later, or set readiness: warn to compute a provisional number",
			"%s is not ready: the source %s, the day ends at %s", w.Day, h.Reach(), end)
	}
	return nil
}

// sayUnknownSwitches names configured switches that the source does not have, while nothing was counted by these rules: later
// on they are known, and a DN may go again.
func (s *state) sayUnknownSwitches(ctx context.Context, have []string) error {
	counted, err := duck.One[bool](ctx, s.Conn, "store/counted_by", sql.Named("rules_sha256", s.Tenant.On(s.LastDay()).RulesHash()))
	if err != nil || counted {
		return err
	}
	for _, what := range UnknownSwitches(s.Tenant, have) {
		s.warn(what)
	}
	return nil
}

// UnknownSwitches names each configured switch that no DN of the source has, with the nearest that one has: switches are
// compared exactly (R5), so that the seats of a misspelt one go to the default location without a word.
func UnknownSwitches(t config.Tenant, have []string) (said []string) {
	for _, r := range t.Regions {
		for _, l := range r.Locations {
			for _, name := range l.Names() {
				if !slices.Contains(have, name) {
					said = append(said, fmt.Sprintf("%s/%s: no DN has the switch %q%s", r.Name, l.Name, name, nearest(name, have)))
				}
			}
		}
	}
	return said
}

// nearest says which of some switches a name may stand for, and how that differs where the eye cannot tell; or nothing.
func nearest(name string, have []string) string {
	best, distance := "", 1+len([]rune(name))/3 // a third of the letters wrong is another name
	for _, candidate := range have {
		if plain(candidate) == plain(name) {
			return fmt.Sprintf("; the source has %q, which differs in %s", candidate, difference(name, candidate))
		}
		if d := levenshtein.ComputeDistance(plain(name), plain(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest that the source has is %q", best)
}

// plain is a name without what people overlook: case, blanks around and within, and the Unicode form.
func plain(name string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(name))), " ")
}

func difference(a, b string) string {
	switch {
	case norm.NFC.String(a) == norm.NFC.String(b):
		return "its Unicode form alone (composed or decomposed letters): copy it from the source"
	case cases.Fold().String(a) == cases.Fold().String(b):
		return "case"
	case strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " "):
		return "blanks"
	}
	return "case, blanks or its Unicode form"
}
