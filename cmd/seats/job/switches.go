package job

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"seats/internal/config"
)

// UnknownSwitches names each configured switch that no DN of the source has, with the nearest that one has: switches are
// compared exactly (R5), so that the seats of a misspelt one go to the default location without a word.
func UnknownSwitches(t config.Tenant, have []string) (said []string) {
	known := map[string]bool{}
	for _, name := range have {
		known[name] = true
	}
	for _, r := range t.Regions {
		for _, l := range r.Locations {
			for _, name := range l.Names() {
				if !known[name] {
					said = append(said, fmt.Sprintf("%s/%s: no DN has the switch %q%s", r.Name, l.Name, name, nearest(name, have)))
				}
			}
		}
	}
	return said
}

// nearest says which of some switches a name may stand for, and how that differs where the eye cannot tell; or nothing.
func nearest(name string, have []string) string {
	best, distance := "", 1+len([]rune(name))/3 // a third of the letters wrong is another name
	for _, candidate := range have {
		if plain(candidate) == plain(name) {
			return fmt.Sprintf("; the source has %q, which differs in %s", candidate, difference(name, candidate))
		}
		if d := levenshtein.ComputeDistance(plain(name), plain(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest that the source has is %q", best)
}

// plain is a name without what people overlook: case, blanks around and within, and the Unicode form.
func plain(name string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(name))), " ")
}

func difference(a, b string) string {
	switch {
	case norm.NFC.String(a) == norm.NFC.String(b):
		return "its Unicode form alone (composed or decomposed letters): copy it from the source"
	case cases.Fold().String(a) == cases.Fold().String(b):
		return "case"
	case strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " "):
		return "blanks"
	}
	return "case, blanks or its Unicode form"
}
