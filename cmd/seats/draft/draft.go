// Package draft writes a first configuration: what somebody said of a GIM, and which switches had traffic in it.
//
// The text is for people to go on with, so it explains itself. It holds no password, names only what was given or found,
// and is a configuration whatever a switch is called.
package draft

import (
	_ "embed"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

// Settings are what has to be said of a tenant and its GIM. Empty ones are not said. Paths are absolute.
type Settings struct {
	Tenant   string
	Region   string
	Timezone string

	ExportDir string // else it is a GIM DB

	Host         string
	Port         int
	Database     string
	Schema       string
	User         string
	PasswordEnv  string // the environment variable that holds the password
	PasswordFile string
	SSLMode      string
	SSLRootCert  string

	TenantKey *int64
}

//go:embed seats.yaml.tmpl
var text string

var form = template.Must(template.New("seats.yaml").Funcs(template.FuncMap{"text": quoted}).Parse(text))

// Text is the configuration, for a file in a folder: paths below it are relative. Without traffic every switch goes to the
// default location.
func (s Settings) Text(folder string, found Traffic) string {
	for _, path := range []*string{&s.ExportDir, &s.PasswordFile, &s.SSLRootCert} {
		*path = below(folder, *path)
	}
	taken := map[string]bool{}
	var b strings.Builder
	err := form.Execute(&b, struct {
		Settings
		Traffic
		Locations []location
		Default   string
	}{s, found, locations(found.Switches, taken), named("other", taken)})
	if err != nil {
		panic(err) // a strings.Builder takes everything, and the form is the program's own
	}
	return b.String()
}

// below is a path as it is seen from a folder, where it lies in it.
func below(folder, path string) string {
	if rel, err := filepath.Rel(folder, path); path != "" && err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)

// notText are words that some reader of YAML takes for something else than text.
var notText = regexp.MustCompile(`^(?i:y|n|yes|no|true|false|on|off|null)$`)

// quoted is a text as YAML, in which no ${ stands for anything.
func quoted(text string) (string, error) {
	if plain.MatchString(text) && !notText.MatchString(text) {
		return text, nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(strings.ReplaceAll(text, "${", "$${"))
	return strings.TrimSuffix(b.String(), "\n"), err
}
