package config

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand returns the text with each ${NAME} replaced by the environment variable
// NAME, and each $${ by a literal ${. It is false after reporting a variable
// that is not set, or a ${ that names none; all of them are reported.
func (v value) expand() (string, bool) {
	var out strings.Builder
	rest, ok := v.node.text, true
	for {
		at := strings.Index(rest, "${")
		if at < 0 {
			out.WriteString(rest)
			break
		}
		if at > 0 && rest[at-1] == '$' {
			out.WriteString(rest[:at-1] + "${")
			rest = rest[at+2:]
			continue
		}
		out.WriteString(rest[:at])
		name, after, closed := strings.Cut(rest[at+2:], "}")
		if !closed || !variableName.MatchString(name) {
			v.wrong(v.written(), "has a ${ that starts no ${NAME}", "a literal ${ is written $${")
			ok = false
			rest = rest[at+2:]
			continue
		}
		text, set := v.loader.env(name)
		if !set {
			v.complain(fmt.Sprintf("environment variable %s is not set", name), "")
			ok = false
		}
		out.WriteString(text)
		rest = after
	}
	if v.secret() {
		v.loader.keepSecret(v.node.text, out.String())
	}
	return out.String(), ok
}
