package audit

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// checkSealed holds the files of the period's sealed months against their hashes in the store, before anything is read from
// them. Of a month whose file is not as it was sealed, nothing that needs its rows is looked at.
func (w *auditor) checkSealed(ctx context.Context, o duck.Options) error {
	db, err := store.OpenPublished(ctx, w.Tenant.StorePath(), o)
	if err != nil {
		return err
	}
	seals, err := store.Seals(ctx, db)
	err = errors.Join(err, db.Close())
	w.without = map[calendar.Month]bool{}
	for _, s := range seals {
		if err = cmp.Or(err, ctx.Err()); err != nil || !w.Period.Touches(s.Month) {
			continue
		}
		w.seals = append(w.seals, s)
		checked := s.Check(filepath.Dir(w.Tenant.StorePath()))
		if w.without[s.Month] = errors.Is(checked, store.ErrUnsealed); w.without[s.Month] {
			w.add(Finding{Rule: "sealed_month", Period: s.Month.String(), What: checked.Error()})
		} else {
			err = checked
		}
	}
	return err
}

// checkLedger verifies the chain of runs, whole, and that what the store holds was written by a run of it.
func (w *auditor) checkLedger(ctx context.Context) error {
	for _, r := range w.runs {
		sum, err := r.Hash()
		if err != nil {
			return fmt.Errorf("hash run %d: %w", r.ID, err)
		}
		if sum != r.SHA256 {
			w.add(Finding{Rule: "ledger_entry", What: fmt.Sprintf("run %d (%s at %s) has SHA-256 %s, written was %s",
				r.ID, r.Command, settle.Epoch(r.StartedTS), sum, r.SHA256)})
		}
	}
	months := list.Of(w.seals, func(s store.Seal) string { return s.Month.String() })
	err := w.ask(ctx, "ask/ledger", sql.Named("months", months), sql.Named("seals", list.Of(w.seals, store.Seal.Said)))
	return cmp.Or(err, w.ask(ctx, "ask/issued_by", w.Period.Bounds()...), w.ask(ctx, "ask/history", w.Period.Bounds()...))
}

// checkDays looks for days without a slice between the first and the last that the store knows of, for months
// issued over such days, for numbers that are billed and were never issued, and for days that have stayed provisional.
func (w *auditor) checkDays(ctx context.Context) error {
	months := map[string][]calendar.Date{}
	for _, i := range w.all {
		if m, err := calendar.ParseMonth(i.Period[:min(len(i.Period), len("2006-01"))]); err == nil {
			months[m.String()] = w.Tenant.DaysOf(m)
		}
	}
	return cmp.Or(w.ask(ctx, "ask/day_finding", append(w.Period.Bounds(), duck.JSON("months", months))...), w.checkNotIssued(ctx))
}

// checkNotIssued looks for results that are in no file, and are billed by today's configuration.
func (w *auditor) checkNotIssued(ctx context.Context) error {
	found, err := duck.All[struct {
		Region, Period string
		Day            calendar.Date // or the first of the month
		What           string
	}](ctx, w.scratch.Conn, "ask/not_issued", append(w.Period.Bounds(), sql.Named("measures", w.Tenant.Issued()),
		sql.Named("final_only", w.Tenant.Issue == settle.Final))...)
	for _, f := range found {
		if w.Tenant.Bills(f.Region, f.Day) {
			w.add(Finding{Rule: "not_issued", Region: f.Region, Period: f.Period, What: f.What})
		}
	}
	return err
}

// checkConsistency asks the published results whether they can be true together, and the manifests whether anything was issued over a blocking rule.
func (w *auditor) checkConsistency(ctx context.Context) error {
	return cmp.Or(w.ask(ctx, "ask/issued_though_blocked"), w.ask(ctx, "ask/consistency", w.Period.Bounds()...))
}

type foundFile struct {
	name   string
	issued time.Time
}

// said is a finding about such files: how many, and each.
func said(rule string, files []foundFile, format string, args ...any) Finding {
	each := list.Of(files, func(f foundFile) string { return f.name + ", issued at " + settle.Epoch(f.issued.Unix()).String() })
	return Finding{Rule: rule, What: fmt.Sprintf(format, append([]any{settle.Count(len(files), "issued file")}, args...)...), Details: each}
}

// lostStore tells whether files were issued that no store knows any more.
func (w *auditor) lostStore() bool {
	entries, _ := os.ReadDir(w.dir) // that there is no store is said, whatever the folder is like
	var found []foundFile
	for _, e := range entries {
		if f, intact := w.intact(e.Name()); intact {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		return false
	}
	newest := slices.MaxFunc(found, func(a, b foundFile) int { return a.issued.Compare(b.issued) })
	w.add(said("store_lost", found, "there is no store, and the output folder holds %s, the newest of %s", settle.Epoch(newest.issued.Unix())))
	return true
}

// intact tells whether a name is a data file that lies beside a manifest of its own that describes its bytes.
func (w *auditor) intact(name string) (foundFile, bool) {
	if report.DataFile(name) != name {
		return foundFile{}, false
	}
	m, _, err := report.ReadManifest(w.path(report.ManifestName(name)))
	if err != nil || m.File != name || m.Tenant != w.Tenant.Name {
		return foundFile{}, false
	}
	text, err := report.ReadFile(w.path(name))
	return foundFile{name, m.IssuedAt}, err == nil && report.Digest(text) == m.SHA256
}

// checkFolder looks for files that the store does not know. Those that carry their own proof were issued by a run that this
// ledger has lost; all others were issued by nobody. Folders, pages (*.html) and hidden files are nobody's data files.
func (w *auditor) checkFolder(context.Context) error {
	entries, err := os.ReadDir(w.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known := map[string]bool{}
	for _, i := range w.all {
		known[i.File], known[report.ManifestName(i.File)], known[report.SignatureName(i.File)] = true, true, true
	}
	var before, after []foundFile
	for _, e := range entries {
		name := e.Name()
		if known[name] || e.IsDir() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".html") || !w.Period.HoldsText(w.periodOf(name)) {
			continue
		}
		f, intact := w.intact(name)
		_, besides := w.intact(report.DataFile(name))
		switch {
		case intact && len(w.runs) > 0 && (f.issued.Unix() >= w.runs[0].StartedTS || !w.clockHeld()):
			after = append(after, f)
		case intact:
			before = append(before, f)
		case !besides: // or it is said with its data file
			w.add(Finding{Rule: "stray_file", Period: w.periodOf(name), What: name + " was issued by no run"})
		}
	}
	// A store that was reset starts its ledger after the files; another one is merely behind. Where the clock was wrong at a time,
	// and so the order of the two is not known, nobody says that it is another store.
	if len(before) > 0 {
		began := "has no entry"
		if len(w.runs) > 0 {
			began = "starts at " + settle.Epoch(w.runs[0].StartedTS).String()
		}
		w.add(said("store_reset", before, "%s in the output folder unknown to the store, whose ledger %s: it is not the store that issued them", began))
	}
	if len(after) > 0 {
		w.add(said("store_behind", after, "%s in the output folder unknown to the store, whose ledger ends with run %d, at %s",
			len(w.runs), settle.Epoch(w.runs[len(w.runs)-1].EndedTS).String()))
	}
	return nil
}

func (w *auditor) clockHeld() bool {
	var moments []int64
	for _, r := range w.runs {
		moments = append(moments, r.StartedTS, r.EndedTS)
	}
	return slices.IsSorted(append(moments, w.Clock().Unix()))
}

// checkFiles holds every issued file of the period against the store and its manifest, and that against its signature.
func (w *auditor) checkFiles(context.Context) error {
	for _, i := range w.issued {
		if err := errors.Join(w.checkData(i), w.checkManifest(i), w.checkSignature(i)); err != nil {
			return err
		}
		if _, kept := w.texts[i.RulesSHA256]; !kept && i.RulesSHA256 != "" {
			w.of(i, "rules_record", "the counting rules that "+i.File+" was counted by, SHA-256 "+i.RulesSHA256+", are not in the store")
		}
	}
	return nil
}

// read reads a file that belongs to an issue. Where it is gone, or no file, that is a finding of one of two rules, and there is no text.
func (w *auditor) read(i report.Issue, name, what, gone, isGone, changed, isChanged string) (text []byte, err error) {
	text, err = report.ReadFile(w.path(name))
	if conflict, noFile := errors.AsType[*report.ConflictError](err); noFile {
		w.of(i, changed, isChanged+": "+conflict.Problem)
		return nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		w.of(i, gone, isGone)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return append(make([]byte, 0, len(text)), text...), nil // not nil, if it is empty
}

func (w *auditor) checkData(i report.Issue) error {
	issued := fmt.Sprintf("%s, issued with %d agents, is ", i.File, i.Value)
	text, err := w.read(i, i.File, "data file", "data_file_missing", issued+"gone", "data_file_changed", issued+"not as issued")
	if text == nil {
		return err
	}
	var wrong []string
	if sum := report.Digest(text); sum != i.SHA256 {
		wrong = append(wrong, "SHA-256 "+sum+", issued was "+i.SHA256)
	}
	if m, readable := w.manifests[i.File]; readable {
		if int64(len(text)) != m.Size {
			wrong = append(wrong, fmt.Sprintf("%d bytes, by its manifest %d", len(text), m.Size))
		}
		records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		rows := len(records) - 1 // below the header
		if err != nil {
			rows = -1
		}
		if rows != m.Rows {
			wrong = append(wrong, fmt.Sprintf("%d rows, by its manifest %d", rows, m.Rows))
		}
		if m.SHA256 != i.SHA256 {
			wrong = append(wrong, "its manifest says SHA-256 "+m.SHA256)
		}
	}
	if len(wrong) > 0 {
		w.of(i, "data_file_changed", issued+"not as issued: "+wrong[0], wrong...)
	}
	return nil
}

func (w *auditor) checkManifest(i report.Issue) error {
	name := report.ManifestName(i.File)
	text, err := w.read(i, name, "manifest", "manifest_missing", name+" is gone", "manifest_changed", name+" is not as issued")
	if text == nil {
		return err
	}
	_, readable := w.manifests[i.File]
	details := w.disagrees[revision{i.Series, i.Revision}]
	switch sum := report.Digest(text); {
	case sum != i.ManifestSHA256:
		if !readable {
			details = []string{"it is no manifest any more"}
		}
		w.of(i, "manifest_changed", name+" is not as issued: SHA-256 "+sum+", issued was "+i.ManifestSHA256, details...)
	case !readable:
		w.of(i, "manifest_wrong", name+" is no manifest that this program can read")
	case len(details) > 0:
		w.of(i, "manifest_wrong", name+" and the store's row of it disagree: "+details[0], details...)
	}
	return nil
}

// checkSignature wants an issued manifest to be signed with one of the keys, in this very ledger.
func (w *auditor) checkSignature(i report.Issue) error {
	if len(w.Keys) == 0 {
		return nil
	}
	name := report.SignatureName(i.File)
	signature, err := w.read(i, name, "signature", "signature_missing", name+" is not there", "signature_wrong", name)
	if signature == nil {
		return err
	}
	manifest, err := report.ReadFile(w.path(report.ManifestName(i.File)))
	if err != nil {
		return nil // checkManifest says so
	}
	mark, err := report.ParseMark(sign.Comment(signature))
	if err := cmp.Or(w.Keys.Check(manifest, signature), err); err != nil {
		w.of(i, "signature_wrong", name+": "+err.Error())
		return nil
	}
	// The trusted comment stands for the ledger up to where it was made: the hash of an entry stands for all before it. The run
	// itself is missing where it died before it had published its store.
	switch before := mark.Run - 1; {
	case mark.Tenant != w.Tenant.Name || mark.Manifest != report.ManifestName(i.File):
		w.of(i, "signature_wrong", fmt.Sprintf("%s is for %s of %s", name, mark.Manifest, mark.Tenant))
	case before > int64(len(w.runs)):
		w.of(i, "signature_ledger", fmt.Sprintf("%s was signed by run %d, the ledger ends with run %d", name, mark.Run, len(w.runs)))
	case before < 1 && mark.Previous == "":
	case before < 1 || w.runs[before-1].SHA256 != mark.Previous:
		w.of(i, "signature_ledger", fmt.Sprintf("%s was signed after an entry %d with SHA-256 %s, the ledger has another", name, before, cmp.Or(mark.Previous, "none")))
	}
	return nil
}

// periodOf is the period that a file name carries, "" where it carries none.
func (w *auditor) periodOf(name string) string {
	named, _ := w.Tenant.FileName.Read(report.DataFile(name), config.Named{})
	return named.Period
}
