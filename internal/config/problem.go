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
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Key != "" {
		b.WriteString(": " + p.Key)
	}
	b.WriteString(": " + p.Msg)
	if p.Value != "" {
		b.WriteString(", got " + p.Value)
	}
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Errors are all problems of a configuration, in the order of the file. It is
// the only error that Load returns.
type Errors []Problem

// Error returns the problems, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// tidy puts the problems in order and drops repetitions: what is wrong in
// globals is found again for every tenant that inherits it.
func (e Errors) tidy() Errors {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.Compact(e)
}

const longestShown = 80

// redact takes the values out that show a secret, and then shortens long ones.
// A password can end up as the value of another key, through an alias or a slip
// of the hand.
func (e Errors) redact(secrets []string) {
	for i, p := range e {
		for _, secret := range secrets {
			if secret != "" && (strings.Contains(p.Value, secret) || strings.Contains(p.Value, quotedInside(secret))) {
				e[i].Value = redacted
			}
		}
		if shown := []rune(e[i].Value); len(shown) > longestShown {
			e[i].Value = string(shown[:longestShown]) + "…"
		}
	}
}

// quotedInside returns text as it looks between the quotes of a shown value.
func quotedInside(text string) string {
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}

// nearest returns the word of known that given may have been meant as, or "".
func nearest(given string, known []string) string {
	best, bestDistance := "", min(2, len(given)/2)+1
	for _, word := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(given), strings.ToLower(word)); d < bestDistance {
			best, bestDistance = word, d
		}
	}
	return best
}
