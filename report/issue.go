package report

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"seats/internal/config"
)

// Issue is one entry of the ledger: a data file that was issued.
type Issue struct {
	Region         string
	Measure        Measure
	Period         string
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
	State     Action = "state"     // provisional to final: manifest brought up to date
	Updated   Action = "updated"   // what is behind the number moved: manifest brought up to date
	Restored  Action = "restored"  // a vanished data file or manifest was put back
	Signed    Action = "signed"    // the manifest had no signature
	Adopted   Action = "adopted"   // found intact on disk, unknown to the ledger
	Refused   Action = "refused"   // R13, or a conflict with what is on disk
	Failed    Action = "failed"    // the number is invalid, or reading or writing failed
)

// Outcome is what became of one number. Where Err is nil, Issue is the row that
// the ledger should now hold for its region, measure, period and revision, and
// Recovered are rows of earlier revisions that the ledger lacked and that were
// found intact on disk. Where Err is not nil, nothing was issued.
type Outcome struct {
	Number    Number
	Issue     Issue
	Recovered []Issue
	Action    Action
	Err       error
}

// Writer issues the numbers of one tenant into its folder. One Writer at a time
// may work on a folder; the store's lock sees to that.
type Writer struct {
	Dir      string          // <output_dir>/<tenant>; made when first needed, 0700
	Columns  []config.Column // of data files; none: the default ones
	Versions Versions
	Signing  *Signing // nil: nothing is signed
}

// key identifies a chain of revisions.
type key struct {
	region  string
	measure Measure
	period  string
}

func (n Number) key() key { return key{n.Region, n.Measure, n.Period} }

func (i Issue) key() key { return key{i.Region, i.Measure, i.Period} }

// Issue performs R13 for the numbers of one tenant and gives one outcome for
// each, in their order. ledger holds what was issued to the tenant before, in
// any order; reason is the operator's for a restatement, "" for none, and is
// used only where a number differs from the one issued; now is the time of issue.
//
// Everything is decided before anything is written, and a number that cannot be
// issued does not keep back the others: its outcome carries the error, a
// *RestatementError or *ConflictError where R13 refuses. The error of Issue
// itself means that nothing was looked at and nothing written.
func (w Writer) Issue(numbers []Number, ledger []Issue, reason string, now time.Time) ([]Outcome, error) {
	if reason != "" {
		if err := ValidateReason(reason); err != nil {
			return nil, err
		}
	}
	if err := oneTenantOnce(numbers); err != nil {
		return nil, err
	}
	found, err := w.list()
	if err != nil {
		return nil, err
	}
	chains := make(map[key][]Issue)
	for _, issue := range ledger {
		chains[issue.key()] = append(chains[issue.key()], issue)
	}
	plans := make([]plan, 0, len(numbers))
	for _, n := range numbers {
		d := decision{writer: w, number: n, chain: chains[n.key()], found: found, reason: reason, now: wholeSecond(now)}
		plans = append(plans, d.decide())
	}
	outcomes := make([]Outcome, 0, len(plans))
	for _, p := range plans {
		outcomes = append(outcomes, w.perform(p))
	}
	return outcomes, nil
}

// oneTenantOnce refuses what a caller can only get wrong: numbers of two
// tenants in one folder, or two numbers for one file.
func oneTenantOnce(numbers []Number) error {
	seen := make(map[key]bool)
	for _, n := range numbers {
		if n.Tenant != numbers[0].Tenant {
			return fmt.Errorf("issue numbers: tenants %q and %q in one folder", numbers[0].Tenant, n.Tenant)
		}
		if seen[n.key()] {
			return fmt.Errorf("issue numbers: %s of %s for %s is there twice", n.Measure, n.Region, n.Period)
		}
		seen[n.key()] = true
	}
	return nil
}

// maxReason bounds the stated reason, in characters.
const maxReason = 500

// ValidateReason tells whether a restatement may state this reason: one line of
// valid UTF-8, not blank, at most 500 characters, no control characters.
func ValidateReason(reason string) error {
	switch {
	case !utf8.ValidString(reason):
		return fmt.Errorf("validate restatement reason: not valid UTF-8")
	case strings.TrimSpace(reason) == "":
		return fmt.Errorf("validate restatement reason: it is blank")
	case utf8.RuneCountInString(reason) > maxReason:
		return fmt.Errorf("validate restatement reason: longer than %d characters", maxReason)
	case strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }):
		return fmt.Errorf("validate restatement reason: not a single line of text")
	}
	return nil
}
