package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// manifestFormat numbers the shape of manifests; a reader that meets a greater
// one than it knows must not guess.
const manifestFormat = 1

// Versions names the programs that a number was made with.
type Versions struct {
	Program string `json:"program"`
	DuckDB  string `json:"duckdb"`
	Go      string `json:"go"`
}

// Peak is the moment of a concurrent count above zero (R8).
type Peak struct {
	At      time.Time `json:"at"`      // in the region's zone
	Seconds int64     `json:"seconds"` // of the day, at the peak
}

// Manifest is what lies beside a data file: what the file is, what it says, and
// what that was counted from and with. Peak, Supersedes and UpdatedAt are nil
// where there is none; UpdatedAt is when the manifest was last rewritten: where
// the number stayed and what is behind it moved (R13). Updates says what moved,
// and so what the manifest said before.
type Manifest struct {
	Format      int          `json:"manifest_format"`
	File        string       `json:"file"`
	Size        int64        `json:"size"` // bytes
	SHA256      string       `json:"sha256"`
	Rows        int          `json:"rows"` // below the header
	Tenant      string       `json:"tenant"`
	Region      string       `json:"region"`
	Measure     Measure      `json:"measure"`
	Period      string       `json:"period"`
	Value       int64        `json:"value"`
	Peak        *Peak        `json:"peak"`
	State       string       `json:"state"`
	Revision    int          `json:"revision"`
	Supersedes  *string      `json:"supersedes"`
	Reason      *string      `json:"reason"`
	Differences []Difference `json:"differences"` // from the superseded file
	IssuedAt    time.Time    `json:"issued_at"`
	UpdatedAt   *time.Time   `json:"updated_at"`
	Updates     []Update     `json:"updates"` // the oldest first
	RulesHash   string       `json:"rules_hash"`
	SQLHash     string       `json:"sql_hash"`
	Versions    Versions     `json:"versions"`
	Slices      []Slice      `json:"slices"`
	Quality     []Quality    `json:"quality"`
}

// Update is a time when a manifest was brought up to date.
type Update struct {
	At             time.Time    `json:"at"`
	ManifestSHA256 string       `json:"manifest_sha256"` // of the manifest before
	Differences    []Difference `json:"differences"`     // from it
}

// newManifest describes an issue of the number whose data file has the given
// size in bytes. The number gives what it was counted from, the issue what was
// said of it; slices and rules are put in order, so that the order in which the
// caller found them does not show.
func newManifest(n Number, issue Issue, size int64, versions Versions) Manifest {
	m := Manifest{
		Format: manifestFormat,
		File:   issue.File, Size: size, SHA256: issue.SHA256, Rows: dataFileRows,
		Tenant: n.Tenant, Region: n.Region, Measure: n.Measure, Period: n.Period,
		Value: issue.Value, State: issue.State,
		Revision: issue.Revision, Supersedes: optional(issue.Supersedes), Reason: optional(issue.Reason),
		Differences: []Difference{}, Updates: []Update{},
		IssuedAt: issue.IssuedAt, RulesHash: n.RulesHash, SQLHash: n.SQLHash, Versions: versions,
		Slices: orderedSlices(n.Slices), Quality: orderedQuality(n.Quality),
	}
	if n.hasPeak() {
		m.Peak = &Peak{At: n.PeakAt, Seconds: n.PeakSeconds}
	}
	return m
}

// optional is nil for the empty string, which the ledger keeps for "none".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// required is optional's inverse.
func required(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func orderedSlices(unordered []Slice) []Slice {
	ordered := append([]Slice{}, unordered...)
	for i := range ordered {
		ordered[i].ExtractedAt = wholeSecond(ordered[i].ExtractedAt)
	}
	slices.SortStableFunc(ordered, func(a, b Slice) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Source, b.Source), cmp.Compare(a.SHA256, b.SHA256))
	})
	return ordered
}

func orderedQuality(unordered []Quality) []Quality {
	ordered := append([]Quality{}, unordered...)
	slices.SortStableFunc(ordered, func(a, b Quality) int { return cmp.Compare(a.Rule, b.Rule) })
	for i := range ordered {
		if ordered[i].Examples == nil {
			ordered[i].Examples = []string{}
		}
	}
	return ordered
}

// Encode gives the manifest's bytes: indented JSON with its keys in the order
// of the struct.
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

// ReadManifest reads the manifest at path and gives its SHA-256 besides. A
// missing file is an error that satisfies errors.Is(err, fs.ErrNotExist).
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
