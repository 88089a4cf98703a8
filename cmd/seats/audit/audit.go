// Package audit reconciles what was issued with what it was counted from, and changes nothing.
//
// It works on the published store of a tenant, attached read-only, and on a scratch store in memory, month by
// month: memory grows with a month's slices, not with the history. Four checks, each with its rules (see Rules):
//
//   - integrity: sealed months against their hashes, files against manifests, manifests against the store and, with a key, their signatures, slices
//     against their hashes, revision chains, days and months, the ledger of runs, and files that nobody issued;
//   - recompute: both computations again from the kept slices under today's configuration, against what was
//     issued and what the store holds;
//   - source, where asked for: the days read again from their source, and what that does to the numbers;
//   - consistency: numbers that cannot be true together.
//
// A finding is something to act upon; a remark is worth knowing. Equal stores, folders, configurations and
// sources give equal findings in equal order. A cancelled context ends the work.
package audit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/sign"
	"seats/internal/store"
	"seats/report"
)

// Audit is what is to be audited: one tenant.
type Audit struct {
	Tenant config.Tenant
	Period Period
	Source bool        // read the days again from the source
	Keys   sign.Public // that every manifest must be signed with, one of them; none: signatures are not looked at
	Clock  func() time.Time
	Log    job.Log
}

// Summary is what an audit gave.
type Summary struct {
	Findings []Finding // remarks too
	Days     int       // slices looked at
	Files    int       // issued files looked at
}

// Faults counts the findings that are no remarks.
func (s Summary) Faults() int {
	return len(slices.DeleteFunc(slices.Clone(s.Findings), Finding.IsRemark))
}

// Period is what an audit looks at: the days from From to To, both included, and the months whose last day is
// among them. The zero value is everything.
type Period struct{ From, To calendar.Date }

// Holds tells whether the day is looked at.
func (p Period) Holds(d calendar.Date) bool {
	return p == Period{} || !d.Before(p.From) && !p.To.Before(d)
}

// HoldsMonth tells whether the number of the month is looked at.
func (p Period) HoldsMonth(m calendar.Month) bool { return p.Holds(m.Last()) }

// Touches tells whether any day of the month is looked at.
func (p Period) Touches(m calendar.Month) bool {
	return p == Period{} || !m.Last().Before(p.From) && !p.To.Before(m.First())
}

// HoldsText is Holds or HoldsMonth of a measurement's period. What is no period at all is always looked at.
func (p Period) HoldsText(period string) bool {
	if m, err := calendar.ParseMonth(period); err == nil {
		return p.HoldsMonth(m)
	}
	d, err := calendar.ParseDate(period)
	return err != nil || p.Holds(d)
}

// Bounds binds the first and the last day as statements want them.
func (p Period) Bounds() []any {
	if p == (Period{}) {
		p = Period{calendar.Date{Year: 1, Month: 1, Day: 1}, calendar.Date{Year: 9999, Month: 12, Day: 31}}
	}
	return []any{named("from", p.From.String()), named("to", p.To.String())}
}

// auditor is an audit at work.
type auditor struct {
	Audit
	scratch *store.Scratch
	seals   []store.Seal
	without map[calendar.Month]bool // sealed months whose files are not as they were
	dir     string                  // the tenant's output folder

	all       []report.Issue                 // every row of the store's ledger of files
	issued    []report.Issue                 // those of the period
	standing  map[report.Series]report.Issue // the highest revision of each
	manifests map[string]report.Manifest     // as they lie in the folder, by data file; absent where unreadable
	runs      []store.Run
	slices    map[string]store.Slice
	kept      []calendar.Date        // their days, ascending
	texts     map[string]string      // counting rules as JSON, by their hash
	counted   map[string]computation // how the store says that its days were, by day

	days  int
	moved []*moved
	found []Finding
}

// Do audits the tenant. A tenant without store and files has nothing to be audited and gives an error that is
// store.ErrMissing; one with files alone gives the finding StoreLost.
func (a Audit) Do(ctx context.Context) (summary Summary, err error) {
	w := &auditor{Audit: a, dir: filepath.Join(a.Tenant.OutputDir, a.Tenant.Name)}
	o := duck.Of(a.Tenant.Engine)
	if err = w.checkSealed(ctx, o); err == nil {
		w.scratch, err = store.OpenScratch(ctx, a.Tenant.StorePath(), o, w.wantsRows)
	}
	if errors.Is(err, store.ErrMissing) && w.lostStore() {
		return Summary{Findings: w.found}, nil
	}
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, w.scratch.Close()) }()
	for _, check := range []func(context.Context) error{
		w.load, w.checkLedger, w.checkFolder, w.checkFiles, w.checkDays, w.checkMonths, w.checkConsistency,
	} {
		if err = errors.Join(check(ctx), ctx.Err()); err != nil {
			return Summary{}, err
		}
	}
	slices.SortStableFunc(w.found, func(a, b Finding) int { return a.place() - b.place() })
	return Summary{Findings: w.found, Days: w.days, Files: len(w.issued)}, nil
}

// load reads what the store says of itself, and the manifests of the period.
func (w *auditor) load(ctx context.Context) (err error) {
	if err := w.scratch.Take(ctx); err != nil {
		return err
	}
	if w.runs, err = store.Runs(ctx, w.scratch.Conn); err != nil {
		return err
	}
	if w.slices, err = store.Slices(ctx, w.scratch.Conn); err != nil {
		return err
	}
	for _, text := range slices.Sorted(maps.Keys(w.slices)) {
		d, err := calendar.ParseDate(text)
		if err != nil {
			return err
		}
		w.kept = append(w.kept, d)
	}
	if w.all, err = report.IssuedFiles(ctx, w.scratch.Conn); err != nil {
		return err
	}
	w.standing, w.manifests = map[report.Series]report.Issue{}, map[string]report.Manifest{}
	for _, i := range w.all {
		if !w.Period.HoldsText(i.Period) {
			continue
		}
		w.issued = append(w.issued, i)
		w.standing[i.Series()] = i // rows come by revision
		if m, _, err := report.ReadManifest(w.path(report.ManifestName(i.File))); err == nil {
			w.manifests[i.File] = m
		}
	}
	return w.loadRules(ctx)
}

// add notes a finding.
func (w *auditor) add(f Finding) {
	f.Tenant = w.Tenant.Name
	w.found = append(w.found, f)
}

// of notes a finding about an issued file.
func (w *auditor) of(i report.Issue, rule Rule, what string, details ...string) {
	w.add(Finding{Rule: rule, Region: i.Region, Period: i.Period, What: what, Details: details})
}

// ask notes the findings of a statement.
func (w *auditor) ask(ctx context.Context, statement string, args ...any) error {
	found, err := duck.All[struct {
		Rule                 Rule
		Region, Period, What string
	}](ctx, w.scratch.Conn, statement, args...)
	for _, f := range found {
		w.add(Finding{Rule: f.Rule, Region: f.Region, Period: f.Period, What: f.What})
	}
	return err
}

func (w *auditor) path(name string) string { return filepath.Join(w.dir, name) }

// entries are the names in the output folder; none where there is no folder.
func (w *auditor) entries() ([]os.DirEntry, error) {
	entries, err := os.ReadDir(w.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// held are the days of the store, ascending, in the period.
func (w *auditor) held() []calendar.Date {
	return slices.DeleteFunc(slices.Clone(w.kept), func(d calendar.Date) bool { return !w.Period.Holds(d) })
}

func instant(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.RFC3339) }

// spans writes days as runs of days.
func spans(days []calendar.Date) string { return calendar.Runs(days, " to ") }

// count writes a number with its noun.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func orNone(sum string) string { return cmp.Or(sum, "none") }

func named(name string, value any) sql.NamedArg { return sql.Named(name, value) }

// onDays binds a set of days.
func onDays(days []calendar.Date) sql.NamedArg {
	var texts []string
	for _, d := range days {
		texts = append(texts, d.String())
	}
	return named("days", texts)
}
