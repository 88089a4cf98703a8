// Package report turns results into what leaves the system: data files with their manifests, and tables, JSON and CSV on a writer.
//
// What it promises:
//
//   - A period once issued is never silently replaced (R13). The same number
//     again writes nothing; another number is refused, or, with a stated reason,
//     becomes the next revision beside the one it supersedes. Where the site lets
//     provisional numbers move, that they moved, or became final, is the reason.
//   - A data file depends on the number and the configured columns alone: equal
//     inputs give equal bytes.
//   - A data file, its manifest and, with a key, the manifest's signature appear
//     whole or not at all, the data file last, readable by their owner and whom Writer.Access names alone.
//   - What is found on disk and was not issued, or is not what was issued, is
//     named in an error and left as it is.
//
// The package is given values. It does not know how they were counted, keeps no
// ledger of its own and reads no clock: every time comes in as a parameter.
package report

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

// Issue is one entry of the ledger: a data file that was issued.
type Issue struct {
	Series
	Revision       int   // 1, 2, ...
	Value          int64 // agents
	State          string
	File           string // name of the data file, without folder
	SHA256         string // of the data file
	ManifestSHA256 string
	Supersedes     string // name of the file of the revision before; "" for the first
	Reason         string // why; "" for the first
	PeakAt         *time.Time
	PeakSeconds    int64
	IssuedAt       time.Time // UTC, whole seconds
	RulesSHA256    string    // of the counting rules, as the manifest says; "" where an older version issued it and they are not known
	Stands         bool      // in a ledger: no later revision supersedes it
}

// Action says what Writer.Issue did about a number.
type Action string

// The actions. Only Written, Restated and Restored wrote a data file.
const (
	Written   Action = "written"   // first revision
	Restated  Action = "restated"  // next revision
	Unchanged Action = "unchanged" // issued before with this number; nothing to do
	State     Action = "finalized" // provisional to final: manifest brought up to date
	Updated   Action = "updated"   // what is behind the number moved: manifest brought up to date
	Restored  Action = "restored"  // a vanished data file or manifest was put back
	Signed    Action = "signed"    // the manifest had no signature
	Adopted   Action = "adopted"   // found intact on disk, unknown to the ledger
	Held      Action = "held"      // provisional, and nothing is issued before it is final
	Refused   Action = "refused"   // R13, or a conflict with what is on disk
	Failed    Action = "failed"    // the number is invalid, or reading or writing failed
)

// Outcome is what became of one number. Where Err is nil, and it is not Held, Issue is the row that the ledger should now hold for its region,
// measure, period and revision, and Recovered are rows of earlier revisions that the ledger lacked and that were found intact
// on disk. Where Err is not nil, nothing was issued.
type Outcome struct {
	Number    Number
	Issue     Issue
	Recovered []Issue
	Action    Action
	Blocked   bool // by a data-quality rule (R11): what was not counted is not 0
	Err       error
}

// Writer issues the numbers of one tenant into its folder. One Writer at a time may work on a folder; the store's lock sees to that.
type Writer struct {
	Dir      string          // <output_dir>/<tenant>; made when first needed, 0700 or as Access says
	Names    config.FileName // of data files
	Columns  []config.Column // of data files; none: the default ones
	Versions Versions
	Signing  *Signing // nil: nothing is signed

	FinalOnly          bool // a number that is provisional gets no file
	ProvisionalMayMove bool // another number than one that was issued as provisional is issued without a reason of the operator's
	plain.Access
}

// Issue performs R13 for the numbers of one tenant and gives one outcome for each, in their order. ledger holds what was issued
// to the tenant before, in any order; reason is the operator's for a restatement, "" for none, and is used only where a number
// differs from the one issued; now is the time of issue.
//
// Everything is decided before anything is written, and a number that cannot be issued does not keep back the others: its outcome carries the error,
// a *ConflictError where R13 refuses. The error of Issue itself means that nothing was looked at and nothing written.
func (w Writer) Issue(numbers []Number, ledger []Issue, reason string, now time.Time) ([]Outcome, error) {
	if reason != "" {
		if err := ValidateReason(reason); err != nil {
			return nil, err
		}
	}
	seen := map[Series]bool{}
	for _, n := range numbers { // two tenants in one folder, or two numbers for one file, a caller can only get wrong
		if n.Tenant != numbers[0].Tenant {
			return nil, fmt.Errorf("issue numbers: tenants %q and %q in one folder", numbers[0].Tenant, n.Tenant)
		}
		if seen[n.Series] {
			return nil, fmt.Errorf("issue numbers: %s of %s for %s is there twice", n.Measure, n.Region, n.Period)
		}
		seen[n.Series] = true
	}
	found, err := w.list()
	if err != nil {
		return nil, err
	}
	if err := w.Tree(w.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // what was issued before Access said so
		return nil, err
	}
	chains, taken := map[Series][]Issue{}, map[string]bool{}
	for _, issue := range ledger {
		chains[issue.Series], taken[issue.File] = append(chains[issue.Series], issue), true
	}
	unknown := slices.DeleteFunc(found, func(name string) bool { return taken[DataFile(name)] })
	if w.Names.Stamped() {
		for _, name := range unknown {
			taken[DataFile(name)] = true
		}
	}
	var plans []plan
	for _, n := range numbers {
		p, err := decision{w, n, chains[n.Series], unknown, taken, reason, now.UTC().Truncate(time.Second)}.plan()
		if err != nil {
			p = plan{outcome: Outcome{Number: n, Action: Failed, Err: err}}
			if _, conflict := errors.AsType[*ConflictError](err); conflict {
				p.outcome.Action = Refused
			}
		}
		plans = append(plans, p)
	}
	var outcomes []Outcome
	for _, p := range plans {
		name := p.outcome.Issue.File
		if err := w.publish(name, p); err != nil {
			p.outcome = Outcome{Number: p.outcome.Number, Action: Failed, Err: fmt.Errorf("write %s: %w", filepath.Join(w.Dir, name), err)}
		}
		outcomes = append(outcomes, p.outcome)
	}
	return outcomes, nil
}

// ValidateReason tells whether a restatement may state this reason: one line of valid UTF-8, not blank, at most 500 characters,
// no control characters.
func ValidateReason(reason string) error {
	problem := ""
	switch {
	case !utf8.ValidString(reason):
		problem = "not valid UTF-8"
	case strings.TrimSpace(reason) == "":
		problem = "it is blank"
	case utf8.RuneCountInString(reason) > 500:
		problem = "longer than 500 characters"
	case strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }):
		problem = "not a single line of text"
	default:
		return nil
	}
	return fmt.Errorf("validate restatement reason: %s", problem)
}

// IssuedFiles is every data file that was issued, revision by revision.
func IssuedFiles(ctx context.Context, q duck.Queryer) ([]Issue, error) {
	return duck.All[Issue](ctx, q, "store/issued_file")
}

// PutIssuedFile writes one revision, in place of what the store held of it.
func PutIssuedFile(ctx context.Context, q duck.Queryer, i Issue) error {
	var peak *int64
	if i.PeakAt != nil {
		peak = new(i.PeakAt.Unix())
	}
	err := duck.ExecAll(ctx, q, []string{"store/delete_issued_file", "store/insert_issued_file"},
		sql.Named("region", i.Region), sql.Named("measure", string(i.Measure)), sql.Named("period", i.Period), sql.Named("revision", i.Revision),
		sql.Named("value", i.Value), sql.Named("state", i.State), sql.Named("file", i.File), sql.Named("sha256", i.SHA256),
		sql.Named("manifest_sha256", i.ManifestSHA256), sql.Named("supersedes", i.Supersedes), sql.Named("reason", i.Reason),
		sql.Named("peak_ts", peak), sql.Named("peak_seconds", i.PeakSeconds), sql.Named("issued_ts", i.IssuedAt.Unix()), sql.Named("rules_sha256", i.RulesSHA256))
	if err != nil {
		return fmt.Errorf("remember %s: %w", i.File, err)
	}
	return nil
}

// ConflictError refuses to issue: a number differs from what was issued for the same period, and no reason was given (R13), or a file
// on disk is not what was issued, or nobody issued it. All was left as it is.
type ConflictError struct {
	File    string // path
	Problem string
	Advice  string
}

func (e *ConflictError) Error() string { return fmt.Sprintf("issue %s: %s", e.File, e.Problem) }

// Hint tells the operator what to do.
func (e *ConflictError) Hint() string { return "nothing was overwritten; " + e.Advice }

// ExitCode is that of R13.
func (*ConflictError) ExitCode() int { return int(fail.Restatement) }

// Unfinished files carry these around the name they will get. A run that was killed leaves them; the next one removes them.
const (
	unfinishedPrefix = "."
	unfinishedSuffix = ".tmp"
)

// list names what is in the folder, after removing what an earlier run left unfinished. A folder that is not there yet is empty.
func (w Writer) list() ([]string, error) {
	entries, err := os.ReadDir(w.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list issued files: %w", err)
	}
	if info, err := os.Lstat(w.Dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, fail.New(fail.Other, "output_dir may be a link to where the files shall lie, a tenant's folder in it may not",
			"list issued files: %s is a symbolic link, and would lead them elsewhere", w.Dir)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		name := entry.Name()
		of := DataFile(strings.TrimPrefix(strings.TrimSuffix(name, unfinishedSuffix), unfinishedPrefix))
		_, named := w.Names.Read(of, config.Named{})
		isOurs := strings.HasPrefix(of, "CNT_") || named
		if !strings.HasPrefix(name, unfinishedPrefix) || !strings.HasSuffix(name, unfinishedSuffix) || !isOurs {
			names = append(names, name)
			continue
		}
		if err := os.Remove(filepath.Join(w.Dir, name)); err != nil {
			return nil, fmt.Errorf("remove unfinished file: %w", err)
		}
	}
	return names, nil
}

// publish makes the files of a plan appear, readable by their owner and whom Access names alone, whole, in their order, the data file,
// which must not be there yet, last. All are on disk under other names before the first gets its own, so that a full disk or a
// missing right shows before anything is to be seen.
func (w Writer) publish(name string, p plan) (err error) {
	type file struct {
		name string
		text []byte
	}
	files := slices.DeleteFunc([]file{{ManifestName(name), p.manifest}, {SignatureName(name), p.signature}, {name, p.data}},
		func(f file) bool { return f.text == nil })
	if len(files) == 0 {
		return nil
	}
	if err := makeFolder(w.Dir, w.Access); err != nil {
		return err
	}
	var staged []string
	defer func() {
		if err != nil {
			for _, path := range staged {
				_ = os.Remove(path) // gone already, or left to the next run's list
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(w.Dir, unfinishedPrefix+f.name+unfinishedSuffix)
		staged = append(staged, path)
		if err := cmp.Or(plain.Write(path, f.text, 0o600), w.Give(path)); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(filepath.Join(w.Dir, name)); p.data != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("it appeared meanwhile: %w", fs.ErrExist)
	}
	if p.manifest != nil { // of which the old signature says nothing: a crash must not bring it back beside it
		if err = os.Remove(filepath.Join(w.Dir, SignatureName(name))); err == nil {
			err = plain.Sync(w.Dir)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for i, f := range files {
		if err := os.Rename(staged[i], filepath.Join(w.Dir, f.name)); err != nil {
			return err
		}
	}
	return plain.Sync(w.Dir)
}

// ReadFile reads an issued file. A link or anything else that is no file is a *ConflictError: what it leads to was not issued.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &ConflictError{
			File:    path,
			Problem: fmt.Sprintf("it is no file (%s)", info.Mode()),
			Advice:  "find out who put it there, and move it away; the next run puts the issued file back",
		}
	}
	return os.ReadFile(path)
}

// makeFolder makes the folder and those above it where they are missing. What exists keeps its permissions: they are the operator's choice.
func makeFolder(path string, access plain.Access) error {
	if _, err := os.Stat(path); err == nil {
		return nil // if it is no folder, writing into it says so
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeFolder(parent, access); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return cmp.Or(access.Give(path), plain.Sync(parent))
}

// Gone names the data files of a ledger that stand and are not in the folder any more. Somebody may have taken them
// from there; issuing their numbers again puts them back.
func Gone(dir string, ledger []Issue) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list issued files: %w", err)
	}
	for _, i := range ledger {
		_, there := slices.BinarySearchFunc(entries, i.File, func(e fs.DirEntry, name string) int { return strings.Compare(e.Name(), name) })
		if i.Stands && !there {
			names = append(names, i.File)
		}
	}
	slices.Sort(names)
	return names, nil
}
