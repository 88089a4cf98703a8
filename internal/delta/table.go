// Package delta writes and reads tables of the Delta protocol (reader version 1, writer version 2), in a folder or in S3: Parquet files,
// and a log whose next version names those that come and those that go.
//
// A version is there whole or not at all, and no program replaces another's. A file that no version names is nobody's until Expire
// takes it. Tables of other protocol versions are refused, not guessed at.
package delta

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"example.com/seats/internal/fail"
)

// ErrConflict: another program wrote that version, or took away what was being read. Load again.
var ErrConflict = errors.New("another program has changed the table meanwhile")

// Column is one of a table; Type is DuckDB's name. Every column may be null.
type Column struct{ Name, Type, Comment string }

// Spec says what a table is.
type Spec struct {
	Name       string            `json:"name"`
	Comment    string            `json:"description"`
	Columns    []Column          `json:"-"`                // to be written: a table that was loaded has none
	Partition  []string          `json:"partitionColumns"` // which are in the files, too
	Properties map[string]string `json:"configuration"`    // such as delta.deletedFileRetentionDuration
}

// File is one of a table's data. Stats are Delta's: numRecords, minValues, maxValues, nullCount; nil: numRecords is Rows.
type File struct {
	Path      string            `json:"path"`            // below the table's folder, of what needs no quoting in a URI
	Partition map[string]string `json:"partitionValues"` // "" is null
	Bytes     int64             `json:"size"`
	Rows      int64             `json:"-"`
	Modified  time.Time         `json:"-"` // to the millisecond
	Stats     json.RawMessage   `json:"-"`
	Tags      map[string]string `json:"tags,omitempty"`
}

// Table is a version of one. Files are those that are live, by path.
type Table struct {
	Version int64 // -1: there is none yet
	Spec
	Files []File

	at         Files
	folder     string
	meta       *metaData
	live, gone map[string]*file // by path; what is gone is kept for readers of older versions
	checkpoint int64            // the newest; -1: none
}

// action is a line of the log, or a row of a checkpoint: one of its fields is set.
type action struct {
	CommitInfo map[string]any `json:"commitInfo,omitempty"`
	Protocol   *protocol      `json:"protocol,omitempty"`
	MetaData   *metaData      `json:"metaData,omitempty"`
	Remove     *file          `json:"remove,omitempty"`
	Add        *file          `json:"add,omitempty"`
}

type protocol struct {
	Reader int `json:"minReaderVersion"`
	Writer int `json:"minWriterVersion"`
}

type metaData struct {
	Spec
	ID      string          `json:"id"`
	Format  json.RawMessage `json:"format"`
	Schema  string          `json:"schemaString"`
	Created int64           `json:"createdTime"` // milliseconds, as all times of the log
}

type file struct {
	File
	Modified   int64  `json:"modificationTime,omitempty"`
	Stats      string `json:"stats,omitempty"`
	Deleted    int64  `json:"deletionTimestamp,omitempty"`
	Extended   bool   `json:"extendedFileMetadata,omitempty"` // of one that is gone: it says the rest, too
	DataChange bool   `json:"dataChange"`
}

// Load reads the newest version of the table in a folder.
func Load(ctx context.Context, files Files, folder string) (*Table, error) {
	t := &Table{Version: -1, at: files, folder: folder, live: map[string]*file{}, gone: map[string]*file{}, checkpoint: -1}
	err := t.load(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrConflict
	}
	if err != nil {
		return nil, fmt.Errorf("load table %s: %w", folder, err)
	}
	return t, nil
}

func (t *Table) load(ctx context.Context) error {
	names, err := t.at.List(ctx, t.log(""))
	if err != nil {
		return err
	}
	for _, n := range names {
		if version, kind := versionOf(n.Name); kind == checkpointKind {
			t.checkpoint, t.Version = version, version
		}
	}
	if t.checkpoint >= 0 {
		if err := t.readCheckpoint(ctx); err != nil {
			return err
		}
	}
	for _, n := range names {
		version, kind := versionOf(n.Name)
		if kind != logKind || version <= t.checkpoint {
			continue
		}
		if t.Version++; version != t.Version {
			return fmt.Errorf("its log lacks version %d", t.Version)
		}
		text, err := t.at.Read(ctx, n.Name)
		if err == nil {
			err = t.read(string(text))
		}
		if err != nil {
			return err
		}
	}
	return t.show()
}

const logKind, checkpointKind = "json", "checkpoint.parquet"

// log is the name of a file of the log.
func (t *Table) log(name string) string { return path.Join(t.folder, "_delta_log", name) }

func named(version int64, kind string) string { return fmt.Sprintf("%020d.%s", version, kind) }

// versionOf is what such a name says; "": it is none.
func versionOf(name string) (version int64, kind string) {
	digits, kind, _ := strings.Cut(path.Base(name), ".")
	version, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) != 20 {
		return 0, ""
	}
	return version, kind
}

// read has the table become what actions say of it.
func (t *Table) read(text string) error {
	for line := range strings.Lines(text) {
		var a action
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			return fmt.Errorf("read version %d: %w", t.Version, err)
		}
		if p := a.Protocol; p != nil && (p.Reader != 1 || p.Writer > 2) {
			return fail.New(fail.Usage, "another program has raised it; export into a new folder", "the table is of Delta's protocol %d/%d, and this program knows 1/2", p.Reader, p.Writer)
		}
		if err := t.apply(a); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) apply(a action) error {
	t.meta = cmp.Or(a.MetaData, t.meta)
	f := cmp.Or(a.Add, a.Remove)
	if f == nil {
		return nil
	}
	if (&url.URL{Path: f.Path}).EscapedPath() != f.Path { // engines differ in how they read such a path
		return fmt.Errorf("the path of a file must need no quoting: %q", f.Path)
	}
	f.DataChange = false // it is known by now
	delete(t.live, f.Path)
	delete(t.gone, f.Path)
	if a.Add != nil {
		t.live[f.Path] = f
	} else {
		t.gone[f.Path] = f
	}
	return nil
}

// show fills what callers see.
func (t *Table) show() error {
	if t.meta != nil {
		t.Spec = t.meta.Spec
	}
	t.Files = nil
	for _, name := range slices.Sorted(maps.Keys(t.live)) {
		f := t.live[name]
		var said struct{ NumRecords int64 }
		if err := json.Unmarshal([]byte(cmp.Or(f.Stats, "{}")), &said); err != nil {
			return fmt.Errorf("read statistics of %s: %w", name, err)
		}
		f.Rows, f.File.Modified, f.File.Stats = said.NumRecords, time.UnixMilli(f.Modified).UTC(), json.RawMessage(f.Stats)
		t.Files = append(t.Files, f.File)
	}
	return nil
}

// Commit writes the next version: what the table is from now on, and which files come and go; the files that come are in place. The table is
// then that version. what stands in its history; at is now. Another program's version of that number is ErrConflict.
func (t *Table) Commit(ctx context.Context, spec Spec, what string, add, remove []File, at time.Time) error {
	now := at.UnixMilli()
	actions := []action{{CommitInfo: map[string]any{"timestamp": now, "operation": what, "operationParameters": struct{}{}, "txnId": uuid.NewString()}}}
	if t.Version < 0 {
		actions = append(actions, action{Protocol: &protocol{1, 2}})
	}
	meta, err := t.described(spec, now)
	if err != nil {
		return fmt.Errorf("write table %s: %w", t.folder, err)
	}
	if !reflect.DeepEqual(meta, t.meta) {
		actions = append(actions, action{MetaData: meta})
	}
	comes := map[string]bool{}
	for _, f := range add {
		comes[f.Path] = true
		stats := cmp.Or(string(f.Stats), fmt.Sprintf(`{"numRecords":%d}`, f.Rows))
		actions = append(actions, action{Add: &file{File: f, Modified: f.Modified.UnixMilli(), DataChange: true, Stats: stats}})
	}
	for _, f := range remove {
		if comes[f.Path] {
			return fmt.Errorf("write table %s: %s cannot come and go in one version", t.folder, f.Path)
		}
		actions = append(actions, action{Remove: &file{File: f, Deleted: now, Extended: true, DataChange: true}})
	}
	next := &Table{Version: t.Version + 1, at: t.at, folder: t.folder, meta: t.meta, live: maps.Clone(t.live), gone: maps.Clone(t.gone), checkpoint: t.checkpoint}
	text, err := lines(actions)
	if err == nil {
		err = cmp.Or(next.read(text), next.show())
	}
	if err == nil {
		err = t.create(ctx, t.log(named(next.Version, logKind)), text)
	}
	if err != nil {
		return fmt.Errorf("write table %s: %w", t.folder, err)
	}
	*t = *next
	return nil
}

func (t *Table) create(ctx context.Context, name, text string) error {
	err := t.at.Create(ctx, name, []byte(text))
	if errors.Is(err, fs.ErrExist) { // or is it this one, whose answer was lost on the way?
		var is []byte
		if is, err = t.at.Read(ctx, name); err == nil && string(is) != text {
			err = ErrConflict
		}
	}
	return err
}

// lines are actions as they stand in the log.
func lines(actions []action) (string, error) {
	var text strings.Builder
	to := json.NewEncoder(&text)
	for _, a := range actions {
		if err := to.Encode(a); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

// described is what the log says of a table; one that is there already keeps its identity.
func (t *Table) described(s Spec, now int64) (*metaData, error) {
	m := &metaData{Spec: s, ID: uuid.NewString(), Format: json.RawMessage(`{"provider":"parquet","options":{}}`), Created: now}
	if t.meta != nil {
		m.ID, m.Created = t.meta.ID, t.meta.Created
	}
	m.Columns = nil
	m.Partition = append([]string{}, s.Partition...) // none is no null there
	m.Properties = map[string]string{}
	maps.Copy(m.Properties, s.Properties)
	var fields []any
	for _, c := range s.Columns {
		is, err := typeOf(c.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		fields = append(fields, map[string]any{"name": c.Name, "type": is, "nullable": true, "metadata": map[string]string{"comment": c.Comment}})
	}
	text, err := json.Marshal(map[string]any{"type": "struct", "fields": fields})
	m.Schema = string(text)
	return m, err
}

// types are Delta's names of DuckDB's.
var types = map[string]string{
	"VARCHAR": "string", "BOOLEAN": "boolean", "TINYINT": "byte", "SMALLINT": "short", "INTEGER": "integer", "BIGINT": "long",
	"FLOAT": "float", "DOUBLE": "double", "DATE": "date", "TIMESTAMP WITH TIME ZONE": "timestamp", "BLOB": "binary",
}

func typeOf(duck string) (any, error) {
	if of, is := strings.CutSuffix(duck, "[]"); is {
		element, err := typeOf(of)
		return map[string]any{"type": "array", "elementType": element, "containsNull": true}, err
	}
	if strings.HasPrefix(duck, "DECIMAL(") {
		return strings.ToLower(duck), nil
	}
	if types[duck] == "" {
		return nil, fmt.Errorf("there is no type of Delta for %s", duck)
	}
	return types[duck], nil
}
