package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// standing is the issue that stands for a period: the highest revision that the
// ledger or the folder knows of. The ledger leads; the folder is asked where it
// holds a later revision, because the store was lost or put back from a backup,
// or because a run died before it could write its ledger.
type standing struct {
	issue        Issue
	adopted      bool    // rebuilt from disk: the ledger lacks it
	recovered    []Issue // earlier revisions that the ledger lacks too
	size         int64   // bytes of the data file; 0 while dataGone
	dataGone     bool
	manifestGone bool
}

// Gone names the data files of a ledger that stand and are not in the folder any more. Somebody may have taken them
// from there; issuing their numbers again puts them back.
func Gone(dir string, ledger []Issue) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list issued files: %w", err)
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	stands := map[Series]Issue{}
	for _, i := range ledger {
		if i.Revision > stands[i.Series()].Revision {
			stands[i.Series()] = i
		}
	}
	for _, i := range stands {
		if !there[i.File] {
			names = append(names, i.File)
		}
	}
	slices.Sort(names)
	return names, nil
}

// standing finds the issue that stands, nil where nothing was ever issued. What
// is on disk and contradicts it is a *ConflictError.
func (d decision) standing() (*standing, error) {
	var last Issue
	for _, i := range d.chain {
		if i.Revision > last.Revision {
			last = i
		}
	}
	var later []int // revisions with a data file that the ledger does not know
	for _, name := range d.found {
		if revision := d.number.revisionOf(name); revision > last.Revision {
			later = append(later, revision)
		}
	}
	slices.Sort(later)
	if len(later) > 0 {
		return d.fromDisk(later)
	}
	if last.Revision == 0 {
		return nil, nil
	}
	return d.fromLedger(last)
}

// fromLedger compares the ledger's issue with the folder.
func (d decision) fromLedger(issue Issue) (*standing, error) {
	if want := d.number.fileName(issue.Revision); issue.File != want {
		return nil, &ConflictError{
			File:    d.path(want),
			Problem: fmt.Sprintf("the ledger calls the file of revision %d %q", issue.Revision, issue.File),
			Advice:  "the store was changed by hand or belongs to another tenant: restore it",
		}
	}
	now := standing{issue: issue}
	var err error
	if now.size, now.dataGone, err = d.verifyData(issue); err != nil {
		return nil, err
	}
	_, err = os.Lstat(d.path(ManifestName(issue.File)))
	if now.manifestGone = errors.Is(err, fs.ErrNotExist); err != nil && !now.manifestGone {
		return nil, fmt.Errorf("look at manifest: %w", err)
	}
	return &now, nil
}

// fromDisk rebuilds the issue of the last of the revisions, ascending, from its
// manifest. An earlier one is recovered if it is whole; if not, that is for an
// audit to say, since it no longer stands.
func (d decision) fromDisk(revisions []int) (*standing, error) {
	top := len(revisions) - 1
	issue, size, err := d.readIssue(revisions[top])
	if err != nil {
		return nil, err
	}
	now := standing{issue: issue, adopted: true, size: size}
	for _, revision := range revisions[:top] {
		if earlier, _, err := d.readIssue(revision); err == nil {
			now.recovered = append(now.recovered, earlier)
		}
	}
	return &now, nil
}

// readIssue rebuilds an issue from the two files of a revision.
func (d decision) readIssue(revision int) (Issue, int64, error) {
	name := d.number.fileName(revision)
	path := d.path(ManifestName(name))
	text, err := ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Issue{}, 0, d.unissued(name, "it has no manifest, and the ledger does not know it")
	}
	if err != nil {
		return Issue{}, 0, fmt.Errorf("read manifest: %w", err)
	}
	m, err := ParseManifest(path, text)
	if err != nil {
		return Issue{}, 0, d.unissued(name, fmt.Sprintf("the ledger does not know it, and its manifest is damaged: %v", err))
	}
	if !m.describes(d.number, revision) {
		return Issue{}, 0, d.unissued(name, "the ledger does not know it, and its manifest describes something else")
	}
	issue := m.Issue(Digest(text))
	size, gone, err := d.verifyData(issue)
	if gone {
		err = fmt.Errorf("read data file: %s vanished while it was looked at", d.path(name))
	}
	return issue, size, err
}

// describes tells whether the manifest is one of this revision of the number's period.
func (m Manifest) describes(n Number, revision int) bool {
	return m.File == n.fileName(revision) && m.Revision == revision && m.Tenant == n.Tenant &&
		m.Region == n.Region && m.Measure == n.Measure && m.Period == n.Period &&
		m.Value >= 0 && (m.State == Final || m.State == Provisional)
}

// Issue is the ledger's entry for a manifest with the given SHA-256.
func (m Manifest) Issue(sum string) Issue {
	issue := Issue{
		Region: m.Region, Measure: m.Measure, Period: m.Period, Revision: m.Revision,
		Value: m.Value, State: m.State, File: m.File, SHA256: m.SHA256, ManifestSHA256: sum,
		Supersedes: required(m.Supersedes), Reason: required(m.Reason), IssuedAt: m.IssuedAt, RulesSHA256: m.RulesHash,
	}
	if m.Peak != nil {
		issue.PeakAt, issue.PeakSeconds = &m.Peak.At, m.Peak.Seconds
	}
	return issue
}

// verifyData compares the data file with what was issued and gives its size in
// bytes, or that it is gone.
func (d decision) verifyData(issue Issue) (size int64, gone bool, err error) {
	text, err := ReadFile(d.path(issue.File))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read data file: %w", err)
	}
	if sum := Digest(text); sum != issue.SHA256 {
		return 0, false, &ConflictError{
			File:    d.path(issue.File),
			Problem: fmt.Sprintf("the file was changed since it was issued: its SHA-256 is %s, issued was %s", sum, issue.SHA256),
			Advice:  "find out who changed it, and move it away; the next run puts the issued one back",
		}
	}
	return int64(len(text)), false, nil
}

// verifyManifest compares the manifest with the one the ledger holds, and gives
// it and its text. The ledger is behind where a run died after it had rewritten
// the manifest: such a manifest names the one of the ledger as the one before it,
// and speaks of the same file. It is adopted, and brought up to date like any other.
func (d decision) verifyManifest(now *standing) (m Manifest, text []byte, err error) {
	path := d.path(ManifestName(now.issue.File))
	if text, err = ReadFile(path); err != nil {
		return m, nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err = ParseManifest(path, text)
	sum := Digest(text)
	if err == nil && sum == now.issue.ManifestSHA256 {
		return m, text, nil
	}
	last := len(m.Updates) - 1
	if err == nil && last >= 0 && m.Updates[last].ManifestSHA256 == now.issue.ManifestSHA256 &&
		m.describes(d.number, now.issue.Revision) && m.SHA256 == now.issue.SHA256 && m.Value == now.issue.Value {
		now.issue.ManifestSHA256, now.adopted = sum, true
		return m, text, nil
	}
	return m, nil, &ConflictError{
		File:    path,
		Problem: "the manifest was changed since it was issued",
		Advice:  "find out who changed it, and move it away; the next run writes it again",
	}
}

// unissued is the conflict with a file that lies where an issued one would.
func (d decision) unissued(name, problem string) error {
	return &ConflictError{
		File:    d.path(name),
		Problem: problem,
		Advice:  "move the file away, or restore its manifest or the store from a backup",
	}
}
