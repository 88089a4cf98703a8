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
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	n := 0
	for _, f := range s.Findings {
		if !f.IsRemark() {
			n++
		}
	}
	return n
}

// auditor is an audit at work.
type auditor struct {
	Audit
	scratch *store.Scratch
	seals   []store.Seal
	without map[calendar.Month]bool // sealed months whose files are not as they were
	dir     string                  // the tenant's output folder

	all       []report.Issue             // every row of the store's ledger of files
	issued    []report.Issue             // those of the period
	standing  map[series]report.Issue    // the highest revision of each
	manifests map[string]report.Manifest // as they lie in the folder, by data file; absent where unreadable
	runs      []store.Run
	slices    map[string]store.Slice
	kept      []calendar.Date // their days, ascending
	rules     rulesBook

	days  int
	moved movedDays
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
	if errors.Is(err, store.ErrMissing) {
		if found, lost := w.lostStore(); lost {
			return Summary{Findings: []Finding{found}}, nil
		}
	}
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, w.scratch.Close()) }()
	if err = w.work(ctx); err != nil {
		return Summary{}, err
	}
	slices.SortStableFunc(w.found, func(a, b Finding) int { return a.place() - b.place() })
	return Summary{Findings: w.found, Days: w.days, Files: len(w.issued)}, nil
}

func (w *auditor) work(ctx context.Context) error {
	if err := w.load(ctx); err != nil {
		return err
	}
	for _, check := range []func(context.Context) error{
		w.checkLedger, w.checkFolder, w.checkFiles, w.checkSignatures, w.checkChains, w.checkDays, w.checkMonths, w.checkConsistency,
	} {
		if err := check(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
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
	for text := range w.slices {
		d, err := calendar.ParseDate(text)
		if err != nil {
			return err
		}
		w.kept = append(w.kept, d)
	}
	slices.SortFunc(w.kept, calendar.Date.Compare)
	if w.all, err = report.IssuedFiles(ctx, w.scratch.Conn); err != nil {
		return err
	}
	if err := w.loadRules(ctx); err != nil {
		return err
	}
	w.standing, w.manifests = map[series]report.Issue{}, map[string]report.Manifest{}
	for _, i := range w.all {
		if !w.Period.HoldsText(i.Period) {
			continue
		}
		w.issued = append(w.issued, i)
		w.standing[seriesOf(i)] = i // rows come by revision
		if m, _, err := report.ReadManifest(w.path(report.ManifestName(i.File))); err == nil {
			w.manifests[i.File] = m
		}
	}
	return nil
}

// add notes a finding.
func (w *auditor) add(f Finding) {
	f.Tenant = w.Tenant.Name
	w.found = append(w.found, f)
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
