// Package config reads the one configuration file.
//
// What it promises: Load returns either a Config that needs no further checking (names, zones, ports, switches, columns are all
// valid, paths absolute, defaults filled in), or Errors with every problem of the file at once, each with its line and key. A
// password appears in neither: Secret prints as ***, and no problem quotes one.
//
// The file is YAML 1.2, of which JSON is a part. Anchors, aliases and merge keys work; tags and several documents in one file do
// not. A key without a value counts as not given.
//
// In every text value, not in keys, ${NAME} stands for the environment variable NAME; one that is not set is an error. What comes
// in is taken as it is and not read as YAML again, so a password may hold any characters. It may also stand for a whole number. $${
// is a literal ${. Inside [...] and {...} YAML wants quotes around ${NAME}.
package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/plain"
)

// Config is a valid configuration.
type Config struct {
	Path    string          // as given to Load
	Tenants []Tenant        // in the order of the file; empty only where none is that Load was to read
	Names   map[string]bool // of all tenants, those too that were not read
	Columns []Column        // of the data file, in order; DefaultColumns unless report.columns says otherwise

	Metrics     string   `key:"metrics_dir,path"` // folder that each run writes metrics into, absolute; empty: it writes none
	Pushgateway string   `key:"pushgateway"`      // URL that each run pushes metrics to; empty: to none
	Pages       string   `key:"pages,path"`       // folder that a run writes pages into, absolute; empty: it writes none
	Lake        string   `key:"lake,place"`       // folder that a run exports to, absolute, or s3://BUCKET/PREFIX; empty: to none
	Sink        Secret   `key:"sink"`             // connection string of a PostgreSQL that a run fills; not given: none
	Notify      []string // command that is told of each run: a program, by its name or absolute, and its arguments; or empty

	SignKey         Secret `key:"sign_key,path"`     // where the secret key is that manifests are signed with, absolute; not given: they are not
	SignKeyPassword Secret `key:"sign_key_password"` // not given: the key is not encrypted
}

// Tenant is one tenant with globals, and then the defaults, filled in.
type Tenant struct {
	Name      string
	GIM       *GIMDB // nil when ExportDir is set: a tenant has one source (R1)
	ExportDir string `key:"export_dir,path"` // or empty
	// ExportMarker names the file that says of a chunk of the export that it is there whole; empty: none does.
	ExportMarker string `key:"export_marker"`
	TenantKey    *int64 `key:"tenant_key"` // rows of this tenant_key alone; nil: of all

	DataDir   string `key:"data_dir,path"`
	OutputDir string `key:"output_dir,path"`

	Zone             *time.Location `key:"timezone"`          // of regions that name none (R7)
	MaxSessionHours  int            `key:"max_session_hours"` // how far before the day a session may have begun
	SettleHours      int            `key:"settle_hours"`      // how far past its end the source must reach for a day to be final (R10)
	Readiness        Readiness      `key:"readiness"`
	SessionEnd       SessionEnd     `key:"session_end"`
	RunTimeout       time.Duration  `key:"run_timeout"`        // of a whole run, up to its first data file; 0: none
	RetiredAfterDays int            `key:"retired_after_days"` // that of its GIM
	RetryLock        time.Duration  `key:"retry_lock"`         // how long a store that another program holds is waited for
	Engine           Engine

	Issue              string `key:"issue"`                // settle.Final: no period gets a file before it is final; else what is provisional is issued too
	ProvisionalMayMove bool   `key:"provisional_may_move"` // a number issued as provisional is replaced without a person's reason (R13)

	ExcludeAgents []string `key:"exclude_agents"` // patterns with * and ? (R6)
	Regions       []Region // in the order of the file, never empty

	Measures []string // report.measures, of those below; none: see Issued
	FileName FileName // of issued files
	ByGroup  bool     // data files have a row for each agent group, and not one for all
	Account  string   `key:"account,account"` // the customer's number at the vendor, for file names; or empty

	Deliver *Delivery // nil: issued files stay where they are

	Breakdown []Unit `key:"breakdown"` // by what the seats are broken down, for analysis alone; none: by nothing

	ProductionDate calendar.Date `key:"production_date"` // the first day that is billed; zero: not said
	Term
	plain.Access // to what leaves the store: issued files, pages, the lake
}

// The measures: the most agents at once, or the different ones, of a day or a month.
const (
	DailyConcurrent   = "daily_concurrent" // R8
	MonthlyEnabled    = "monthly_enabled"  // R9
	DailyEnabled      = "daily_enabled"
	MonthlyConcurrent = "monthly_concurrent"
)

// Issued are the measures that are issued: unless report.measures says otherwise, the specification's.
func (t Tenant) Issued() []string {
	if len(t.Measures) == 0 {
		return []string{DailyConcurrent, MonthlyEnabled}
	}
	return t.Measures
}

// Issues tells whether a measure is issued.
func (t Tenant) Issues(measure string) bool { return slices.Contains(t.Issued(), measure) }

// StorePath returns the path of the tenant's store, <data_dir>/<tenant>.duckdb.
func (t Tenant) StorePath() string { return filepath.Join(t.DataDir, t.Name+".duckdb") }

// FilesPath returns the folder of the tenant's issued files, <output_dir>/<tenant>.
func (t Tenant) FilesPath() string { return filepath.Join(t.OutputDir, t.Name) }

// OutboxPath returns the folder of what is being delivered, <data_dir>/<tenant>.outbox.
func (t Tenant) OutboxPath() string { return filepath.Join(t.DataDir, t.Name+".outbox") }

// TempDir returns the folder in which temporary files lie: engine.temp_dir, or beside the store.
func (t Tenant) TempDir() string { return cmp.Or(t.Engine.TempDir, t.DataDir) }

// Region is what a measurement is made for.
type Region struct {
	Name      string
	Zone      *time.Location `key:"timezone"` // the region's, else the tenant's, else globals', else UTC
	Locations []Location     // in the order of the file, never empty
	Committed int64          `key:"committed"` // concurrent agents that are agreed on, for pages to hold the peaks against; 0: not said
	Contracts []Contract     // in the order of the file; behind them that of Committed, where it is given for itself
	Term
}

// Location is a set of switches. The one without any, dated or not, is the tenant's default location, which gets the switches that
// no other location lists (R5); a tenant has at most one.
type Location struct {
	Name     string   `json:"name"`
	Switches []string `json:"switches"`        // of every day
	Dated    []Dated  `json:"dated,omitempty"` // of some days alone
}

// Names are all of its switches, whenever they belong to it.
func (l Location) Names() []string {
	names := slices.Clone(l.Switches)
	for _, d := range l.Dated {
		names = append(names, d.Name)
	}
	return names
}

// Dated is a switch that belongs to its location from one day to another, both included.
type Dated struct {
	Name  string        `key:"name"`
	Since calendar.Date `key:"since"` // zero: no beginning
	Until calendar.Date `key:"until"` // zero: no end
}

// MarshalJSON writes it as the counting rules have it.
func (d Dated) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"name": d.Name, "since": d.Since.OrNone(), "until": d.Until.OrNone()})
}

// On is the tenant as it is counted on a day: each location with the switches of that day. One that has switches, though none on
// that day, is left out: it is not the default location.
func (t Tenant) On(day calendar.Date) Tenant {
	t.Regions = slices.Clone(t.Regions)
	for i := range t.Regions {
		var there []Location
		for _, l := range t.Regions[i].Locations {
			is := Location{Name: l.Name, Switches: slices.Clip(l.Switches)}
			for _, d := range l.Dated {
				if !day.Before(d.Since) && (d.Until.IsZero() || !d.Until.Before(day)) {
					is.Switches = append(is.Switches, d.Name)
				}
			}
			if len(is.Switches) > 0 || len(l.Dated) == 0 {
				there = append(there, is)
			}
		}
		t.Regions[i].Locations = there
	}
	return t
}

// GIMDB says how to reach a tenant's GIM DB.
type GIMDB struct {
	Host             string        `key:"host,host"` // a name, an address, or a socket directory
	Port             int           `key:"port"`
	Database         string        `key:"database"`
	Schema           string        `key:"schema,identifier"` // a plain SQL identifier
	User             string        `key:"user"`
	Password         Secret        // of password or password_file; empty: none was given
	SSLMode          string        `key:"sslmode"`                  // one of PostgreSQL's six words
	SSLRootCert      string        `key:"sslrootcert,certificates"` // absolute, "system", or empty
	Connections      int           `key:"connections"`
	StatementTimeout time.Duration `key:"statement_timeout"` // 0: none
	ReadTimeout      time.Duration `key:"read_timeout"`      // of a silence of the server; 0: none
	Retries          int           `key:"retries"`           // of a run whose connection broke
	RetiredAfterDays int           // after which a data source that lags is taken for switched off (R10); 0: none is
}

// Delivery says where a tenant's issued files are delivered to.
type Delivery struct {
	Folder        string        `key:"folder"`      // on the SFTP server, or here and then absolute
	Host          string        `key:"host,server"` // of an SFTP server; empty: Folder is one of this machine
	Port          int           `key:"port"`
	User          string        `key:"user"`
	KeyFile       Secret        `key:"key_file,path"` // absolute: an OpenSSH private key; or not given
	Agent         Secret        `key:"agent,path"`    // socket of an agent that holds the key; or not given
	KnownHosts    string        `key:"known_hosts,path"`
	Mode          fs.FileMode   `key:"mode"`                     // of the files there; 0: not said
	AgeRecipients []string      `key:"age_recipients,recipient"` // for whom files are encrypted; none: they are not
	Since         calendar.Date `key:"since"`                    // periods that end before are not delivered; zero: all are
	Retries       int           `key:"retries"`                  // of a delivery whose connection broke
	Timeout       time.Duration `key:"timeout"`                  // of a silence of the server
}

// Address is the SFTP server's, as a connection wants it.
func (d Delivery) Address() string { return net.JoinHostPort(d.Host, strconv.Itoa(d.Port)) }

// Target is the folder as people read it, and the store keeps it: a path, or a URL.
func (d Delivery) Target() string {
	if d.Host == "" {
		return d.Folder
	}
	u := url.URL{Scheme: "sftp", User: url.User(d.User), Host: d.Address(), Path: path.Join("/~", d.Folder)}
	if path.IsAbs(d.Folder) {
		u.Path = d.Folder
	}
	return u.String()
}

// Engine is what the program may use, and DuckDB in it.
type Engine struct {
	MemoryLimit int64  `key:"memory_limit,memory"` // bytes, of a tenant's work
	Threads     int    `key:"threads"`             // 0: all cores
	TempDir     string `key:"temp_dir,path"`       // absolute; empty: beside the store
}

// Unit is what seats are broken down by.
type Unit = string

// The three values of breakdown.
const (
	ByAgentGroup Unit = "agent_group" // of GIM: read beside the slice
	ByLocation   Unit = "location"
	BySwitch     Unit = "switch"
)

// ReadsGroups tells whether the agent groups are read from the source.
func (t Tenant) ReadsGroups() bool { return slices.Contains(t.Breakdown, ByAgentGroup) }

// Readiness says what to do about a day for which the source is not complete (R10).
type Readiness string

// The three values of readiness.
const (
	ReadinessRequire Readiness = "require" // refuse the day
	ReadinessWarn    Readiness = "warn"    // say so and go on
	ReadinessOff     Readiness = "off"     // do not look
)

// SessionEnd says whether a session occupies the second of its end_ts (R2).
type SessionEnd string

// The two values of session_end.
const (
	SessionEndExclusive SessionEnd = "exclusive"
	SessionEndInclusive SessionEnd = "inclusive"
)

// Term says on which days a tenant or a region is billed. It decides what is issued, never what is counted: a region that has ended
// keeps its switches, and so its sessions do not become another's.
type Term struct {
	Disabled bool          `key:"enabled,not"`
	Until    calendar.Date `key:"until"` // the last day; zero: no end
}

// Holds tells whether the day is billed.
func (t Term) Holds(day calendar.Date) bool { return !t.Disabled && !t.EndedBefore(day) }

// HoldsIn tells whether a day of the month is billed, up to LastIn.
func (t Term) HoldsIn(month calendar.Month) bool { return t.Holds(month.First()) }

// LastIn is the last day of the month, or the term's last one where that lies within the month.
func (t Term) LastIn(month calendar.Month) calendar.Date {
	if t.HoldsIn(month) && t.EndedBefore(month.Last()) {
		return t.Until
	}
	return month.Last()
}

// EndedBefore tells whether the last day lies before the day.
func (t Term) EndedBefore(day calendar.Date) bool { return !t.Until.IsZero() && t.Until.Before(day) }

// Bills tells whether a region of the tenant is billed on a day. One that the file no longer knows is: its numbers are of an earlier file.
func (t Tenant) Bills(region string, day calendar.Date) bool {
	i := slices.IndexFunc(t.Regions, func(r Region) bool { return r.Name == region })
	return i < 0 || t.Regions[i].Holds(day)
}

// DaysOf are the days that the enabled agents of a month are counted from (R9): those that the zone of a billed region has, up to
// the region's last one; where none is billed, up to the end of the month.
func (t Tenant) DaysOf(month calendar.Month) []calendar.Date {
	isBilled := func(r Region) bool { return r.HoldsIn(month) }
	some := slices.ContainsFunc(t.Regions, isBilled)
	return slices.DeleteFunc(month.Days(), func(day calendar.Date) bool {
		return !slices.ContainsFunc(t.Regions, func(r Region) bool { return isBilled(r) == some && r.hasIn(month, day) })
	})
}

// DaysIn are those of the days of a month that a region has.
func (r Region) DaysIn(month calendar.Month, of []calendar.Date) []calendar.Date {
	return slices.DeleteFunc(slices.Clone(of), func(day calendar.Date) bool { return !r.hasIn(month, day) })
}

// hasIn tells whether a day counts for the region's month: its zone did not skip it, and the region has not ended.
func (r Region) hasIn(month calendar.Month, day calendar.Date) bool {
	return !r.LastIn(month).Before(day) && day.In(r.Zone).Seconds() > 0
}

// Secret is a text, or the way to the file that has it, that no printing, logging or encoding shows: it lies behind a function, also
// where fmt prints what is inside without asking, as in %s of a struct with a *GIMDB. It is looked up when it is revealed for the first
// time: whoever does not use it needs neither the variable of the environment nor the file that it comes from.
type Secret struct{ look func() (string, *findings) }

// Hide makes one.
func Hide(text string) Secret { return Secret{func() (string, *findings) { return text, &findings{} }} }

const redacted = "***"

// Given tells whether the configuration says anything here.
func (s Secret) Given() bool { return s.look != nil }

// Reveal returns the text itself, for the one place that uses it. The only error is Errors, as Load's.
func (s Secret) Reveal() (string, error) {
	if !s.Given() {
		return "", nil
	}
	text, found := s.look()
	if len(found.problems) > 0 {
		return "", found.problems
	}
	return text, nil
}

// Lookup looks secrets up, before anything is begun that will use them. The only error is Errors: all that is wrong with any.
func Lookup(secrets ...Secret) error {
	var all Errors
	for _, s := range secrets {
		_, err := s.Reveal()
		problems, _ := errors.AsType[Errors](err)
		all = append(all, problems...)
	}
	if len(all) == 0 {
		return nil
	}
	return all.tidy(nil)
}

// MarshalText writes ***, into JSON and logs too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format writes *** for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// countingRules are the settings that decide how a slice is counted (R2, R5, R6, R7), in the form that is hashed.
type countingRules struct {
	SessionEnd    SessionEnd    `json:"session_end"`
	ExcludeAgents []string      `json:"exclude_agents"`
	Regions       []regionRules `json:"regions"`
	Days          []DayRules    `json:"days,omitempty"` // in those of a month alone: see MonthRules
}

// DayRules names the rules of a month's days, both included, by their hash.
type DayRules struct {
	From   calendar.Date `json:"from"`
	To     calendar.Date `json:"to"`
	SHA256 string        `json:"rules_sha256"`
}

type regionRules struct {
	Name      string     `json:"name"`
	Timezone  string     `json:"timezone"`
	Locations []Location `json:"locations"` // those of a day have no dates: they say what applies on it
}

// Rules returns the settings that decide how the tenant's slices are counted, as canonical JSON. The order in the file and the way
// a default came about do not show: what counts alike has equal bytes. A day is counted by those of On(day).
func (t Tenant) Rules() []byte {
	rules := countingRules{SessionEnd: t.SessionEnd, ExcludeAgents: sorted(t.ExcludeAgents), Regions: []regionRules{}}
	for _, region := range t.Regions {
		r := regionRules{region.Name, region.Zone.String(), append([]Location{}, region.Locations...)}
		for i := range r.Locations {
			l := &r.Locations[i]
			l.Switches, l.Dated = sorted(l.Switches), slices.Clone(l.Dated)
			slices.SortFunc(l.Dated, func(a, b Dated) int { return cmp.Or(cmp.Compare(a.Name, b.Name), a.Since.Compare(b.Since)) })
		}
		slices.SortFunc(r.Locations, func(a, b Location) int { return strings.Compare(a.Name, b.Name) })
		rules.Regions = append(rules.Regions, r)
	}
	slices.SortFunc(rules.Regions, func(a, b regionRules) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.Marshal(rules)
	if err != nil {
		panic(fmt.Sprintf("encode counting rules: %v", err)) // there is nothing but strings in them
	}
	return text
}

// RulesHash returns the SHA-256 of Rules, in hexadecimal.
func (t Tenant) RulesHash() string { return fmt.Sprintf("%x", sha256.Sum256(t.Rules())) }

// sorted returns the distinct texts in order; never nil, so that none is [] in JSON.
func sorted(texts []string) []string {
	return append([]string{}, slices.Compact(slices.Sorted(slices.Values(texts)))...)
}

func readRules(text []byte) (rules countingRules, err error) {
	if err := json.Unmarshal(text, &rules); err != nil {
		return rules, fmt.Errorf("read counting rules: %w", err)
	}
	return rules, nil
}

// WithRules returns the tenant with the counting rules that an earlier call of Rules gave of a day (On) in place of its own: what
// is kept beside a result is enough to count by it again.
func (t Tenant) WithRules(text []byte) (Tenant, error) {
	rules, err := readRules(text)
	if err != nil {
		return Tenant{}, err
	}
	t.SessionEnd, t.ExcludeAgents, t.Regions = rules.SessionEnd, rules.ExcludeAgents, nil
	for _, r := range rules.Regions {
		zone, err := time.LoadLocation(r.Timezone)
		if err != nil {
			return Tenant{}, fmt.Errorf("read counting rules: %w", err)
		}
		t.Regions = append(t.Regions, Region{Name: r.Name, Zone: zone, Locations: r.Locations})
	}
	return t, nil
}

// MonthRules says which day of a month was counted by which rules, as canonical JSON like that of Rules.
func MonthRules(days []DayRules) ([]byte, error) {
	return json.Marshal(map[string][]DayRules{"days": days})
}

// RulesOfDays gives the hash of the rules of each day, none where the text is no MonthRules.
func RulesOfDays(text []byte) (map[calendar.Date]string, error) {
	rules, err := readRules(text)
	if err != nil {
		return nil, err
	}
	days := map[calendar.Date]string{}
	for _, d := range rules.Days {
		for day := d.From; !d.To.Before(day); day = day.AddDays(1) {
			days[day] = d.SHA256
		}
	}
	return days, nil
}
