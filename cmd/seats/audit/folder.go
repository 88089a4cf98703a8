package audit

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"seats/internal/sign"
	"seats/report"
)

// lostStore tells whether files were issued that no store knows any more.
func (w *auditor) lostStore() (Finding, bool) {
	entries, err := w.entries()
	if err != nil {
		return Finding{}, false
	}
	var found []foundFile
	for _, e := range entries {
		if f, intact := w.intact(e.Name()); intact {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		return Finding{}, false
	}
	return Finding{Tenant: w.Tenant.Name, Rule: StoreLost,
		What: fmt.Sprintf("there is no store, and the output folder holds %s, the newest of %s", count(len(found), "issued file"), newest(found)), Details: names(found)}, true
}

// foundFile is an issued file that the store does not know.
type foundFile struct {
	name   string
	issued time.Time
}

func names(files []foundFile) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.name+", issued at "+f.issued.UTC().Format(time.RFC3339))
	}
	return out
}

func newest(files []foundFile) string {
	last := files[0].issued
	for _, f := range files {
		if f.issued.After(last) {
			last = f.issued
		}
	}
	return last.UTC().Format(time.RFC3339)
}

// intact tells whether a name is a data file that lies beside a manifest of its own that describes its bytes.
func (w *auditor) intact(name string) (foundFile, bool) {
	if !strings.HasPrefix(name, "CNT_") || !strings.HasSuffix(name, ".csv") {
		return foundFile{}, false
	}
	m, _, err := report.ReadManifest(w.path(report.ManifestName(name)))
	if err != nil || m.File != name || m.Tenant != w.Tenant.Name {
		return foundFile{}, false
	}
	text, err := report.ReadFile(w.path(name))
	return foundFile{name, m.IssuedAt}, err == nil && digest(text) == m.SHA256
}

// checkFolder looks for files that the store does not know. Those that carry their own proof were issued by a
// run that this ledger has lost; all others were issued by nobody. Folders, pages (*.html) and hidden files are
// nobody's data files.
func (w *auditor) checkFolder(context.Context) error {
	entries, err := w.entries()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, i := range w.all {
		known[i.File], known[report.ManifestName(i.File)], known[report.SignatureName(i.File)] = true, true, true
	}
	var unknown []foundFile
	for _, e := range entries {
		name := e.Name()
		if known[name] || !w.concerns(e) {
			continue
		}
		if f, intact := w.intact(name); intact {
			unknown = append(unknown, f)
			continue
		}
		if _, intact := w.intact(strings.TrimSuffix(strings.TrimSuffix(name, sign.Suffix), ".manifest.json")); intact {
			continue // said with its data file
		}
		w.add(Finding{Rule: StrayFile, Period: periodOf(name), What: name + " was issued by no run"})
	}
	w.addUnknown(unknown)
	return nil
}

func (w *auditor) concerns(e fs.DirEntry) bool {
	name := e.Name()
	if e.IsDir() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".html") {
		return false
	}
	return w.Period.HoldsText(periodOf(name))
}

// addUnknown tells a reset store from one that is merely behind: a reset one starts its ledger after the files. Where the clock
// was wrong at a time, and so the order of the two is not known, nobody says that it is another store.
func (w *auditor) addUnknown(files []foundFile) {
	var before, after []foundFile
	for _, f := range files {
		if len(w.runs) > 0 && (f.issued.Unix() >= w.runs[0].StartedTS || !w.clockHeld()) {
			after = append(after, f)
		} else {
			before = append(before, f)
		}
	}
	if len(before) > 0 {
		began := "has no entry"
		if len(w.runs) > 0 {
			began = "starts at " + instant(w.runs[0].StartedTS)
		}
		w.add(Finding{Rule: StoreReset, Details: names(before),
			What: fmt.Sprintf("%s in the output folder unknown to the store, whose ledger %s: it is not the store that issued them", count(len(before), "issued file"), began)})
	}
	if len(after) > 0 {
		w.add(Finding{Rule: StoreBehind, Details: names(after),
			What: fmt.Sprintf("%s in the output folder unknown to the store, whose ledger ends with run %d, at %s", count(len(after), "issued file"), len(w.runs), instant(w.runs[len(w.runs)-1].EndedTS))})
	}
}

// clockHeld tells whether the ledger's times are in its order, up to now.
func (w *auditor) clockHeld() bool {
	last := int64(0)
	for _, r := range w.runs {
		if r.StartedTS < last || r.EndedTS < r.StartedTS {
			return false
		}
		last = r.EndedTS
	}
	return last <= w.Clock().Unix()
}

// checkFiles holds every issued file of the period against the store and its manifest.
func (w *auditor) checkFiles(context.Context) error {
	for _, i := range w.issued {
		if err := w.checkData(i); err != nil {
			return err
		}
		if err := w.checkManifest(i); err != nil {
			return err
		}
		if _, kept := w.rules.texts[i.RulesSHA256]; !kept && i.RulesSHA256 != "" {
			w.add(Finding{Rule: RulesRecord, Region: i.Region, Period: i.Period, What: "the counting rules that " + i.File + " was counted by, SHA-256 " + i.RulesSHA256 + ", are not in the store"})
		}
	}
	return nil
}

func (w *auditor) checkData(i report.Issue) error {
	text, err := report.ReadFile(w.path(i.File))
	f := Finding{Region: i.Region, Period: i.Period}
	if errors.Is(err, fs.ErrNotExist) {
		f.Rule, f.What = DataFileMissing, fmt.Sprintf("%s, issued with %d agents, is gone", i.File, i.Value)
		w.add(f)
		return nil
	}
	if conflict, noFile := errors.AsType[*report.ConflictError](err); noFile {
		f.Rule, f.What = DataFileChanged, fmt.Sprintf("%s, issued with %d agents, is not as issued: %s", i.File, i.Value, conflict.Problem)
		w.add(f)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read data file: %w", err)
	}
	var wrong []string
	if sum := digest(text); sum != i.SHA256 {
		wrong = append(wrong, "SHA-256 "+sum+", issued was "+i.SHA256)
	}
	if m, readable := w.manifests[i.File]; readable {
		if int64(len(text)) != m.Size {
			wrong = append(wrong, fmt.Sprintf("%d bytes, by its manifest %d", len(text), m.Size))
		}
		if rows := rowsOf(text); rows != m.Rows {
			wrong = append(wrong, fmt.Sprintf("%d rows, by its manifest %d", rows, m.Rows))
		}
		if m.SHA256 != i.SHA256 {
			wrong = append(wrong, "its manifest says SHA-256 "+m.SHA256)
		}
	}
	if len(wrong) > 0 {
		f.Rule, f.Details = DataFileChanged, wrong
		f.What = fmt.Sprintf("%s, issued with %d agents, is not as issued: %s", i.File, i.Value, wrong[0])
		w.add(f)
	}
	return nil
}

// rowsOf counts the records below the header; -1 for what is no CSV.
func rowsOf(text []byte) int {
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		return -1
	}
	return len(records) - 1
}

func (w *auditor) checkManifest(i report.Issue) error {
	name := report.ManifestName(i.File)
	f := Finding{Region: i.Region, Period: i.Period}
	text, err := report.ReadFile(w.path(name))
	m, readable := w.manifests[i.File]
	conflict, noFile := errors.AsType[*report.ConflictError](err)
	switch {
	case noFile:
		f.Rule, f.What = ManifestChanged, name+" is not as issued: "+conflict.Problem
	case errors.Is(err, fs.ErrNotExist):
		f.Rule, f.What = ManifestMissing, name+" is gone"
	case err != nil:
		return fmt.Errorf("read manifest: %w", err)
	case digest(text) != i.ManifestSHA256:
		f.Rule, f.What = ManifestChanged, name+" is not as issued: SHA-256 "+digest(text)+", issued was "+i.ManifestSHA256
		if f.Details = []string{"it is no manifest any more"}; readable {
			f.Details = disagreements(i, m)
		}
	case !readable:
		f.Rule, f.What = ManifestWrong, name+" is no manifest that this program can read"
	default:
		if f.Details = disagreements(i, m); len(f.Details) == 0 {
			return nil
		}
		f.Rule, f.What = ManifestWrong, name+" and the store's row of it disagree: "+f.Details[0]
	}
	w.add(f)
	return nil
}

// disagreements are the fields in which the store's row and the manifest differ.
func disagreements(i report.Issue, m report.Manifest) []string {
	var out []string
	compare := func(field string, stored, said any) {
		if stored != said {
			out = append(out, fmt.Sprintf("%s: %v in the store, %v in the manifest", field, stored, said))
		}
	}
	compare("file", i.File, m.File)
	compare("sha256", i.SHA256, m.SHA256)
	compare("region", i.Region, m.Region)
	compare("measure", i.Measure, m.Measure)
	compare("period", i.Period, m.Period)
	compare("value", i.Value, m.Value)
	compare("state", i.State, m.State)
	compare("revision", i.Revision, m.Revision)
	compare("supersedes", i.Supersedes, textOf(m.Supersedes))
	compare("reason", i.Reason, textOf(m.Reason))
	if i.RulesSHA256 != "" {
		compare("rules_sha256", i.RulesSHA256, m.RulesHash)
	}
	compare("issued_at", i.IssuedAt.Unix(), m.IssuedAt.Unix())
	return out
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// fileName takes the period out of the name of a data file, its manifest or that one's signature.
var fileName = regexp.MustCompile(`^CNT_.*_(\d{4})(\d{2})(\d{2})?(?:_R\d+)?\.csv(?:\.manifest\.json(?:\.minisig)?)?$`)

// periodOf is the period that a file name carries, "" where it carries none.
func periodOf(name string) string {
	part := fileName.FindStringSubmatch(name)
	if part == nil {
		return ""
	}
	if part[3] == "" {
		return part[1] + "-" + part[2]
	}
	return part[1] + "-" + part[2] + "-" + part[3]
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
