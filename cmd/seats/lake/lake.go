// Package lake writes results, raw rows and counting rules of many tenants as Parquet, for engines that ask all of them
// at once:
//
//	RELATION/tenant=T/month=YYYY-MM/day=YYYY-MM-DD/part.parquet
//	RELATION/tenant=T/month=YYYY-MM/part.parquet    what belongs to a month
//
// A partition is written beside and renamed into place, and its _SUCCESS holds the hash of what it was made of and that of its
// data: an export writes those alone of which either is another by now. A tenant's partitions are of one store. The partitions of a day that belong together lose their _SUCCESS before the
// first of them is replaced. What the store no longer has stays in the lake. Equal stores give equal bytes, as long as
// program and DuckDB are the same. Files and folders are their owner's alone, and no link below the lake's folder is
// followed. Memory grows with a day's slice.
package lake

import (
	"bytes"
	_ "embed" // the texts below
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"seats/cmd/seats/pseudonym"
	"seats/internal/fail"
)

//go:embed schema.json
var schemaText []byte

//go:embed readme.md
var readme []byte

// schemaName is the file that makes a folder a lake. Engines do not read what begins with a line or a dot.
const schemaName = "_schema.json"

// Schema is what _schema.json says: what the lake holds, and how.
type Schema struct {
	Format     int        `json:"format"`     // of the lake: another one is another lake
	Pseudonyms string     `json:"pseudonyms"` // tells the key of the pseudonyms from others; "": the rows name agents as the GIM does
	Partitions []Column   `json:"partitions"` // columns that stand in the paths
	Relations  []Relation `json:"relations"`
}

// Relation is one of the lake's: a folder.
type Relation struct {
	Name    string   `json:"name"`
	Period  string   `json:"period"` // of a partition: day, or month, where the paths have no day
	Grain   string   `json:"grain"`
	Rule    string   `json:"rule,omitempty"` // of the metric
	Columns []Column `json:"columns"`
}

// Column has one of DuckDB's types, in Parquet's nearest: TIMESTAMP WITH TIME ZONE is an instant in UTC, in microseconds.
type Column struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Comment string `json:"comment,omitempty"`
}

// Lake is an open one. Several processes may write into it, each its own tenants.
type Lake struct {
	root  *os.Root
	dir   string
	masks *pseudonym.Key // nil: none
}

// Open opens the lake in a folder, or begins one there. A folder that holds something else, a lake of another format, and
// one of other pseudonyms, or of none, are errors with fail.Usage; so is a bad key. keyFile is "" for no pseudonyms.
func Open(dir, keyFile string) (*Lake, error) {
	l := &Lake{dir: dir}
	schema := Schema{}
	if err := json.Unmarshal(schemaText, &schema); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	var err error
	if keyFile != "" {
		if l.masks, err = pseudonym.ReadKey(keyFile, ""); err != nil {
			return nil, err
		}
		schema.Pseudonyms = l.masks.ID()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make lake: %w", err)
	}
	if l.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("open lake: %w", err)
	}
	if err := l.begin(schema); err != nil {
		return nil, errors.Join(l.placed(err), l.Close())
	}
	return l, nil
}

// placed names a file of the lake in an error by its whole path: below a root it is known by what follows.
func (l *Lake) placed(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file) && filepath.IsLocal(file.Path):
		file.Path = filepath.Join(l.dir, file.Path)
	case errors.As(err, &link) && filepath.IsLocal(link.New):
		link.Old, link.New = filepath.Join(l.dir, link.Old), filepath.Join(l.dir, link.New)
	}
	return err
}

// Close lets the folder go.
func (l *Lake) Close() error { return l.root.Close() }

// begin makes sure that the folder is such a lake, or empty, and writes what the lake says of itself.
func (l *Lake) begin(want Schema) error {
	text, err := l.read(schemaName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := l.isEmpty(); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("read lake: %w", err)
	default:
		var is Schema
		if err := json.Unmarshal(text, &is); err != nil {
			return fail.New(fail.Usage, "give another folder", "read %s: it is not a lake's: %w", filepath.Join(l.dir, schemaName), err)
		}
		if is.Format != want.Format {
			return fail.New(fail.Usage, "give another folder", "%s is a lake of format %d, this program writes %d", l.dir, is.Format, want.Format)
		}
		if is.Pseudonyms != want.Pseudonyms {
			return fail.New(fail.Usage, "a lake has one key for good, or none: give another folder, or --pseudonymize with the key that it began with",
				"%s %s, and this export would not", l.dir, naming(is.Pseudonyms))
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(want); err != nil {
		return err
	}
	if err := l.write(schemaName, out.Bytes()); err != nil {
		return err
	}
	return l.write("README.md", readme)
}

func naming(pseudonyms string) string {
	if pseudonyms == "" {
		return "names agents as the GIM does"
	}
	return "holds pseudonyms of a certain key"
}

// isEmpty refuses a folder in which there is something.
func (l *Lake) isEmpty() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("read lake: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") { // another process may be beginning the same lake
			return fail.New(fail.Usage, "give a new folder, or one that an export began", "%s holds %s and no %s: it is no lake", l.dir, e.Name(), schemaName)
		}
	}
	return nil
}
