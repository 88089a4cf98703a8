// Package draft writes a first configuration: what somebody said of a GIM, and which switches had traffic in it.
//
// The text is for people to go on with, so it explains itself. It holds no password, names only what was given or found,
// and is a configuration whatever a switch is called.
package draft

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
)

// Settings are what has to be said of a tenant and its GIM, each by a flag. Empty ones are not said. Paths are absolute.
type Settings struct {
	Tenant   string `help:"Name of the tenant, which its files bear too." placeholder:"T"`
	Timezone string `help:"Of billing days and months, as America/New_York; the GIM's own times are UTC." placeholder:"ZONE"`
	Region   string `help:"Name of the region that all locations are put into at first." default:"ALL" placeholder:"R"`

	ExportDir    string `help:"The GIM: a folder of its data exports." placeholder:"DIR" type:"path" xor:"source"`
	Host         string `help:"The GIM: a PostgreSQL server, or a socket directory." placeholder:"HOST" xor:"source"`
	Port         int    `help:"Of the server; default 5432." placeholder:"N"`
	Database     string `help:"On the server." placeholder:"NAME"`
	Schema       string `help:"Where the GIM tables, or the tenant's views of them, are; default public." placeholder:"NAME"`
	User         string `help:"On the server; one that may do no more than read." placeholder:"NAME"`
	PasswordEnv  string `help:"Environment variable that holds the password; default GIM_PASSWORD. The password itself is not written." placeholder:"NAME" xor:"password"`
	PasswordFile string `help:"File that holds the password." placeholder:"FILE" type:"path" xor:"password"`
	NoPassword   bool   `help:"The server wants none." xor:"password"`
	SSLMode      string `name:"sslmode" help:"PostgreSQL's words; default verify-full, on loopback and sockets prefer." placeholder:"MODE"`
	SSLRootCert  string `name:"sslrootcert" help:"Certificates that the server's is checked against." placeholder:"FILE"`
	TenantKey    *int64 `help:"Where the GIM holds several tenants." placeholder:"N"`
}

//go:embed seats.yaml.tmpl
var text string

var form = template.Must(template.New("seats.yaml").Funcs(template.FuncMap{"text": quoted}).Parse(text))

// Text is the configuration, for a file in a folder: paths below it are relative. Without traffic every switch goes to the default location.
func (s Settings) Text(folder string, found Traffic) string {
	for _, path := range []*string{&s.ExportDir, &s.PasswordFile, &s.SSLRootCert} {
		if rel, err := filepath.Rel(folder, *path); *path != "" && err == nil && filepath.IsLocal(rel) {
			*path = rel
		}
	}
	var b strings.Builder
	err := form.Execute(&b, struct {
		Settings
		Traffic
	}{s, found})
	if err != nil {
		panic(err) // a strings.Builder takes everything, and the form is the program's own
	}
	return b.String()
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

// Traffic is what went over the switches of a GIM in some days.
type Traffic struct {
	From, To string // the days, YYYY-MM-DD; empty: nobody looked
	Switches []Switch
	Unknown  *Switch // of the sessions that have no known switch; nil: there are none
	Default  string  // location of what no other lists; empty: other
}

// Switch is what went over one: sessions that qualify there (R4), agents of these, activities.
type Switch struct {
	Name                         string
	Sessions, Agents, Activities int64
	Location                     string `duck:"-"`
}

// Find looks at the days of a store, which has nothing but slices in it.
func Find(ctx context.Context, q duck.Queryer, days []calendar.Date) (Traffic, error) {
	t := Traffic{From: days[0].String(), To: days[len(days)-1].String()}
	all, err := duck.All[Switch](ctx, q, "ask/draft_switch")
	for _, s := range all {
		if s.Name == "" {
			t.Unknown = &s
		} else {
			t.Switches = append(t.Switches, s)
		}
	}
	return t, cmp.Or(err, t.Place(ctx, q))
}

// Place puts the switches into locations, and orders them by these.
func (t *Traffic) Place(ctx context.Context, q duck.Queryer) error {
	found := t.Switches
	names := list.Of(found, func(s Switch) string { return s.Name })
	places, err := duck.All[struct {
		Switch   int
		Location string
	}](ctx, q, "ask/draft_location", sql.Named("names", names))
	t.Switches = nil
	for _, p := range places {
		if p.Switch == 0 {
			t.Default = p.Location
			continue
		}
		found[p.Switch-1].Location = p.Location
		t.Switches = append(t.Switches, found[p.Switch-1])
	}
	return err
}
