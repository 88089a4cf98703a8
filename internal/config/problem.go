package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	File   string // as given to Load
	Line   int    // from 1; 0 when it is about the file as a whole
	Column int    // from 1; 0 likewise
	Key    string // as globals.gimdb.port, or tenants.acme.exclude_agents[0]
	Value  string // what was given: text in quotes, numbers as written; never a password
	Msg    string // what is wrong
	Hint   string // what may mend it, or empty
}

// String returns the problem as one line.
func (p Problem) String() string {
	line := p.File
	if p.Line > 0 {
		line += ":" + strconv.Itoa(p.Line)
	}
	if p.Key != "" {
		line += ": " + p.Key
	}
	line += ": " + p.Msg
	if p.Value != "" {
		line += ", got " + p.Value
	}
	if p.Hint != "" {
		line += " (" + p.Hint + ")"
	}
	return line
}

// Errors are all problems of a configuration, in the order of the file. It is the only error that Load returns.
type Errors []Problem

// Error returns the problems, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

const longestShown = 80

// tidy puts the problems in order and drops repetitions: what is wrong in globals is found again for every tenant that inherits it.
// It takes the values out that show a secret, which can end up as that of another key, through an alias or a slip of the hand; and
// then shortens long ones.
func (e Errors) tidy(secrets []string) Errors {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Key, b.Key),
			cmp.Compare(a.Msg, b.Msg))
	})
	e = slices.Compact(e)
	for i := range e {
		value := &e[i].Value
		for _, secret := range secrets {
			quoted := strconv.Quote(secret)
			if secret != "" && (strings.Contains(*value, secret) || strings.Contains(*value, quoted[1:len(quoted)-1])) {
				*value = redacted
			}
		}
		if shown := []rune(*value); len(shown) > longestShown {
			*value = string(shown[:longestShown]) + "…"
		}
	}
	return e
}

// suggest words the hint for a slip of the hand: the word of known that given may have been meant as; no such word, no hint.
func suggest(given string, known []string) string {
	best, bestDistance := "", min(2, len(given)/2)+1
	for _, word := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(given), strings.ToLower(word)); d < bestDistance {
			best, bestDistance = word, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", best)
}
