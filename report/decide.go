package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
)

// decision is what R13 is decided from, for one number.
type decision struct {
	writer  Writer
	number  Number
	chain   []Issue         // of the number's series, as the ledger has them
	unknown []string        // files in the folder that the ledger does not have
	taken   map[string]bool // names of data files that another one must not get
	reason  string
	now     time.Time
}

// plan is a decision made: what the outcome will be, and the bytes to write for it. A nil manifest or data file stays as it is on
// disk, and so does a nil signature, unless there is a manifest, of which an old one would say nothing.
type plan struct {
	outcome                   Outcome
	manifest, signature, data []byte
}

// plan applies R13. It reads the folder and writes nothing. Where there is an error everything is left alone: it is a *ConflictError
// where R13 or a conflict refuses.
func (d decision) plan() (plan, error) {
	if err := d.number.validate(); err != nil {
		return plan{}, err
	}
	now, err := d.standing()
	if err != nil {
		return plan{}, err
	}
	mayMove := now != nil && d.writer.ProvisionalMayMove && now.State == settle.Provisional
	switch {
	case now != nil && now.Value == d.number.Value:
		return d.keep(*now)
	case now != nil && d.reason == "" && !mayMove:
		return plan{}, d.conflict(now.File, fmt.Sprintf("revision %d was issued with %d %s agents, the count is now %d", now.Revision, now.Value, d.number.Measure, d.number.Value),
			fmt.Sprintf("give --restate REASON to issue revision %d", now.Revision+1))
	case d.writer.FinalOnly && d.number.State == settle.Provisional:
		return plan{outcome: Outcome{Number: d.number, Action: Held}}, nil
	case now == nil:
		// A manifest without a data file may be there: the remnant of a run that died between the two. Nothing was issued by it, so
		// it is written anew and describes this number.
		return d.issue(Written, Issue{Revision: 1}, nil)
	case d.reason == "":
		d.reason = map[string]string{settle.Final: "became final", settle.Provisional: "moved while it was provisional"}[d.number.State]
	}
	recovered := now.recovered
	if now.adopted { // the ledger lacks it, too
		recovered = append(slices.Clone(recovered), now.Issue)
	}
	return d.issue(Restated, Issue{Revision: now.Revision + 1, Supersedes: now.File, Reason: d.reason}, recovered)
}

func (d decision) issue(action Action, i Issue, recovered []Issue) (plan, error) {
	data, err := renderDataFile(d.number, d.writer.Columns)
	if err != nil {
		return plan{}, err
	}
	n := d.number
	i.Series, i.Value, i.State = n.Series, n.Value, n.State
	if i.File, err = d.newName(i.Revision); err != nil {
		return plan{}, err
	}
	i.SHA256, i.IssuedAt = Digest(data), d.now
	p := plan{outcome: Outcome{Number: n, Issue: d.withPeak(i), Recovered: recovered, Action: action}, data: data}
	return p, d.describe(&p, int64(len(data)), nil)
}

// newName is the name of a new data file. Where it holds the second of its issue, that is the first one from now on that is free; and
// where it holds a time, the name that a run gave to a manifest before it died is used again.
func (d decision) newName(revision int) (string, error) {
	names := d.writer.Names
	for _, manifest := range d.unknown {
		name := DataFile(manifest)
		if !names.Has("issued") || name == manifest || slices.Contains(d.unknown, name) {
			continue
		}
		if m, _, err := ReadManifest(d.path(manifest)); err == nil && m.describes(d.number, name, revision) {
			return name, nil
		}
	}
	for at := d.now; ; at = at.Add(time.Second) {
		name := names.Of(d.number.named(at, revision))
		switch taken := d.taken[name]; {
		case !taken:
			d.taken[name] = true
			return name, nil
		case !names.Stamped():
			return "", d.conflict(name, "the ledger has a file of another number under this name", "report.file_name or report.measures was changed: names must be others than before, such as with {measure}")
		}
	}
}

// keep is for a number that is the one issued. The data file stays, or is put back byte for byte if it vanished. The manifest describes what the
// store holds: it is brought up to date where anything behind the number moved, and written again where it vanished. A final number that a later run
// would call provisional stays final, since its files say so. A manifest that stays and has no signature is signed.
func (d decision) keep(now standing) (p plan, err error) {
	if now.dataGone {
		p.data, err = renderDataFile(d.number, d.writer.Columns)
		if err == nil && Digest(p.data) != now.SHA256 {
			err = d.conflict(now.File, "the issued file is gone, and today's report.columns give other bytes than were issued",
				"restore the file from a backup, or run once with the report.columns of its time")
		}
		if err != nil {
			return p, err
		}
		now.size = int64(len(p.data))
	}
	var before Manifest
	var text []byte
	if !now.manifestGone {
		if before, text, err = d.verifyManifest(&now); err != nil {
			return p, err
		}
	}
	p.outcome = Outcome{Number: d.number, Issue: d.withPeak(now.Issue), Recovered: now.recovered}
	i := &p.outcome.Issue
	if d.number.State == settle.Final {
		i.State = settle.Final
	}
	moved := differences(before, newManifest(d.number, *i, now.size, d.writer.Versions))
	if now.manifestGone || len(moved) > 0 {
		if now.manifestGone { // nobody knows what it said
			moved = []Difference{}
		}
		update := Update{At: d.now, ManifestSHA256: i.ManifestSHA256, Differences: moved}
		err = d.describe(&p, now.size, append(slices.Clone(before.Updates), update))
	} else {
		i.RulesSHA256 = before.RulesHash
		p.signature, err = d.missingSignature(*i, text)
	}
	switch { // the most telling thing first
	case now.dataGone || now.manifestGone:
		p.outcome.Action = Restored
	case i.State != now.State:
		p.outcome.Action = State
	case p.manifest != nil:
		p.outcome.Action = Updated
	case now.adopted:
		p.outcome.Action = Adopted
	case p.signature != nil:
		p.outcome.Action = Signed
	default:
		p.outcome.Action = Unchanged
	}
	return p, err
}

// describe gives the plan the manifest of its issue, signed, and the issue the manifest's hash. updates are of an existing
// manifest that is replaced, nil for a new one.
func (d decision) describe(p *plan, size int64, updates []Update) (err error) {
	i := &p.outcome.Issue
	m := newManifest(d.number, *i, size, d.writer.Versions)
	if last := len(updates) - 1; last >= 0 {
		m.Updates, m.UpdatedAt = updates, &updates[last].At
	}
	if i.Supersedes != "" {
		m.Differences = d.since(i.Supersedes, slices.Concat(d.chain, p.outcome.Recovered), m)
	}
	if p.manifest, err = m.Encode(); err != nil {
		return err
	}
	i.ManifestSHA256, i.RulesSHA256 = Digest(p.manifest), m.RulesHash
	p.signature = d.sign(*i, p.manifest)
	return nil
}

// since lists what moved from the superseded file to m. Where the superseded manifest is gone or is not the one that was issued,
// the number alone is compared, as the ledger has it.
func (d decision) since(superseded string, known []Issue, m Manifest) []Difference {
	at := slices.IndexFunc(known, func(i Issue) bool { return i.File == superseded })
	if at < 0 {
		return []Difference{}
	}
	before, sum, err := ReadManifest(d.path(ManifestName(superseded)))
	if err != nil || sum != known[at].ManifestSHA256 {
		return []Difference{{Field: "value", Before: known[at].Value, After: m.Value}}
	}
	return differences(before, m)
}

func (d decision) withPeak(issue Issue) Issue {
	issue.PeakAt, issue.PeakSeconds = nil, 0
	if d.number.hasPeak() {
		issue.PeakAt, issue.PeakSeconds = new(d.number.PeakAt), d.number.PeakSeconds
	}
	return issue
}

func (d decision) path(name string) string { return filepath.Join(d.writer.Dir, name) }

func (d decision) conflict(name, problem, advice string) error {
	return &ConflictError{File: d.path(name), Problem: problem, Advice: advice}
}

// unissued is the conflict with a file that lies where an issued one would.
func (d decision) unissued(name, problem string) error {
	return d.conflict(name, problem, "move the file away, or restore its manifest or the store from a backup")
}

// standing is the issue that stands for a period: the highest revision that the ledger or the folder knows of. The ledger leads; the folder is asked
// where it holds a later revision, because the store was lost or put back from a backup, or because a run died before it could write its ledger.
type standing struct {
	Issue
	adopted      bool    // rebuilt from disk: the ledger lacks it
	recovered    []Issue // earlier revisions that the ledger lacks too
	size         int64   // bytes of the data file; 0 while dataGone
	dataGone     bool
	manifestGone bool
}

// standing finds the issue that stands, nil where nothing was ever issued. What is on disk and contradicts it is a *ConflictError.
func (d decision) standing() (*standing, error) {
	var last Issue
	for _, i := range d.chain {
		if i.Revision > last.Revision {
			last = i
		}
	}
	later, err := d.later(last.Revision)
	switch {
	case err != nil:
		return nil, err
	case len(later) > 0:
		return d.fromDisk(later)
	}
	if last.Revision == 0 {
		return nil, nil
	}
	if !d.mayBe(last) {
		return nil, d.conflict(d.writer.Names.Of(d.number.named(last.IssuedAt, last.Revision)),
			fmt.Sprintf("the ledger calls the file of revision %d %q", last.Revision, last.File),
			"the store was changed by hand or belongs to another tenant: restore it")
	}
	now := standing{Issue: last}
	if now.size, now.dataGone, err = d.verifyData(last); err != nil {
		return nil, err
	}
	_, err = os.Lstat(d.path(ManifestName(last.File)))
	if now.manifestGone = errors.Is(err, fs.ErrNotExist); err != nil && !now.manifestGone {
		return nil, fmt.Errorf("look at manifest: %w", err)
	}
	return &now, nil
}

// later are the data files of revisions that the ledger does not know, by these. A name that holds the second of issue need not tell
// what it is of: its manifest does, and where there is none, it may be this one.
func (d decision) later(than int) (map[int]string, error) {
	later := map[int]string{}
	for _, name := range d.unknown {
		is, fits := d.writer.Names.Read(name, d.number.named(time.Time{}, 0))
		if fits && d.writer.Names.Stamped() {
			m, _, err := ReadManifest(d.path(ManifestName(name)))
			if err == nil && m.File == name && m.Tenant == d.number.Tenant && m.Series != d.number.Series {
				continue
			}
			is.Revision = cmp.Or(m.Revision, than+1)
		}
		switch other := later[is.Revision]; {
		case !fits || is.Revision <= than:
		case other != "":
			return nil, d.unissued(name, fmt.Sprintf("it and %s are both revision %d, and the ledger knows neither", other, is.Revision))
		default:
			later[is.Revision] = name
		}
	}
	return later, nil
}

// mayBe tells whether the ledger's name of an issue can be that of a data file of the number: a site may have named its files otherwise before.
func (d decision) mayBe(i Issue) bool {
	is, fits := d.writer.Names.Read(i.File, d.number.named(time.Time{}, 0))
	if fits {
		return is.Revision == 0 || is.Revision == i.Revision
	}
	m, _, err := ReadManifest(d.path(ManifestName(i.File)))
	return fileName.MatchString(i.File) && (err != nil || m.describes(d.number, i.File, i.Revision))
}

// fileName is what may become a path.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// fromDisk rebuilds the issue of the last revision from its manifest. An earlier one is recovered if it is whole; if not, that is for an
// audit to say, since it no longer stands.
func (d decision) fromDisk(later map[int]string) (*standing, error) {
	revisions := slices.Sorted(maps.Keys(later))
	top := len(revisions) - 1
	issue, size, err := d.readIssue(later[revisions[top]], revisions[top])
	now := standing{Issue: issue, adopted: true, size: size}
	for _, revision := range revisions[:top] {
		if earlier, _, err := d.readIssue(later[revision], revision); err == nil {
			now.recovered = append(now.recovered, earlier)
		}
	}
	return &now, err
}

// readIssue rebuilds an issue from the two files of a revision.
func (d decision) readIssue(name string, revision int) (Issue, int64, error) {
	path := d.path(ManifestName(name))
	text, unread := ReadFile(path)
	m, damaged := ParseManifest(path, text)
	switch {
	case errors.Is(unread, fs.ErrNotExist):
		return Issue{}, 0, d.unissued(name, "it has no manifest, and the ledger does not know it")
	case unread != nil:
		return Issue{}, 0, fmt.Errorf("read manifest: %w", unread)
	case damaged != nil:
		return Issue{}, 0, d.unissued(name, fmt.Sprintf("the ledger does not know it, and its manifest is damaged: %v", damaged))
	case !m.describes(d.number, name, revision):
		return Issue{}, 0, d.unissued(name, "the ledger does not know it, and its manifest describes something else")
	}
	issue := m.Issue(Digest(text))
	size, gone, err := d.verifyData(issue)
	if gone {
		err = fmt.Errorf("read data file: %s vanished while it was looked at", d.path(name))
	}
	return issue, size, err
}

// verifyData compares the data file with what was issued and gives its size in bytes, or that it is gone.
func (d decision) verifyData(issue Issue) (size int64, gone bool, err error) {
	text, err := ReadFile(d.path(issue.File))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read data file: %w", err)
	}
	if sum := Digest(text); sum != issue.SHA256 {
		return 0, false, d.conflict(issue.File, fmt.Sprintf("the file was changed since it was issued: its SHA-256 is %s, issued was %s", sum, issue.SHA256),
			"find out who changed it, and move it away; the next run puts the issued one back")
	}
	return int64(len(text)), false, nil
}

// verifyManifest compares the manifest with the one the ledger holds, and gives it and its text. The ledger is behind where a run
// died after it had rewritten the manifest: such a manifest names the one of the ledger as the one before it, and speaks of the
// same file. It is adopted, and brought up to date like any other.
func (d decision) verifyManifest(now *standing) (m Manifest, text []byte, err error) {
	name := ManifestName(now.File)
	if text, err = ReadFile(d.path(name)); err != nil {
		return m, nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err = ParseManifest(d.path(name), text)
	sum, last := Digest(text), len(m.Updates)-1
	switch {
	case err != nil:
	case sum == now.ManifestSHA256:
		return m, text, nil
	case last >= 0 && m.Updates[last].ManifestSHA256 == now.ManifestSHA256 &&
		m.describes(d.number, now.File, now.Revision) && m.SHA256 == now.SHA256 && m.Value == now.Value:
		now.ManifestSHA256, now.adopted = sum, true
		return m, text, nil
	}
	return m, nil, d.conflict(name, "the manifest was changed since it was issued", "find out who changed it, and move it away; the next run writes it again")
}

// sign gives the signature of the issue's manifest, nil without a key.
func (d decision) sign(issue Issue, manifest []byte) []byte {
	s := d.writer.Signing
	if s == nil {
		return nil
	}
	mark := Mark{Tenant: d.number.Tenant, Manifest: ManifestName(issue.File), Run: s.Run, Previous: s.Previous}
	return s.Key.Sign(manifest, mark.String())
}

// missingSignature signs a manifest that is as it was issued, where there is no signature: it was issued without a key, or a run died before it had
// signed. One that is there stays. That it fits is looked at where it is this key's; what another key signed is for an audit with that key.
func (d decision) missingSignature(issue Issue, manifest []byte) ([]byte, error) {
	if d.writer.Signing == nil {
		return nil, nil
	}
	name := SignatureName(issue.File)
	signature, err := ReadFile(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return d.sign(issue, manifest), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read signature: %w", err)
	}
	err = d.writer.Signing.Key.Public().Check(manifest, signature)
	if err == nil || errors.Is(err, sign.ErrAnotherKey) {
		return nil, nil
	}
	return nil, d.conflict(name, "the signature is not that of the issued manifest: "+err.Error(),
		"find out who changed it, and move it away; the next run signs the manifest again")
}
