package audit

import (
	"slices"
	"strconv"
)

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
	Tenant  string
	Rule    Rule
	Region  string   // "" where the finding is of no region
	Period  string   // a day, "2026-03-01 to 2026-03-04", a month, or "" for the whole store
	What    string   // one line, with the numbers
	Details []string // the parts, line by line: agent by agent, setting by setting
}

// Check is the check that the finding's rule belongs to.
func (f Finding) Check() string { return catalogue[f.at()].check }

// IsRemark tells whether the finding asks for nothing: it is said, and leaves the exit status alone.
func (f Finding) IsRemark() bool { return catalogue[f.at()].remark }

// Advice says what to do about it.
func (f Finding) Advice() string { return catalogue[f.at()].advice }

func (f Finding) at() int {
	return slices.IndexFunc(catalogue, func(k kind) bool { return k.rule == f.Rule })
}

// place orders findings: remarks last, each by the order of the catalogue.
func (f Finding) place() int {
	if f.IsRemark() {
		return f.at() + len(catalogue)
	}
	return f.at()
}

// Rules lists every rule, check by check.
func Rules() (rules []Rule) {
	for _, k := range catalogue {
		rules = append(rules, k.rule)
	}
	return rules
}

// kind is what all findings of a rule have in common.
type kind struct {
	rule   Rule
	check  string
	remark bool
	advice string
}

// count writes a number with its noun.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
