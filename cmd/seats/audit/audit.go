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
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"example.com/seats/cmd/seats/job"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
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
	slices    map[calendar.Date]store.Slice
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

func (w *auditor) load(ctx context.Context) error {
	if err := w.scratch.Take(ctx); err != nil {
		return err
	}
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
	text, err := json.Marshal(all)
	if err == nil {
		err = duck.ExecAll(ctx, w.scratch.Conn, []string{"ask/manifest", "ask/comparison"}, sql.Named("manifests", string(text)))
	}
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

func (w *auditor) of(i report.Issue, rule Rule, what string, details ...string) {
	w.add(Finding{Rule: rule, Region: i.Region, Period: i.Period, What: what, Details: details})
}

// ask adds the findings of a statement, with their details.
func (w *auditor) ask(ctx context.Context, statement string, args ...any) error {
	found, err := duck.All[struct {
		Finding
		Lines settle.Keys
	}](ctx, w.scratch.Conn, statement, args...)
	for _, f := range found {
		f.Details = f.Lines
		w.add(f.Finding)
	}
	return err
}

func (w *auditor) path(name string) string { return filepath.Join(w.dir, name) }

func instant(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.RFC3339) }

// Count writes a number with its noun.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// The checks that rules belong to.
const (
	Integrity   = "integrity"   // what is stored and what lies in the output folder is what was written
	Recompute   = "recompute"   // the kept slices still give what was issued
	Source      = "source"      // the source still gives the kept slices
	Consistency = "consistency" // the numbers make sense together
)

// Rule names a kind of finding. The names are a contract: a scheduler may branch on them.
type Rule string

// Finding is one thing that is not as it should be, or, as a remark, worth knowing.
type Finding struct {
	Tenant  string `duck:"-"`
	Rule    Rule
	Region  string   // "" where the finding is of no region
	Period  string   // a day, "2026-03-01 to 2026-03-04", a month, or "" for the whole store
	What    string   // one line, with the numbers
	Details []string `duck:"-"` // the parts, line by line: agent by agent, setting by setting
}

// kind is what all findings of a rule have in common.
type kind struct {
	rule          Rule
	check, advice string
	remark        bool
}

// catalogue is in the order in which people read it: that of the declarations below.
var catalogue []kind

func rule(check string, rule Rule, advice string, remark bool) Rule {
	catalogue = append(catalogue, kind{rule, check, advice, remark})
	return rule
}

func finding(check string, name Rule, advice string) Rule { return rule(check, name, advice, false) }
func remark(check string, name Rule, advice string) Rule  { return rule(check, name, advice, true) }

const (
	restoreStore = "restore the store from a backup taken before the change"
	reissue      = "explain it, then `seats run --refresh --restate REASON` for the period issues the next revision"
)

// The rules of the audit, each with its advice.
var (
	StoreLost   = finding(Integrity, "store_lost", "restore the store from a backup; a run without it starts a new ledger and adopts the files it can verify")
	StoreReset  = finding(Integrity, "store_reset", "the ledger is younger than the files: restore the older store from a backup, or let `seats run` of the period adopt the files")
	StoreBehind = finding(Integrity, "store_behind", "an older copy of the store was put back, or a run died before it could publish, or the clock was wrong and the store is another one: `seats run` of the period adopts the files")
	SealedMonth = finding(Integrity, "sealed_month", "bring the file back from a backup; if it is lost for good, `seats run --month YYYY-MM --refresh --accept-loss` reads the month again while the source still has it")
	LedgerChain = finding(Integrity, "ledger_chain", "entries were taken out, put in or reordered: "+restoreStore)
	LedgerEntry = finding(Integrity, "ledger_entry", "the entry was changed after it was written: "+restoreStore)
	LedgerIssue = finding(Integrity, "ledger_issue", "find out who wrote the row; "+restoreStore)
	LedgerSlice = finding(Integrity, "ledger_slice", "the slice was written by no run: "+restoreStore+", or read the day again with `seats run --refresh`")
	LedgerSeal  = finding(Integrity, "ledger_seal", "file and row were exchanged by no run: "+restoreStore+" and the sealed month from a backup")

	DataFileMissing  = finding(Integrity, "data_file_missing", "`seats run` of the period puts the issued bytes back; ask the loader what it read meanwhile")
	DataFileChanged  = finding(Integrity, "data_file_changed", "find out who changed it and what the loader read; move it away, and `seats run` of the period puts the issued one back")
	ManifestMissing  = finding(Integrity, "manifest_missing", "`seats run` of the period writes it again")
	ManifestChanged  = finding(Integrity, "manifest_changed", "`seats run` of the period settles it if a run died between file and ledger; otherwise move it away, and the run writes it again")
	ManifestWrong    = finding(Integrity, "manifest_wrong", "the ledger's row was changed, or belongs to another file: "+restoreStore)
	SignatureMissing = finding(Integrity, "signature_missing", "issued without a sign_key, or taken away: with one, `seats run` or `seats report` of the period signs what is as it was issued")
	SignatureWrong   = finding(Integrity, "signature_wrong", "the manifest is not what the key's owner signed, or the key is another: --verify-key may be repeated for keys of other times; otherwise believe a copy made before")
	SignatureLedger  = finding(Integrity, "signature_ledger", "the ledger is not the one that was signed: "+restoreStore+"; if the store was lost for good, move the signatures away, and `seats run` of the period signs in the new ledger")
	RevisionChain    = finding(Integrity, "revision_chain", "rows of the ledger were changed or taken out: "+restoreStore)
	StrayFile        = finding(Integrity, "stray_file", "nobody issued it: move it out of the output folder, and ask the loader whether it read it")

	SliceChanged    = finding(Integrity, "slice_changed", "the rows are not those that were read: "+restoreStore+", or read the day again with `seats run --refresh`")
	MissingDay      = finding(Integrity, "missing_day", "`seats run --from D --to D` reads and issues the days while the source still has them")
	MonthOverGap    = finding(Integrity, "month_over_gap", "bring the missing days with `seats run`, then `seats run --month M --restate REASON` if the number moves")
	NotIssued       = finding(Integrity, "not_issued", "`seats run` or `seats report` of the period issues it, or says what keeps it back")
	AdoptedFile     = remark(Integrity, "adopted_file", "nothing: the files were found intact and taken over by a later run, because the run that wrote them is not in this ledger")
	AgedMonth       = remark(Integrity, "aged_month", "nothing: the rows are beyond the days to be kept; an evidence pack made in time can still recompute them")
	ProvisionalDays = remark(Integrity, "provisional", "`seats run` of the days makes them final once the source is complete")

	ConfigurationMoved = finding(Recompute, "configuration_moved", "if the configuration of today is right for the period, `seats run --restate REASON` for it; if not, put the settings back")
	SliceMoved         = finding(Recompute, "slice_moved", "the day was read again after it was issued: `seats report --restate REASON` for the period issues what it gives now")
	ProgramMoved       = finding(Recompute, "program_moved", "the statements that count have changed with the program; compare the two versions, then `seats run --restate REASON`")
	NumberDiffers      = finding(Recompute, "number_differs", "nothing explains it: keep the store and the files, check the integrity findings, and report it")
	ResultsChanged     = finding(Recompute, "results_changed", "rows of the results were changed after they were computed: `seats compute` of the period writes them again")
	RulesRecord        = finding(Recompute, "rules_record", "the record of the counting rules was changed: "+restoreStore)
	CannotCompute      = finding(Recompute, "cannot_compute", "`seats run --refresh` reads the day again for today's configuration")
	ComputationsDiffer = finding(Recompute, "computations_differ", "a defect of the program or a damaged store: keep the store and report it")
	MovedSilently      = remark(Recompute, "moved_without_effect", "nothing: the number is the same")

	SourceNumber = finding(Source, "source_number", reissue)
	SourceRows   = remark(Source, "source_rows", "nothing: the number is the same")
	SourceGone   = remark(Source, "source_gone", "nothing: the source has purged the day, and the store holds its only copy")

	ConcurrentOverEnabled = finding(Consistency, "concurrent_over_enabled", "a peak cannot have more agents than its day: `seats compute` of the day; if it stays, report it")
	DayOverMonth          = finding(Consistency, "day_over_month", "a day cannot have more agents than its month: `seats run --month M` counts the month again")
	LocationOverRegion    = finding(Consistency, "location_over_region", "a location cannot be above its region: `seats compute` of the day; if it stays, report it")
	RegionOverLocations   = finding(Consistency, "region_over_locations", "a region cannot be above the sum of its locations: `seats compute` of the day; if it stays, report it")
	QualityImpossible     = finding(Consistency, "quality_impossible", "the data-quality counts do not fit the slice: `seats compute` of the day; if it stays, report it")
	IssuedThoughBlocked   = finding(Consistency, "issued_though_blocked", "a number was issued over a blocking data-quality rule: map the switch, run again, and restate")
	Jump                  = remark(Consistency, "jump", "look at it: `seats explain` shows the agents of the peak; a holiday or a campaign is a good reason")
)

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

// keep saves what the kept slices give by the rules of their days, with which the source is compared, before the rules of an issue
// are tried.
func (w *auditor) keep(ctx context.Context, p part) error {
	if w.source == nil {
		return nil
	}
	for _, table := range []string{"qualifying_session", "daily_concurrent", "enabled_daily", "monthly_concurrent", "monthly_enabled"} {
		if err := w.scratch.Each(ctx, "keep", table); err != nil {
			return err
		}
	}
	if !p.whole {
		return nil
	}
	_, err := duck.Exec(ctx, w.scratch.Conn, "ask/keep_month_agent")
	return err
}

// checkSource reads the days of a part again and says what changed since they were read, and what that does to the numbers.
func (w *auditor) checkSource(ctx context.Context, p part) error {
	if w.source == nil {
		return nil
	}
	read := part{month: p.month, rows: p.rows, whole: p.whole}
	for _, d := range p.days {
		there, err := w.readAgain(ctx, d)
		if err != nil {
			return err
		}
		if there {
			read.days = append(read.days, d)
		}
	}
	if len(read.days) < len(p.days) {
		read.rows, read.whole = read.days, false
	}
	failures, err := w.compute(ctx, read, w.countedBy)
	if err != nil {
		return err
	}
	w.add(failures...)
	return w.compareSource(ctx, read)
}

// readAgain cuts a day anew. A source that has none of its sessions any more has purged it, and there is nothing to
// compare with.
func (w *auditor) readAgain(ctx context.Context, d calendar.Date) (bool, error) {
	window := job.Window(w.Tenant, d)
	if len(window.Spans) == 0 {
		return false, nil
	}
	summary, err := w.source.Cut(ctx, window)
	if err == nil && summary.Sessions == 0 && len(summary.Losses) > 0 {
		lost := &extract.LossError{Day: d, Losses: summary.Losses}
		w.add(Finding{Rule: SourceGone, Period: d.String(), What: lost.Error()})
		return false, nil
	}
	return err == nil, err
}

// compareSource says what changed in the rows of a part's days, in their numbers, and in their month's.
func (w *auditor) compareSource(ctx context.Context, p part) error {
	on := duck.Days(p.days...)
	_, noRows := duck.Exec(ctx, w.scratch.Conn, "ask/source_row", on)
	_, noEffects := duck.Exec(ctx, w.scratch.Conn, "ask/source_effect", on)
	if p.whole && noEffects == nil { // only then are the agents of the month kept
		_, noEffects = duck.Exec(ctx, w.scratch.Conn, "ask/source_month", sql.Named("month", p.month.String()))
	}
	var regions []string
	for _, r := range w.Tenant.Regions {
		regions = append(regions, r.Name)
	}
	return cmp.Or(noRows, noEffects, w.ask(ctx, "ask/source_finding", on, sql.Named("regions", regions), sql.Named("measures", w.Tenant.Issued())))
}
