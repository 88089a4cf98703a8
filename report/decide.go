package report

import (
	"errors"
	"path/filepath"
	"slices"
	"time"
)

// decision is what R13 is decided from, for one number.
type decision struct {
	writer Writer
	number Number
	chain  []Issue // of the number's region, measure and period, as the ledger has them
	found  []string
	reason string
	now    time.Time
}

// plan is a decision made: what the outcome will be, and the bytes to write for
// it. A nil manifest or data file stays as it is on disk, and so does a nil
// signature, unless there is a manifest, of which an old one would say nothing.
type plan struct {
	outcome                   Outcome
	manifest, signature, data []byte
}

// decide applies R13. It reads the folder and writes nothing.
func (d decision) decide() plan {
	if err := d.number.validate(); err != nil {
		return d.stop(err)
	}
	now, err := d.standing()
	if err != nil {
		return d.stop(err)
	}
	switch {
	case now == nil:
		return d.first()
	case now.issue.Value == d.number.Value:
		return d.keep(*now)
	case d.reason == "":
		return d.stop(&RestatementError{
			File:     d.path(now.issue.File),
			Revision: now.issue.Revision, Measure: d.number.Measure,
			Issued: now.issue.Value, Computed: d.number.Value,
		})
	}
	return d.restate(*now)
}

// stop is the plan to leave everything alone: a refusal where R13 or a conflict
// says so, a failure otherwise.
func (d decision) stop(err error) plan {
	action := Failed
	_, moved := errors.AsType[*RestatementError](err)
	if _, conflict := errors.AsType[*ConflictError](err); conflict || moved {
		action = Refused
	}
	return plan{outcome: Outcome{Number: d.number, Action: action, Err: err}}
}

// first issues revision 1. A manifest without a data file may be there: the
// remnant of a run that died between the two. Nothing was issued by it, so the
// manifest is written anew and describes this number.
func (d decision) first() plan {
	return d.issue(Written, Issue{Revision: 1}, nil)
}

// restate issues the revision after the one that stands.
func (d decision) restate(now standing) plan {
	next := Issue{Revision: now.issue.Revision + 1, Supersedes: now.issue.File, Reason: d.reason}
	if now.adopted { // the ledger lacks it, too
		return d.issue(Restated, next, append(slices.Clone(now.recovered), now.issue))
	}
	return d.issue(Restated, next, nil)
}

// issue plans a new data file with its manifest.
func (d decision) issue(action Action, issue Issue, recovered []Issue) plan {
	data, err := renderDataFile(d.number, d.writer.Columns)
	if err != nil {
		return d.stop(err)
	}
	issue.Region, issue.Measure, issue.Period = d.number.Region, d.number.Measure, d.number.Period
	issue.Value, issue.State = d.number.Value, d.number.State
	issue.File, issue.SHA256, issue.IssuedAt = d.number.fileName(issue.Revision), Digest(data), d.now
	issue = d.withPeak(issue)
	p, err := d.describe(issue, recovered, int64(len(data)), nil)
	if err != nil {
		return d.stop(err)
	}
	p.outcome.Action, p.outcome.Recovered, p.data = action, recovered, data
	p.signature = d.sign(p.outcome.Issue, p.manifest)
	return p
}

// keep is for a number that is the one issued. The data file stays, or is put
// back byte for byte if it vanished. The manifest describes what the store holds:
// it is brought up to date where anything behind the number moved, and written
// again where it vanished. A final number that a later run would call provisional
// stays final, since its files say so. A manifest that stays and has no signature
// is signed.
func (d decision) keep(now standing) plan {
	p := plan{outcome: Outcome{Number: d.number, Recovered: now.recovered}}
	var err error
	if now.dataGone {
		if p.data, err = d.restoredData(now.issue); err != nil {
			return d.stop(err)
		}
		now.size = int64(len(p.data))
	}
	before, text, updates := Manifest{}, []byte(nil), []Update{}
	if !now.manifestGone {
		if before, text, err = d.verifyManifest(&now); err != nil {
			return d.stop(err)
		}
		updates = before.Updates
	}
	state := now.issue.State
	now.issue = d.settled(now.issue)
	moved := differences(before, newManifest(d.number, now.issue, now.size, d.writer.Versions))
	if now.manifestGone || len(moved) > 0 {
		update := Update{At: d.now, ManifestSHA256: now.issue.ManifestSHA256, Differences: moved}
		if now.manifestGone { // nobody knows what it said
			update.Differences = []Difference{}
		}
		written, err := d.describe(now.issue, now.recovered, now.size, append(slices.Clone(updates), update))
		if err != nil {
			return d.stop(err)
		}
		p.manifest, now.issue = written.manifest, written.outcome.Issue
		p.signature = d.sign(now.issue, p.manifest)
	} else {
		now.issue.RulesSHA256 = before.RulesHash
		if p.signature, err = d.missingSignature(now.issue, text); err != nil {
			return d.stop(err)
		}
	}
	p.outcome.Issue, p.outcome.Action = now.issue, keptAs(now, now.issue.State != state, p.manifest != nil)
	if p.signature != nil && p.outcome.Action == Unchanged {
		p.outcome.Action = Signed
	}
	return p
}

// settled is the standing issue as the number gives it now: with its peak, and final for good once it is.
func (d decision) settled(issue Issue) Issue {
	if d.number.State == Final {
		issue.State = Final
	}
	return d.withPeak(issue)
}

// keptAs names what keep did, the most telling thing first.
func keptAs(now standing, settled, updated bool) Action {
	switch {
	case now.dataGone || now.manifestGone:
		return Restored
	case settled:
		return State
	case updated:
		return Updated
	case now.adopted:
		return Adopted
	}
	return Unchanged
}

// restoredData renders the data file of a past issue again and makes sure that
// it comes out as it was.
func (d decision) restoredData(issue Issue) ([]byte, error) {
	data, err := renderDataFile(d.number, d.writer.Columns)
	if err != nil {
		return nil, err
	}
	if Digest(data) != issue.SHA256 {
		return nil, &ConflictError{
			File:    d.path(issue.File),
			Problem: "the issued file is gone, and today's report.columns give other bytes than were issued",
			Advice:  "restore the file from a backup, or run once with the report.columns of its time",
		}
	}
	return data, nil
}

// describe encodes the manifest of the issue and puts the manifest's hash into
// it. updates are of an existing manifest that is replaced, nil for a new one.
func (d decision) describe(issue Issue, recovered []Issue, size int64, updates []Update) (plan, error) {
	m := newManifest(d.number, issue, size, d.writer.Versions)
	if last := len(updates) - 1; last >= 0 {
		m.Updates, m.UpdatedAt = updates, &updates[last].At
	}
	if issue.Supersedes != "" {
		m.Differences = d.since(issue.Supersedes, slices.Concat(d.chain, recovered), m)
	}
	text, err := m.Encode()
	if err != nil {
		return plan{}, err
	}
	issue.ManifestSHA256, issue.RulesSHA256 = Digest(text), m.RulesHash
	return plan{outcome: Outcome{Number: d.number, Issue: issue}, manifest: text}, nil
}

// since lists what moved from the superseded file to m. Where the superseded
// manifest is gone or is not the one that was issued, the number alone is
// compared, as the ledger has it.
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

// withPeak gives the issue the peak of the number.
func (d decision) withPeak(issue Issue) Issue {
	issue.PeakAt, issue.PeakSeconds = nil, 0
	if d.number.hasPeak() {
		at := d.number.PeakAt
		issue.PeakAt, issue.PeakSeconds = &at, d.number.PeakSeconds
	}
	return issue
}

func (d decision) path(name string) string { return filepath.Join(d.writer.Dir, name) }
