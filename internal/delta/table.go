// Package delta writes and reads tables of the Delta protocol, at its oldest versions: reader 1, writer 2. A table is a folder of
// Parquet files and a log, each of whose files makes a version of the one before: what was added, and what removed.
//
//	TABLE/NAME.parquet
//	TABLE/_delta_log/00000000000000000000.json
//
// A version is there wholly or not at all, and two programs that write the same one at once are told apart by the file system. A reader of a
// version is not disturbed by later ones, for as long as Expire leaves its files. Values of the columns by which a table is
// partitioned are in the files too, for readers that know no log.
package delta

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrConflict is that another program wrote the version meanwhile: the table has to be loaded again.
var ErrConflict = errors.New("another program changed the table meanwhile")

// Spec is what a table says of itself.
type Spec struct {
	Comment    string
	Columns    []Column
	Partition  []string // of the columns
	Properties map[string]string
}

// Column may be null. Type is DuckDB's name of it, one of types.
type Column struct{ Name, Type, Comment string }

// types are the protocol's names of DuckDB's.
var types = map[string]any{
	"VARCHAR": "string", "BIGINT": "long", "INTEGER": "integer", "SMALLINT": "short", "BOOLEAN": "boolean", "DOUBLE": "double", "DATE": "date",
	"TIMESTAMP WITH TIME ZONE": "timestamp", "VARCHAR[]": map[string]any{"type": "array", "elementType": "string", "containsNull": true},
}

// File is one of a table's.
type File struct {
	Path      string            `json:"path"` // below the table's folder
	Partition map[string]string `json:"partitionValues"`
	Bytes     int64             `json:"size"`
	Modified  int64             `json:"modificationTime"` // epoch milliseconds
	Change    bool              `json:"dataChange"`
	Stats     string            `json:"stats,omitempty"` // as the protocol has them: numRecords, minValues, maxValues, nullCount
}

// Table is one version of a table.
type Table struct {
	Name       string // of its folder
	Version    int64  // -1: there is none yet
	Properties map[string]string
	Files      []File // by path

	folder  *Folder
	meta    metaData
	removed map[string]int64 // files that earlier versions have, and when they were removed, in epoch milliseconds
	mark    int64            // version of the newest checkpoint; -1: there is none
}

// action is a line of the log: one of its fields.
type action struct {
	Info     map[string]any `json:"commitInfo,omitempty"`
	Protocol *protocol      `json:"protocol,omitempty"`
	MetaData *metaData      `json:"metaData,omitempty"`
	Add      *File          `json:"add,omitempty"`
	Remove   *removal       `json:"remove,omitempty"`
}

type protocol struct {
	Reader int `json:"minReaderVersion"`
	Writer int `json:"minWriterVersion"`
}

type metaData struct {
	ID        string            `json:"id"`
	Comment   string            `json:"description"`
	Format    format            `json:"format"`
	Schema    string            `json:"schemaString"`
	Partition []string          `json:"partitionColumns"`
	Settings  map[string]string `json:"configuration"`
	Created   int64             `json:"createdTime"` // epoch milliseconds
}

type format struct {
	Provider string            `json:"provider"`
	Options  map[string]string `json:"options"`
}

type removal struct {
	Path    string `json:"path"`
	Removed int64  `json:"deletionTimestamp"` // epoch milliseconds
	Change  bool   `json:"dataChange"`
}

const (
	logDir   = "_delta_log"
	lastMark = logDir + "/_last_checkpoint"
)

func (t *Table) path(name string) string { return path.Join(t.Name, name) }

func versionFile(version int64) string { return fmt.Sprintf("%s/%020d.json", logDir, version) }
func markFile(version int64) string {
	return fmt.Sprintf("%s/%020d.checkpoint.parquet", logDir, version)
}

// Load gives the newest version of a table.
func (f *Folder) Load(ctx context.Context, name string) (*Table, error) {
	t := &Table{Name: name, Version: -1, folder: f, removed: map[string]int64{}, mark: -1}
	text, err := f.read(t.path(lastMark))
	if err == nil {
		var last struct{ Version int64 }
		if err := json.Unmarshal(text, &last); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.path(t.path(lastMark)), err)
		}
		lines, err := f.actions(ctx, t.path(markFile(last.Version)))
		if err != nil {
			return nil, err
		}
		if err := t.apply(lines); err != nil {
			return nil, err
		}
		t.Version, t.mark = last.Version, last.Version
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for ; ; t.Version++ {
		text, err := f.read(t.path(versionFile(t.Version + 1)))
		if errors.Is(err, fs.ErrNotExist) {
			return t, nil
		}
		if err == nil {
			err = t.apply(slices.Collect(strings.Lines(string(text))))
		}
		if err != nil {
			return nil, err
		}
	}
}

func (t *Table) apply(lines []string) error {
	live := map[string]File{}
	for _, file := range t.Files {
		live[file.Path] = file
	}
	for _, line := range lines {
		var a action
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			return fmt.Errorf("read the log of %s: %w", t.folder.path(t.Name), err)
		}
		switch {
		case a.Protocol != nil && (a.Protocol.Reader > 1 || a.Protocol.Writer > 2):
			return fmt.Errorf("%s wants a newer program: another one has raised its protocol to %d and %d", t.folder.path(t.Name), a.Protocol.Reader, a.Protocol.Writer)
		case a.MetaData != nil:
			t.meta, t.Properties = *a.MetaData, a.MetaData.Settings
		case a.Add != nil:
			a.Add.Change = true // a checkpoint says false
			live[a.Add.Path] = *a.Add
			delete(t.removed, a.Add.Path)
		case a.Remove != nil:
			delete(live, a.Remove.Path)
			t.removed[a.Remove.Path] = a.Remove.Removed
		}
	}
	t.Files = slices.SortedFunc(maps.Values(live), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// said is Spec as the log says it.
func (s Spec) said(id string, created int64) (metaData, error) {
	var fields []any
	for _, c := range s.Columns {
		is, known := types[c.Type]
		if !known {
			return metaData{}, fmt.Errorf("column %s: the protocol has no %s", c.Name, c.Type)
		}
		fields = append(fields, map[string]any{"name": c.Name, "type": is, "nullable": true, "metadata": map[string]string{"comment": c.Comment}})
	}
	text, err := json.Marshal(map[string]any{"type": "struct", "fields": fields})
	return metaData{id, s.Comment, format{"parquet", map[string]string{}}, string(text), s.Partition, s.Properties, created}, err
}

// Add brings a Parquet file into the table's folder, under a name of its own. No reader sees it before it is committed.
func (t *Table) Add(from string, partition map[string]string, stats string, at time.Time) (File, error) {
	in, err := os.Open(from)
	if err != nil {
		return File{}, err
	}
	defer in.Close() //nolint:errcheck // only read
	info, err := in.Stat()
	if err != nil {
		return File{}, err
	}
	file := File{strings.ToLower(rand.Text()) + ".parquet", partition, info.Size(), at.UnixMilli(), true, stats}
	return file, t.folder.write(t.path(file.Path), in, at, true)
}

// Local is where a file of the table lies.
func (t *Table) Local(file File) string { return t.folder.path(t.path(file.Path)) }

// Commit makes the next version: what the table then says of itself, with files added and removed. It is ErrConflict where another program
// made one meanwhile.
func (t *Table) Commit(ctx context.Context, spec Spec, what string, add, remove []File, at time.Time) error {
	all := []action{{Info: map[string]any{"timestamp": at.UnixMilli(), "operation": what, "engineInfo": "seats", "isBlindAppend": false}}}
	if t.Version < 0 {
		all = append(all, action{Protocol: &protocol{1, 2}})
	}
	meta, err := spec.said(cmp.Or(t.meta.ID, strings.ToLower(rand.Text())), cmp.Or(t.meta.Created, at.UnixMilli()))
	if err != nil {
		return fmt.Errorf("write %s: %w", t.folder.path(t.Name), err)
	}
	is, err1 := json.Marshal(meta)
	was, err2 := json.Marshal(t.meta)
	if !bytes.Equal(is, was) {
		all = append(all, action{MetaData: &meta})
	}
	for _, file := range remove {
		all = append(all, action{Remove: &removal{file.Path, at.UnixMilli(), true}})
	}
	for _, file := range add {
		all = append(all, action{Add: &file})
	}
	said, err3 := lines(all)
	if err := cmp.Or(err1, err2, err3, ctx.Err()); err != nil {
		return err
	}
	text := strings.NewReader(strings.Join(said, "\n") + "\n")
	if err := t.folder.write(t.path(versionFile(t.Version+1)), text, at, true); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", t.folder.path(t.Name), ErrConflict)
	} else if err != nil {
		return err
	}
	t.Version++
	return t.apply(said)
}

func lines(all []action) (lines []string, err error) {
	for _, a := range all {
		text, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		lines = append(lines, string(text))
	}
	return lines, nil
}

// every is how many versions a checkpoint has to itself: a reader opens no more files of the log than these.
const every = 10

// Expire removes what only versions have that were over before a time: files that nobody reads any more, what a killed program left, and, once a
// checkpoint says it in one file, the log.
func (t *Table) Expire(ctx context.Context, before time.Time) error {
	if t.Version < 0 {
		return nil
	}
	maps.DeleteFunc(t.removed, func(_ string, at int64) bool { return at < before.UnixMilli() })
	if t.Version-t.mark >= every {
		if err := t.checkpoint(ctx); err != nil {
			return fmt.Errorf("write a checkpoint of %s: %w", t.folder.path(t.Name), err)
		}
	}
	files, err1 := t.folder.list(t.Name)
	logs, err2 := t.folder.list(t.path(logDir))
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	wanted := maps.Clone(t.removed)
	for _, file := range t.Files {
		wanted[file.Path] = 0
	}
	for _, e := range files {
		if _, is := wanted[e.name]; !is && e.modified.Before(before) {
			if err := t.folder.remove(t.path(e.name)); err != nil {
				return err
			}
		}
	}
	return t.expireLog(logs, before)
}

// expireLog removes what comes before the newest checkpoint that was there at the time already.
func (t *Table) expireLog(logs []entry, before time.Time) error {
	oldest := int64(-1)
	version := func(name string) int64 {
		n, err := strconv.ParseInt(strings.SplitN(name, ".", 2)[0], 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	for _, e := range logs {
		if strings.HasSuffix(e.name, filepath.Ext(markFile(0))) && e.modified.Before(before) {
			oldest = max(oldest, version(e.name))
		}
	}
	for _, e := range logs {
		v := version(e.name)
		if v < oldest && e.modified.Before(before) && (v >= 0 || strings.HasSuffix(e.name, ".tmp")) {
			if err := t.folder.remove(t.path(path.Join(logDir, e.name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkpoint says in one file what the log says up to this version.
func (t *Table) checkpoint(ctx context.Context) error {
	info, err := t.folder.root.Lstat(t.path(versionFile(t.Version)))
	if err != nil {
		return t.folder.placed(err)
	}
	all := []action{{Protocol: &protocol{1, 2}}, {MetaData: &t.meta}}
	for _, name := range slices.Sorted(maps.Keys(t.removed)) {
		all = append(all, action{Remove: &removal{name, t.removed[name], false}})
	}
	for _, file := range t.Files {
		file.Change = false
		all = append(all, action{Add: &file})
	}
	said, err := lines(all)
	if err == nil {
		err = t.folder.checkpoint(ctx, t.path(markFile(t.Version)), said, info.ModTime())
	}
	if err != nil {
		return err
	}
	last := fmt.Appendf(nil, `{"version":%d,"size":%d}`, t.Version, len(all))
	t.mark = t.Version
	return t.folder.write(t.path(lastMark), bytes.NewReader(last), info.ModTime(), false)
}
