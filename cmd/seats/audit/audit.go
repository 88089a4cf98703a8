// Package audit reconciles what was issued with what it was counted from, and changes nothing.
//
// It works on the published store of a tenant, attached read-only, and on a scratch store in memory, month by
// month: memory grows with a month's slices, not with the history. Four checks, each with its rules (see the catalogue):
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
	_ "embed" // the rules
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
	"example.com/seats/internal/store"
	"example.com/seats/report"
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
	last, err := calendar.LastOf(period)
	return err != nil || p.Holds(last)
}

// Bounds binds the first and the last day as statements want them.
func (p Period) Bounds() []any {
	if p == (Period{}) {
		p = Period{calendar.Date{Year: 1, Month: 1, Day: 1}, calendar.Date{Year: 9999, Month: 12, Day: 31}}
	}
	return duck.Span(p.From, p.To)
}

type auditor struct {
	Audit
	scratch *store.Scratch
	seals   []store.Seal
	without map[calendar.Month]bool // sealed months whose files are not as they were
	dir     string                  // the tenant's output folder

	all       []report.Issue             // every row of the store's ledger of files
	issued    []report.Issue             // those of the period
	manifests map[string]report.Manifest // as they lie in the folder, by data file; absent where unreadable
	runs      []store.Run
	slices    map[calendar.Date]settle.Slice
	kept      []calendar.Date            // their days, ascending
	texts     map[string]string          // counting rules as JSON, by their hash
	countedAs map[calendar.Date][]string // the hash of those by which the store says that a day was, of which a number is issued
	disagrees map[revision][]string      // what the store and a manifest do not say alike

	source *extract.Cutter // nil: the source is not asked
	days   int
	found  []Finding
}

// revision is an issue by what it is of.
type revision struct {
	report.Series
	Number int
}

// Do audits the tenant. A tenant without store and files has nothing to be audited and gives an error that is
// store.ErrMissing; one with files alone gives the finding "store_lost".
func (a Audit) Do(ctx context.Context) (summary Summary, err error) {
	w := &auditor{Audit: a, dir: filepath.Join(a.Tenant.OutputDir, a.Tenant.Name)}
	o := duck.Of(a.Tenant.Engine)
	if err = w.checkSealed(ctx, o); err == nil {
		w.scratch, err = store.OpenScratch(ctx, a.Tenant.StorePath(), o, func(m calendar.Month) bool { return a.Period.Touches(m) && !w.without[m] })
	}
	if errors.Is(err, store.ErrMissing) && w.lostStore() {
		return Summary{Findings: w.found}, nil
	}
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, w.scratch.Close()) }()
	err = fail.InTurn(ctx, w.load, w.checkLedger, w.checkFolder, w.checkFiles, w.checkDays, w.checkMonths, w.checkConsistency)
	if err != nil {
		return Summary{}, err
	}
	slices.SortStableFunc(w.found, func(a, b Finding) int { return a.place() - b.place() })
	return Summary{Findings: w.found, Days: w.days, Files: len(w.issued)}, nil
}

func (w *auditor) load(ctx context.Context) error {
	var noRuns, noSlices, noFiles error
	w.runs, noRuns = store.Runs(ctx, w.scratch.Conn)
	w.slices, noSlices = store.Slices(ctx, w.scratch.Conn)
	w.all, noFiles = report.IssuedFiles(ctx, w.scratch.Conn)
	if err := cmp.Or(noRuns, noSlices, noFiles); err != nil {
		return err
	}
	w.kept = slices.SortedFunc(maps.Keys(w.slices), calendar.Date.Compare)
	w.manifests = map[string]report.Manifest{}
	for _, i := range w.all {
		if !w.Period.HoldsText(i.Period) {
			continue
		}
		w.issued = append(w.issued, i)
		if m, _, err := report.ReadManifest(w.path(report.ManifestName(i.File))); err == nil {
			w.manifests[i.File] = m
		}
	}
	return cmp.Or(w.putManifests(ctx), w.loadRules(ctx))
}

// putManifests puts them where statements find them, and finds what they say otherwise than the store.
func (w *auditor) putManifests(ctx context.Context) error {
	type lying struct {
		Beside   string `json:"beside"`
		IssuedTS int64  `json:"issued_ts"`
		report.Manifest
	}
	all := make([]lying, 0, len(w.manifests))
	for file, m := range w.manifests {
		all = append(all, lying{file, m.IssuedAt.Unix(), m})
	}
	err := duck.ExecAll(ctx, w.scratch.Conn, []string{"ask/manifest", "ask/comparison"}, duck.JSON("manifests", all))
	if err == nil {
		w.disagrees, err = duck.By[revision, string](ctx, w.scratch.Conn, "ask/disagreement")
	}
	return err
}

func (w *auditor) add(found ...Finding) {
	for _, f := range found {
		f.Tenant = w.Tenant.Name
		w.found = append(w.found, f)
	}
}

func (w *auditor) of(i report.Issue, rule, what string, details ...string) {
	w.add(Finding{Rule: rule, Region: i.Region, Period: i.Period, What: what, Details: details})
}

// ask adds the findings of a statement, with their details.
func (w *auditor) ask(ctx context.Context, statement string, args ...any) error {
	found, err := duck.All[Finding](ctx, w.scratch.Conn, statement, args...)
	w.add(found...)
	return err
}

func (w *auditor) path(name string) string { return filepath.Join(w.dir, name) }

// Finding is one thing that is not as it should be, or, as a remark, worth knowing.
type Finding struct {
	Tenant  string      `duck:"-"`
	Rule    string      // one of rules.txt: the names are a contract, a scheduler may branch on them
	Region  string      // "" where the finding is of no region
	Period  string      // a day, "2026-03-01 to 2026-03-04", a month, or "" for the whole store
	What    string      // one line, with the numbers
	Details settle.Keys // the parts, line by line: agent by agent, setting by setting
}

// kind is what all findings of a rule have in common.
type kind struct {
	check, rule, advice string
	remark              bool
}

//go:embed rules.txt
var rulesText string

// catalogue is in the order in which people read it.
var catalogue = func() (all []kind) {
	for line := range strings.Lines(rulesText) {
		if words := strings.SplitN(strings.TrimSpace(line), " ", 4); len(words) == 4 && words[0] != "#" {
			all = append(all, kind{words[0], words[2], words[3], words[1] == "remark"})
		}
	}
	return all
}()

func (f Finding) at() int {
	return slices.IndexFunc(catalogue, func(k kind) bool { return k.rule == f.Rule })
}

// Check is the check that the finding's rule belongs to.
func (f Finding) Check() string { return catalogue[f.at()].check }

// IsRemark tells whether the finding asks for nothing: it is said, and leaves the exit status alone.
func (f Finding) IsRemark() bool { return catalogue[f.at()].remark }

// Advice says what to do about it.
func (f Finding) Advice() string { return catalogue[f.at()].advice }

// place orders findings: remarks last, each by the order of the catalogue.
func (f Finding) place() int { return f.at() + map[bool]int{true: len(catalogue)}[f.IsRemark()] }

// openSource gives what reads days again from the tenant's source, all in one snapshot, into the scratch store.
func (w *auditor) openSource(ctx context.Context, parts []part) (*extract.Cutter, error) {
	var windows []extract.Window
	for _, p := range parts {
		for _, d := range p.days {
			if window := job.Window(w.Tenant, d); len(window.Spans) > 0 {
				windows = append(windows, window)
			}
		}
	}
	stage, err := extract.NewStage(w.scratch.Conn)
	if err != nil {
		return nil, err
	}
	w.Log.Start(w.Tenant.Name + ": reading")
	defer w.Log.Stop()
	tenant := w.Tenant
	tenant.Breakdown = nil // agent groups are none of what is compared
	src, err := job.OpenSource(ctx, tenant, windows, w.scratch.TempDir(), w.Clock(), w.Log)
	if err != nil {
		return nil, err
	}
	return &extract.Cutter{Stage: stage, Source: src, SettleHours: w.Tenant.SettleHours, AcceptLoss: true, Clock: w.Clock}, nil
}

// keep saves what the kept slices give by the rules of their days, with which the source is compared, before the rules of an issue are tried.
func (w *auditor) keep(ctx context.Context, p part) error {
	if w.source == nil {
		return nil
	}
	var err error
	for _, table := range []string{"qualifying_session", "daily_concurrent", "enabled_daily", "monthly_concurrent", "monthly_enabled"} {
		err = cmp.Or(err, w.scratch.Each(ctx, "keep", table))
	}
	if err == nil && p.whole {
		err = duck.Exec(ctx, w.scratch.Conn, "ask/keep_month_agent")
	}
	return err
}

// checkSource reads the days of a part again and says what changed since they were read, and what that does to the numbers.
func (w *auditor) checkSource(ctx context.Context, p part) error {
	if w.source == nil {
		return nil
	}
	read := part{month: p.month, rows: p.rows, whole: p.whole}
	for _, d := range p.days {
		window := job.Window(w.Tenant, d)
		if len(window.Spans) == 0 {
			continue
		}
		summary, err := w.source.Cut(ctx, window)
		switch {
		case err != nil:
			return err
		case summary.Sessions == 0 && len(summary.Losses) > 0: // the source has purged it, and there is nothing to compare with
			lost := &extract.LossError{Day: d, Losses: summary.Losses}
			w.add(Finding{Rule: "source_gone", Period: d.String(), What: lost.Error()})
		default:
			read.days = append(read.days, d)
		}
	}
	if len(read.days) < len(p.days) {
		read.rows, read.whole = read.days, false
	}
	if err := w.recount(ctx, read); err != nil {
		return err
	}
	return w.compareSource(ctx, read)
}

// compareSource says what changed in the rows of a part's days, in their numbers, and in their month's.
func (w *auditor) compareSource(ctx context.Context, p part) error {
	on := duck.Days(p.days...)
	steps := []string{"ask/source_row", "ask/source_effect", "ask/source_month"}
	if !p.whole { // only then are the agents of the month kept
		steps = steps[:2]
	}
	err := duck.ExecAll(ctx, w.scratch.Conn, steps, on, sql.Named("month", p.month.String()))
	regions := list.Of(w.Tenant.Regions, func(r config.Region) string { return r.Name })
	return cmp.Or(err, w.ask(ctx, "ask/source_finding", on, sql.Named("regions", regions), sql.Named("measures", w.Tenant.Issued())))
}
