package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/report"
	texts "seats/sql"
)

// rulesBook is what the store remembers of how its days were computed.
type rulesBook struct {
	texts map[string]string // counting rules as JSON, by their hash
	days  map[string]computation
}

type computation struct {
	slice      string
	isOfAsOf   bool // the slice has the as_of by which it was counted
	rules, sql string
}

// loadRules reads the book. A text that is not what its hash says is a finding, and is not believed.
func (w *auditor) loadRules(ctx context.Context) error {
	w.rules = rulesBook{texts: map[string]string{}, days: map[string]computation{}}
	err := duck.Each(ctx, w.scratch.Conn, "ask/rules", func(scan func(...any) error) error {
		var sum, text string
		if err := scan(&sum, &text); err != nil {
			return err
		}
		if digest([]byte(text)) != sum {
			w.add(Finding{Rule: RulesRecord, What: "the counting rules kept under SHA-256 " + sum + " have SHA-256 " + digest([]byte(text))})
			return nil
		}
		w.rules.texts[sum] = text
		return nil
	})
	if err != nil {
		return err
	}
	return duck.Each(ctx, w.scratch.Conn, "ask/computation", func(scan func(...any) error) error {
		var day string
		var c computation
		err := scan(&day, &c.slice, &c.isOfAsOf, &c.rules, &c.sql)
		w.rules.days[day] = c
		return err
	})
}

// countedBy is the tenant with the counting rules of a day (R9): where a number of it is issued, those that the store says it was
// counted by.
func (w *auditor) countedBy(d calendar.Date) config.Tenant {
	today := w.Tenant.On(d)
	isOfDay := func(i report.Issue) bool { return i.Measure == report.Concurrent && i.Period == d.String() }
	text, known := w.rules.texts[w.rules.days[d.String()].rules]
	if !known || !slices.ContainsFunc(w.all, isOfDay) {
		return today
	}
	t, err := today.WithRules([]byte(text))
	if err != nil {
		return today // the record is no rules; said
	}
	return t
}

// countedByRules is a tenant with the counting rules of an issue, by day.
func (w *auditor) countedByRules(text string) (func(calendar.Date) config.Tenant, error) {
	days, err := config.RulesOfDays([]byte(text))
	if err != nil {
		return nil, err
	}
	of := map[string]config.Tenant{}
	for _, sum := range append(slices.Collect(maps.Values(days)), "") {
		its := text
		if sum != "" {
			its = w.rules.texts[sum]
		}
		if of[sum], err = w.Tenant.WithRules([]byte(its)); err != nil {
			return nil, err
		}
	}
	return func(d calendar.Date) config.Tenant { return of[days[d]] }, nil
}

// current tells whether the stored results of a day were computed from its slice as today's program would, by the day's rules.
func (w *auditor) current(day calendar.Date) bool {
	c, done := w.rules.days[day.String()]
	return done && c == computation{w.slices[day.String()].SHA256, true, w.countedBy(day).RulesHash(), texts.ComputeSHA256()}
}

// cause is what has changed since a file was issued, by its manifest.
type cause struct {
	rule    Rule
	words   string
	details []string
	rules   string // hash of the counting rules of the issue, where those are all that moved
}

// causeOf compares the manifest of an issue with the store, the rules that were counted by again, and the program. Without a
// manifest nothing can be said.
func (w *auditor) causeOf(i report.Issue, rules string) cause {
	m, readable := w.manifests[i.File]
	if !readable {
		return cause{rule: NumberDiffers, words: "its manifest is gone, so nothing can be said about why"}
	}
	var c cause
	found := func(rule Rule, words string, details ...string) {
		if c.rule == "" {
			c.rule, c.words = rule, words
		} else {
			c.words += " and " + words
		}
		c.details = append(c.details, details...)
	}
	if m.RulesHash != rules {
		found(ConfigurationMoved, "the counting rules", w.ruleChanges(m.RulesHash, rules)...)
	}
	if moved := w.movedSlices(m); len(moved) > 0 {
		found(SliceMoved, "the slice", moved...)
	}
	if m.SQLHash != texts.ComputeSHA256() {
		found(ProgramMoved, "the statements that count", fmt.Sprintf("issued by program %s with statements %s, now %s", m.Versions.Program, m.SQLHash, texts.ComputeSHA256()))
	}
	if c.rule == "" {
		return cause{rule: NumberDiffers, words: "slice, counting rules and statements are those of the issue"}
	}
	c.words = "changed since: " + c.words
	if c.rule == ConfigurationMoved && m.SQLHash == texts.ComputeSHA256() && len(w.movedSlices(m)) == 0 {
		c.rules = m.RulesHash
	}
	return c
}

// movedSlices says which slices of the manifest the store has otherwise now.
func (w *auditor) movedSlices(m report.Manifest) []string {
	var moved []string
	for _, s := range m.Slices {
		switch now := w.slices[s.Day]; {
		case now.SHA256 != s.SHA256:
			moved = append(moved, fmt.Sprintf("slice of %s: SHA-256 was %s, is %s", s.Day, s.SHA256, orNone(now.SHA256)))
		case now.AsOf != int64(s.AsOf):
			moved = append(moved, fmt.Sprintf("slice of %s: as_of was %s, is %s", s.Day, instant(int64(s.AsOf)), instant(now.AsOf)))
		}
	}
	return moved
}

// ruleChanges shows what was and what is, setting by setting.
func (w *auditor) ruleChanges(old, now string) []string {
	text, known := w.rules.texts[old]
	if !known {
		return []string{"the counting rules of the issue, SHA-256 " + old + ", are not in the store any more"}
	}
	before, err := config.RuleFacts([]byte(text))
	if err != nil {
		return []string{err.Error()}
	}
	current, known := w.rules.texts[now]
	if !known { // nothing was counted by them yet
		current = string(w.Tenant.Rules())
	}
	after, err := config.RuleFacts([]byte(current))
	if err != nil {
		return []string{err.Error()}
	}
	var changes []string
	for _, fact := range before {
		if !slices.Contains(after, fact) {
			changes = append(changes, "was: "+fact)
		}
	}
	for _, fact := range after {
		if !slices.Contains(before, fact) {
			changes = append(changes, "is:  "+fact)
		}
	}
	return changes
}
