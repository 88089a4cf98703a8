package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/seats/internal/config"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/sign"
)

// Measure says which of the specification's two counts a number is.
type Measure string

// The measures of seats_outbound, of a day or a month: the specification's are Concurrent of a day (R8) and Enabled of a month (R9).
const (
	Concurrent Measure = "concurrent"
	Enabled    Measure = "enabled"
)

// agentGroupNames are the specification's code of each measure.
var agentGroupNames = map[Measure]int{Concurrent: 1, Enabled: 2}

// AgentGroupName is the specification's code of the measure: 1 or 2, and 0 for a measure that does not exist.
func (m Measure) AgentGroupName() int { return agentGroupNames[m] }

// Series is what is issued again and again: a measure of a region in a period, as a chain of revisions.
type Series struct {
	Region  string  `json:"region"`
	Measure Measure `json:"measure"`
	Period  string  `json:"period"` // "2026-03-10", or "2026-03"
}

const monthLayout = "2006-01"

// IsMonth tells whether the period is a month, and not a day.
func (s Series) IsMonth() bool { return len(s.Period) == len(monthLayout) }

// Kind is the measure as the configuration calls it, which says what it is of.
func (s Series) Kind() string {
	if s.IsMonth() {
		return "monthly_" + string(s.Measure)
	}
	return "daily_" + string(s.Measure)
}

// Number is one result to issue.
type Number struct {
	Tenant  string
	Account string // of the tenant, for file names; or ""
	Series
	Value       int64            // agents
	PeakAt      time.Time        // first second of the peak, in the region's zone; Concurrent above 0 only
	PeakSeconds int64            // seconds of the period at the peak; Concurrent above 0 only
	PeakDays    int64            // days of the month that reach it; Concurrent above 0, of a month, only
	State       string           // Final or Provisional
	Why         string           // it is provisional; or ""
	Slices      []settle.Slice   // what it was counted from
	RulesHash   string           // of the configuration's counting rules
	SQLHash     string           // of the SQL that counted
	Quality     []settle.Quality // R11
	ByGroup     bool             // the data file has a row for each of Groups
	Groups      []Group          // by name
}

// Group is an agent group, with those of a number who count in it.
type Group struct {
	Name   string
	Agents int64
}

// hasPeak tells whether the number has a moment: only a concurrent count above zero does.
func (n Number) hasPeak() bool { return n.Measure == Concurrent && n.Value > 0 }

// namePattern is what the configuration allows in names of tenants and regions. It is checked here again because these names become paths.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// validate returns why the number cannot be issued, nil when it can.
func (n Number) validate() error {
	layout := map[bool]string{true: monthLayout, false: time.DateOnly}[n.IsMonth()]
	parsed, err := time.Parse(layout, n.Period)
	what := fmt.Sprintf("issue %s of %s for %s", n.Measure, n.Region, n.Period)
	switch {
	case !namePattern.MatchString(n.Tenant):
		return fmt.Errorf("issue number: tenant %q is no name (%s)", n.Tenant, namePattern)
	case !namePattern.MatchString(n.Region):
		return fmt.Errorf("issue number: region %q is no name (%s)", n.Region, namePattern)
	case n.Measure.AgentGroupName() == 0:
		return fmt.Errorf("issue number of %s: unknown measure %q", n.Region, n.Measure)
	case err != nil || parsed.Format(layout) != n.Period:
		return fmt.Errorf("issue number of %s: %q is no period of %s (%s)", n.Region, n.Period, n.Measure, layout)
	case n.Value < 0:
		return fmt.Errorf("%s: a count of %d agents", what, n.Value)
	case n.State != settle.Final && n.State != settle.Provisional:
		return fmt.Errorf("%s: unknown state %q", what, n.State)
	case n.hasPeak() && (n.PeakAt.IsZero() || n.PeakSeconds < 1 || n.IsMonth() && n.PeakDays < 1):
		return fmt.Errorf("%s: a peak of %d agents without its time", what, n.Value)
	}
	return nil
}

const manifestSuffix = ".manifest.json"

// named is what the data file of a revision is named after.
func (n Number) named(issued time.Time, revision int) config.Named {
	return config.Named{Tenant: n.Tenant, Account: n.Account, Region: n.Region, Measure: string(n.Measure), Period: n.Period, Issued: issued, Revision: revision}
}

// ManifestName is the name of the manifest beside a data file.
func ManifestName(dataFile string) string { return dataFile + manifestSuffix }

// SignatureName is the name of the signature of that manifest.
func SignatureName(dataFile string) string { return ManifestName(dataFile) + sign.Suffix }

// DataFile is the name of the data file that a manifest or a signature of this name lies beside; that of a data file is its own.
func DataFile(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, sign.Suffix), manifestSuffix)
}

// fieldValues are what a column of a data file can show: one for each of config.Fields, which a test holds them to. What is the same in
// all of them are the specification's constants ("Resulting data file details").
var fieldValues = map[string]func(Number) string{
	"TenantID":       func(n Number) string { return n.Tenant },
	"Region":         func(n Number) string { return n.Region },
	"MetricName":     func(Number) string { return "seats_outbound" },
	"Period":         func(n Number) string { return n.Period },
	"ChannelType":    func(Number) string { return "4" },
	"ServiceClass":   func(Number) string { return "23" },
	"ActivityType":   func(Number) string { return "5" },
	"Status":         func(Number) string { return "AGENT_SEATS" },
	"AgentGroupName": func(n Number) string { return strconv.Itoa(n.Measure.AgentGroupName()) },
	"MessageSize":    func(n Number) string { return strconv.FormatInt(n.Value, 10) },

	"BusinessUnitName": func(n Number) string { return n.rows()[0].Name },
}

// rows are the rows of the number's data file: one of all its agents, or those of its groups.
func (n Number) rows() []Group {
	if len(n.Groups) == 0 {
		return []Group{{"", n.Value}}
	}
	return n.Groups
}

// renderDataFile gives the bytes of the number's data file: a header and its rows, RFC 4180 with "\n". They depend on the
// number's identity, value and groups and on the columns, not on its state or its slices.
//
// A spreadsheet may take text that begins with =, +, - or @ for a formula. No tenant or region can begin so, and counts are digits; only
// a constant of the operator's own configuration can, and an agent group: they are written as configured, and as GIM has them.
func renderDataFile(n Number, columns []config.Column) ([]byte, error) {
	if len(columns) == 0 {
		columns = config.DefaultColumns()
	}
	groups, sum := n.rows(), int64(0)
	for _, group := range groups {
		sum += group.Agents
	}
	if n.ByGroup && (sum != n.Value || n.Value > 0 && len(n.Groups) == 0) {
		return nil, fail.New(fail.Other, fmt.Sprintf("groups are read with a day: `seats run --refresh` of %s while the source has it, or report.breakdown: none", n.Period),
			"%s of %s for %s: the agent groups of its %d agents were not read, or are not kept any more", n.Measure, n.Region, n.Period, n.Value)
	}
	rows := make([][]string, 1+len(groups))
	for _, column := range columns {
		show, known := fieldValues[cmp.Or(column.Field, column.Name)] // a column that names no field shows the field of its own name
		switch {
		case column.Constant:
			show = func(Number) string { return column.Value }
		case !known:
			return nil, fmt.Errorf("render data file: column %q: unknown field %q", column.Name, cmp.Or(column.Field, column.Name))
		}
		rows[0] = append(rows[0], column.Name)
		for i, group := range groups {
			one := n
			one.Value, one.Groups = group.Agents, groups[i:i+1]
			rows[1+i] = append(rows[1+i], show(one))
		}
	}
	var out bytes.Buffer
	if err := writeCSV(&out, rows); err != nil {
		return nil, fmt.Errorf("render data file: %w", err)
	}
	return out.Bytes(), nil
}

// writeCSV writes RFC 4180 with "\n". A row of one empty field is written as a
// quoted one: a blank line would be skipped by readers, package csv's included.
func writeCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range rows {
		if len(row) == 1 && row[0] == "" {
			out.Flush()
			if _, err := io.WriteString(w, "\"\"\n"); err != nil {
				return err
			}
			continue
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// manifestFormat numbers the shape of manifests; a reader that meets a greater one than it knows must not guess.
const manifestFormat = 1

// Versions names the programs that a number was made with.
type Versions struct {
	Program string `json:"program"`
	DuckDB  string `json:"duckdb"`
	Go      string `json:"go"`
}

// Peak is the moment of a concurrent count above zero (R8).
type Peak struct {
	At      time.Time `json:"at"`             // in the region's zone
	Seconds int64     `json:"seconds"`        // of the period, at the peak
	Days    int64     `json:"days,omitempty"` // of a month, that reach it
}

// Manifest is what lies beside a data file: what the file is, what it says, and what that was counted from and with. Peak,
// Supersedes and UpdatedAt are nil where there is none; UpdatedAt is when the manifest was last rewritten: where the number
// stayed and what is behind it moved (R13). Updates says what moved, and so what the manifest said before.
type Manifest struct {
	Format int    `json:"manifest_format"`
	File   string `json:"file"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"` // below the header
	Tenant string `json:"tenant"`
	Series
	Value       int64            `json:"value"`
	Peak        *Peak            `json:"peak"`
	State       string           `json:"state"`
	Why         string           `json:"why_provisional,omitempty"`
	Revision    int              `json:"revision"`
	Supersedes  *string          `json:"supersedes"`
	Reason      *string          `json:"reason"`
	Differences []Difference     `json:"differences"` // from the superseded file
	IssuedAt    time.Time        `json:"issued_at"`
	UpdatedAt   *time.Time       `json:"updated_at"`
	Updates     []Update         `json:"updates"` // the oldest first
	RulesHash   string           `json:"rules_hash"`
	SQLHash     string           `json:"sql_hash"`
	Versions    Versions         `json:"versions"`
	Slices      []settle.Slice   `json:"slices"`
	Quality     []settle.Quality `json:"quality"`
}

// Update is a time when a manifest was brought up to date.
type Update struct {
	At             time.Time    `json:"at"`
	ManifestSHA256 string       `json:"manifest_sha256"` // of the manifest before
	Differences    []Difference `json:"differences"`     // from it
}

// newManifest describes an issue of the number whose data file has the given size in bytes. The number gives what it was counted from, the issue what
// was said of it; slices and rules are put in order, so that the order in which the caller found them does not show.
func newManifest(n Number, issue Issue, size int64, versions Versions) Manifest {
	m := Manifest{
		Format: manifestFormat,
		File:   issue.File, Size: size, SHA256: issue.SHA256, Rows: len(n.rows()),
		Tenant: n.Tenant, Series: n.Series, Value: issue.Value, State: issue.State,
		Revision: issue.Revision, Supersedes: optional(issue.Supersedes), Reason: optional(issue.Reason),
		Differences: []Difference{}, Updates: []Update{},
		IssuedAt: issue.IssuedAt, RulesHash: n.RulesHash, SQLHash: n.SQLHash, Versions: versions,
		Slices: append([]settle.Slice{}, n.Slices...), Quality: append([]settle.Quality{}, n.Quality...),
	}
	if m.State == settle.Provisional {
		m.Why = n.Why
	}
	if n.hasPeak() {
		m.Peak = &Peak{At: n.PeakAt, Seconds: n.PeakSeconds, Days: n.PeakDays}
	}
	for i := range m.Quality {
		m.Quality[i].Examples = append(settle.Keys{}, m.Quality[i].Examples...) // never nil
	}
	slices.SortStableFunc(m.Slices, func(a, b settle.Slice) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Source, b.Source), cmp.Compare(a.SHA256, b.SHA256))
	})
	slices.SortStableFunc(m.Quality, func(a, b settle.Quality) int { return cmp.Compare(a.Rule, b.Rule) })
	return m
}

// optional is nil for the empty string, which the ledger keeps for "none".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Encode gives the manifest's bytes: indented JSON with its keys in the order of the struct.
func (m Manifest) Encode() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // a reason may say "<"; nobody puts a manifest into a page unescaped
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return nil, fmt.Errorf("encode manifest of %s: %w", m.File, err)
	}
	return out.Bytes(), nil
}

// ReadManifest reads the manifest at path and gives its SHA-256 besides. A missing file is an error that satisfies errors.Is(err, fs.ErrNotExist).
func ReadManifest(path string) (Manifest, string, error) {
	text, err := ReadFile(path)
	if err != nil {
		return Manifest{}, "", fmt.Errorf("read manifest: %w", err)
	}
	m, err := ParseManifest(path, text)
	return m, Digest(text), err
}

// ParseManifest gives what the text of a manifest says; path is named in its error.
func ParseManifest(path string, text []byte) (m Manifest, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("read manifest %s: %w", path, err)
	}
	if m.Format != manifestFormat {
		return Manifest{}, fmt.Errorf("read manifest %s: manifest_format is %d, this program knows %d", path, m.Format, manifestFormat)
	}
	return m, nil
}

// Digest is the SHA-256 of a text, in hexadecimal.
func Digest(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

// describes tells whether the manifest is that of a file, of this revision of the number's period.
func (m Manifest) describes(n Number, file string, revision int) bool {
	return m.File == file && m.Revision == revision && m.Tenant == n.Tenant && m.Series == n.Series &&
		m.Value >= 0 && (m.State == settle.Final || m.State == settle.Provisional)
}

// Issue is the ledger's entry for a manifest with the given SHA-256.
func (m Manifest) Issue(sum string) Issue {
	said := func(text *string) string { return *cmp.Or(text, new(string)) } // "" is what the ledger keeps for "none"
	issue := Issue{
		Series: m.Series, Revision: m.Revision, Value: m.Value, State: m.State, File: m.File, SHA256: m.SHA256, ManifestSHA256: sum,
		Supersedes: said(m.Supersedes), Reason: said(m.Reason), IssuedAt: m.IssuedAt, RulesSHA256: m.RulesHash,
	}
	if m.Peak != nil {
		issue.PeakAt, issue.PeakSeconds = &m.Peak.At, m.Peak.Seconds
	}
	return issue
}

// Difference is one thing that a restatement changed. Field is the manifest's own key, "slices.2026-03-10.sessions" or
// "quality.open_session" where it lies deeper. Before or After is nil where there was nothing.
type Difference struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// differences lists what moved from the superseded manifest to the new one, the number first and then its inputs, sorted. What differs with every
// issue, such as the revision or the times, is left out, and so is when a slice was read: the same rows with the same as_of are the same slice (R10).
func differences(before, after Manifest) []Difference {
	old, current, moved := facts(before), facts(after), []Difference{}
	all := maps.Clone(old)
	maps.Copy(all, current)
	for field := range all {
		if old[field] != current[field] {
			moved = append(moved, Difference{field, old[field], current[field]})
		}
	}
	slices.SortFunc(moved, func(a, b Difference) int {
		return cmp.Or(rank(a.Field)-rank(b.Field), cmp.Compare(a.Field, b.Field))
	})
	return moved
}

// rank puts the value before everything and the inputs, whose names are deeper, after the result.
func rank(field string) int {
	switch {
	case field == "value":
		return 0
	case strings.HasPrefix(field, "slices.") || strings.HasPrefix(field, "quality."):
		return 2
	}
	return 1
}

// facts flattens what differences compares into comparable values by field.
func facts(m Manifest) map[string]any {
	out := map[string]any{
		"value": m.Value, "state": m.State, "rules_hash": m.RulesHash, "sql_hash": m.SQLHash,
	}
	if m.Peak != nil {
		out["peak.at"], out["peak.seconds"] = m.Peak.At.Format(time.RFC3339), m.Peak.Seconds
		if m.Peak.Days > 0 {
			out["peak.days"] = m.Peak.Days
		}
	}
	for _, s := range m.Slices {
		prefix := "slices." + s.Day.String() + "."
		out[prefix+"source"], out[prefix+"sha256"] = s.Source, s.SHA256
		out[prefix+"as_of"] = s.AsOf.String()
		if s.HighWater != nil {
			out[prefix+"high_water"] = s.HighWater.String()
		}
		out[prefix+"sessions"], out[prefix+"activities"], out[prefix+"agents"] = s.Sessions, s.Activities, s.Agents
	}
	for _, q := range m.Quality {
		out["quality."+q.Rule] = q.Count
	}
	return out
}

// Signing is what manifests are signed with.
type Signing struct {
	Key *sign.Key

	// The place in the ledger that the run will have: its number, and the hash of the entry before, "" where there is none.
	// That hash stands for every entry up to there.
	Run      int64
	Previous string
}

// Mark is the trusted comment of a manifest's signature: whose it is, and where in the ledger it was made.
type Mark struct {
	Tenant, Manifest string
	Run              int64
	Previous         string
}

const (
	markFormat = "tenant=%s file=%s run=%d previous_sha256=%s"
	noPrevious = "none" // the hash before the first entry
)

func (m Mark) String() string {
	return fmt.Sprintf(markFormat, m.Tenant, m.Manifest, m.Run, cmp.Or(m.Previous, noPrevious))
}

// ParseMark is the inverse of Mark.String.
func ParseMark(comment string) (m Mark, err error) {
	_, err = fmt.Sscanf(comment, markFormat, &m.Tenant, &m.Manifest, &m.Run, &m.Previous)
	if m.Previous == noPrevious {
		m.Previous = ""
	}
	if err != nil || m.String() != comment {
		return Mark{}, fmt.Errorf("it says %q, which is no place in a ledger", comment)
	}
	return m, nil
}
