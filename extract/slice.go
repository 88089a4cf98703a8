package extract

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

// Counts are of the rows of a slice.
type Counts struct{ Sessions, Activities, Agents int64 }

// Summary is what became of one day.
type Summary struct {
	Day   calendar.Date
	State string // final or provisional (R10)
	Counts
	SHA256     string
	Losses     []Loss  // that the caller accepted; usually none
	TenantKeys []int64 // whose the sessions are, in order: more than one where none was asked for

	never error // that the caller accepted
}

// Accepted says in words what was lost, or nothing.
func (s Summary) Accepted() string {
	switch {
	case len(s.Losses) > 0:
		return "loss accepted: " + inWords(s.Day, s.Losses)
	case s.never != nil:
		return fmt.Sprintf("loss accepted: %s has no session, and %s", s.Day, s.never)
	}
	return ""
}

// Cutter cuts slices from one source into one store.
type Cutter struct {
	Stage       *Stage
	Source      Source
	SettleHours int
	AcceptLoss  bool // replace a slice even by one that lacks much of it
	Clock       func() time.Time
}

// cut is a slice that is being made.
type cut struct {
	*Cutter
	tx   *sql.Tx
	w    Window
	asOf int64 // open sessions end then
	*Reference

	logins Logins            // of the sessions that have a time
	keys   calendar.Interval // time keys of activities
	from   int64             // their earliest start

	open       []*activity // that have no end yet
	elsewhere  []login     // in which some of them started, outside the slice
	others     *Rows       // that these are among
	used       []bool      // of resources, whom the slice names
	sent       map[string]*tally
	duplicates *Rows
	opened     int64      // open sessions
	writing    chan error // what becomes of the rows that are being written while the next ones are read; nil: none are

	summary Summary
}

// Cut reads one day and replaces its slice, in one transaction: sessions first, then activities as they come, part by part, so
// that memory does not grow with the day. Errors of the source carry fail.Source; one that has lost much of the slice, a *LossError.
func (c *Cutter) Cut(ctx context.Context, w Window) (Summary, error) {
	k := &cut{Cutter: c, w: w, asOf: c.Source.Horizon().AsOf(w), sent: map[string]*tally{},
		duplicates: newRows(duplicateKey), summary: Summary{Day: w.Day}}
	err := duck.InTx(ctx, c.Stage.Conn, func(tx *sql.Tx) error {
		k.tx = tx
		err := k.make(ctx)
		return cmp.Or(err, k.written())
	})
	if err != nil {
		return Summary{}, fmt.Errorf("extract %s: %w", w.Day, err)
	}
	return k.summary, nil
}

// make writes the new slice in the place of the old one.
func (c *cut) make(ctx context.Context) error {
	sessions, err := c.Source.Sessions(ctx, c.w)
	if err != nil {
		return err
	}
	c.Reference = c.Source.Reference()
	c.used = make([]bool, c.resources.len)
	var starts, ends []int64
	for _, s := range c.w.Spans {
		starts, ends = append(starts, s.Start), append(ends, s.End)
	}
	spans := []any{sql.Named("day", c.w.Day.String()), sql.Named("starts", starts), sql.Named("ends", ends)}
	held, err := duck.One[bool](ctx, c.tx, "slice/held", spans[0])
	if err == nil && held {
		if err = duck.Exec(ctx, c.tx, "slice/keep_old", append(spans, sql.Named("session_from", c.w.SessionFrom()))...); err == nil {
			err = store.DropSlice(ctx, c.tx, c.w.Day)
		}
	}
	if err == nil {
		err = duck.Exec(ctx, c.tx, "slice/insert_span", spans...)
	}
	if err != nil {
		return err
	}
	return fail.InTurn(ctx,
		func(ctx context.Context) error { return c.sessions(ctx, sessions) },
		c.activities,
		c.writeAgents,
		func(ctx context.Context) error { return c.write(ctx, duplicateKey, c.duplicates, nil) },
		func(context.Context) error { return c.written() },
		c.checkTimes,
		func(ctx context.Context) error { return c.seal(ctx, held) })
}

// belongs tells whether a session is one of the slice's (R2, R10): it shares a second with a span of the day, its end second
// included. A rejected one has no interval; its start, or failing that its time key, says where it belongs.
func (c *cut) belongs(s fact) bool {
	from, until := s.session(c.asOf)
	return c.w.SessionKeys().Contains(s.timeKey()) && c.w.touches(from, until) && (s.isRejected() || s.start >= c.w.SessionFrom())
}

// sessions writes the voice sessions of agents that belong to the slice, and their groups.
func (c *cut) sessions(ctx context.Context, all *Rows) error {
	var picked []int
	var logins []login
	tenants := map[int64]bool{}
	at, media, tenant := factsOf(all), column(all.of, "media_type_key"), column(all.of, "tenant_key")
	for row := range all.len {
		s := at(row)
		agent := c.agent(s.resource)
		if agent < 0 || !c.voice[all.number(media, row)] || !c.belongs(s) {
			continue
		}
		picked = append(picked, row)
		c.use(agent, s, faultsOf(s.rowKey, all))
		if all.isThere(tenant, row) {
			tenants[all.number(tenant, row)] = true
		}
		if s.isRejected() {
			continue
		}
		if s.isOpen() {
			c.opened++
		}
		logins = append(logins, s.login(agent, c.asOf))
	}
	c.logins = newLogins(logins, c.resources.len)
	c.summary.TenantKeys = slices.Sorted(maps.Keys(tenants))
	if len(picked) == 0 {
		return nil
	}
	if err := c.write(ctx, voiceSession, all, picked); err != nil {
		return err
	}
	return c.writeGroups(ctx, all, picked)
}

// writeGroups writes which groups the agent of each session was in when it began; one row without a name for a session whose agent was in none that
// is known: so whose groups were read has a row. An export may tell them of some sessions alone, where the column came later.
func (c *cut) writeGroups(ctx context.Context, sessions *Rows, picked []int) error {
	told, err := c.Source.Groups(ctx, c.w)
	if err != nil || told == nil {
		return err
	}
	out, combination := newRows(sessionGroup), column(told.of, "resource_group_combination_key")
	for _, row := range picked {
		k := sessions.key(row)
		at, known := told.find(k)
		if !known {
			continue
		}
		names := slices.Clone(c.groups[told.number(combination, at)])
		slices.Sort(names)
		if len(names) == 0 {
			out.addRow(k[0], k[1], nil)
		}
		for _, name := range slices.Compact(names) {
			out.addRow(k[0], k[1], name)
		}
	}
	return c.write(ctx, sessionGroup, out, nil)
}

// writeAgents writes those whom sessions and activities name, and every other resource of theirs, wherever it is: a pattern of
// exclude_agents that matches one of them leaves out the person (R6).
func (c *cut) writeAgents(ctx context.Context) error {
	persons := map[string]bool{}
	for row, is := range c.used {
		if is {
			persons[c.resources.text(employeeOf, row)] = true
		}
	}
	delete(persons, "")
	picked := []int{} // not nil, which stands for all
	for row := range c.resources.len {
		if c.used[row] || c.isAgent(row) && persons[string(c.resources.texts[employeeOf].at(row))] {
			picked = append(picked, row)
		}
	}
	slices.SortFunc(picked, func(a, b int) int { return cmp.Compare(c.resources.number(0, a), c.resources.number(0, b)) })
	return c.write(ctx, agentOf, c.resources, picked)
}

// fault is that one chunk held so many copies of a row of a table (R11 duplicate_key).
type fault struct {
	table  string
	copies int64
}

// faultsOf are those of a row that stands in one table or more.
func faultsOf(k rowKey, in ...*Rows) (faults []fault) {
	for _, r := range in {
		if n := r.faults[k]; n > 0 {
			faults = append(faults, fault{r.of.Name, n})
		}
	}
	return faults
}

func (c *cut) use(agent int, f fact, faults []fault) {
	c.used[agent] = true
	for _, d := range faults {
		c.duplicates.addRow(d.table, fmt.Sprintf("%d/%d", f.rowKey[0], f.rowKey[1]), d.copies)
	}
}

// write puts rows into a relation of the store, those that are picked or all, after those of the call before: it waits for these alone.
func (c *cut) write(ctx context.Context, to texts.Table, rows *Rows, picked []int) error {
	if err := c.written(); err != nil {
		return err
	}
	if c.sent[to.Name] == nil {
		c.sent[to.Name] = &tally{columns: make([]columnTally, len(to.Columns))}
	}
	c.writing = make(chan error, 1)
	go func(sent *tally, done chan<- error) {
		done <- c.Stage.write(ctx, c.tx, c.w.Day, to, rows, picked, sent)
	}(c.sent[to.Name], c.writing)
	return nil
}

// written waits until all rows are: whoever reads some of them back asks it first.
func (c *cut) written() (err error) {
	if c.writing != nil {
		err, c.writing = <-c.writing, nil
	}
	return err
}

// checkTimes refuses a slice with a time that lies in no year from 1 to 9999. Nothing that shows times could show it, and what is that
// far off was never a time.
func (c *cut) checkTimes(ctx context.Context) error {
	wrong, err := duck.One[struct {
		Kind    string
		ID, Key int64
		Name    string
		TS      int64
	}](ctx, c.tx, "slice/wrong_time", sql.Named("day", c.w.Day.String()))
	if wrong.Kind != "" {
		return fail.New(fail.Source, "have that row corrected, or left out of what is read; nothing was changed",
			"%s %d (start_date_time_key %d): %s is %d, which is no time: want a year from 1 to 9999", wrong.Kind, wrong.ID, wrong.Key, wrong.Name, wrong.TS)
	}
	return err
}

// seal looks whether the new slice can stand for the old one, and writes its own row: counts and the hash of the rows read back, and the state.
func (c *cut) seal(ctx context.Context, held bool) (err error) {
	s := &c.summary
	if s.Losses, err = c.losses(ctx, held); err != nil {
		return err
	}
	if s.never, err = c.neverThere(ctx); err != nil {
		return err
	}
	for _, to := range relations {
		if sent := c.sent[to.Name]; sent != nil {
			if err := verify(ctx, c.tx, c.w.Day, to, sent); err != nil {
				return err
			}
		}
	}
	if s.SHA256, err = SliceSHA256(ctx, c.Stage.Conn, c.w.Day); err != nil {
		return err
	}
	day, horizon := sql.Named("day", c.w.Day.String()), c.Source.Horizon()
	if guids := c.Source.DefaultGUIDs(); len(guids) > 0 {
		if err := duck.Exec(ctx, c.tx, "slice/insert_default_guid", day, sql.Named("guids", guids)); err != nil {
			return err
		}
	}
	for _, d := range horizon.Retired {
		err = duck.Exec(ctx, c.tx, "slice/insert_left_out", day, sql.Named("data_source_key", d.Key),
			sql.Named("data_source_type", d.Type), sql.Named("dap_name", d.Name), sql.Named("read_up_to", d.ReadUpTo))
		if err != nil {
			return err
		}
	}
	s.State = settle.Of(settle.Why(horizon.HighWater, c.opened, c.w.Hull().End, c.SettleHours))
	err = duck.Exec(ctx, c.tx, "slice/write_slice", day,
		sql.Named("source", c.Source.Name()),
		sql.Named("high_water", horizon.HighWater),
		sql.Named("as_of", c.asOf),
		sql.Named("extracted_ts", c.Clock().Unix()),
		sql.Named("open_sessions", c.opened),
		sql.Named("state", s.State),
		sql.Named("sha256", s.SHA256),
		sql.Named("lookback_seconds", int64(c.w.Lookback.Seconds())))
	if err != nil {
		return err
	}
	s.Counts, err = duck.One[Counts](ctx, c.tx, "slice/summary", day)
	return err
}

// Loss is what a source no longer has of one kind of row that the store holds of a day.
type Loss struct {
	What  string // sessions, activities or agents
	Held  int64  // in the store, or counted by it before its rows were dropped
	Lost  int64  // of these, in the source no more
	Found int64  // in the source now
}

func (l Loss) String() string {
	if l.Found == 0 {
		return fmt.Sprintf("%d %s, the source none", l.Held, l.What)
	}
	return fmt.Sprintf("%d %s, the source %d and %d of them no more", l.Held, l.What, l.Found, l.Lost)
}

// LossError: the source lacks more of a day than corrections explain. The slice that the store holds is kept.
type LossError struct {
	Day    calendar.Date
	Losses []Loss // those that are not tolerated
}

func (e *LossError) Error() string {
	return fmt.Sprintf("%s: has it purged them?", inWords(e.Day, e.Losses))
}

func inWords(day calendar.Date, losses []Loss) string {
	return fmt.Sprintf("of %s the store holds %s", day, strings.Join(list.Of(losses, Loss.String), "; "))
}

// losses compares the new slice with the old one, or, where none was held, with the numbers of one whose rows were dropped; and
// refuses to lose more than is tolerated unless that was asked for. It returns what was lost beyond that.
func (c *cut) losses(ctx context.Context, held bool) ([]Loss, error) {
	statement, kept, it := "slice/loss_of_dropped", "the numbers are kept", "them"
	if held {
		statement, kept, it = "slice/loss", "the slice is kept, and can be computed and reported", "it"
	}
	losses, err := duck.All[Loss](ctx, c.tx, statement, sql.Named("day", c.w.Day.String()))
	if err != nil || len(losses) == 0 || c.AcceptLoss {
		return losses, err
	}
	return nil, fail.New(fail.Source, kept+"; only if the source is right and the store wrong, replace "+it+" with --accept-loss",
		"%w", &LossError{Day: c.w.Day, Losses: losses})
}

// A source knows from when on it has sessions. A day that ends before that is not one on which nobody was there: it was purged, or
// the source is not that old. Nothing about it may become a number.

// neverThere refuses a day without a session that ends before the source's first; where a loss is accepted, it tells it.
func (c *cut) neverThere(ctx context.Context) (never, err error) {
	if c.sent[voiceSession.Name] != nil {
		return nil, nil
	}
	has, oldest, err := c.Source.HasBefore(ctx, c.w.Hull().End)
	switch name := c.Source.Name(); {
	case err != nil || has:
		return nil, err
	case oldest == nil:
		never = errors.New(name + " has no session at all: purged, or never there")
	default:
		never = fmt.Errorf("the oldest session of %s began at %s, after the day's end: purged, or never there", name, settle.Epoch(*oldest))
	}
	if c.AcceptLoss {
		return never, nil
	}
	return nil, fail.New(fail.Source, "let production_date be no earlier than the first day that the source has; if nobody was there before, --accept-loss takes the day as one without a session, and the ledger says so",
		"%w", never)
}

func (g *GIMDB) HasBefore(ctx context.Context, end int64) (has bool, oldest *int64, err error) {
	err = g.readers[0].ask(ctx, "gim/session_before", []any{end, g.tenantKey}, &has)
	if err == nil && !has {
		err = g.readers[0].ask(ctx, "gim/oldest_session", []any{g.tenantKey}, &oldest)
	}
	return has, oldest, explainRead(err, g.name)
}
