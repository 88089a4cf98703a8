// Package delta writes and reads tables of the Delta protocol (reader version 1, writer version 2), in a folder or in S3: Parquet files,
// and a log whose next version names those that come and those that go.
//
// A version is there whole or not at all, and no program replaces another's. A file that no version names is nobody's until Expire
// takes it. Tables of other protocol versions are refused, not guessed at.
package delta

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
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

// Spec says what a table is. Properties are its configuration, such as delta.deletedFileRetentionDuration.
type Spec struct {
	Name, Comment string
	Columns       []Column
	Partition     []string // names of columns, which are in the files, too
	Properties    map[string]string
}

// File is one of a table's data. Stats are Delta's: numRecords, minValues, maxValues, nullCount; nil: numRecords is Rows.
type File struct {
	Path        string            // below the table's folder
	Partition   map[string]string // "" is null
	Bytes, Rows int64
	Modified    time.Time // to the millisecond
	Stats       json.RawMessage
	Tags        map[string]string
}

// Table is a version of one. Files are those that are live, by path.
type Table struct {
	Version int64 // -1: there is none yet
	Spec
	Files []File

	at         Files
	folder     string
	meta       *metaData
	live, gone map[string]*file // by path as the log has it; what is gone is kept for readers of older versions
	checkpoint int64            // the newest; -1: none
}

// action is a line of the log, or a row of a checkpoint: one of its fields is set.
type action struct {
	CommitInfo *commitInfo `json:"commitInfo,omitempty"`
	Protocol   *protocol   `json:"protocol,omitempty"`
	MetaData   *metaData   `json:"metaData,omitempty"`
	Remove     *file       `json:"remove,omitempty"`
	Add        *file       `json:"add,omitempty"`
}

type commitInfo struct {
	Timestamp  int64    `json:"timestamp"`
	Operation  string   `json:"operation"`
	Parameters struct{} `json:"operationParameters"`
	ID         string   `json:"txnId"`
}

type protocol struct {
	Reader int `json:"minReaderVersion"`
	Writer int `json:"minWriterVersion"`
}

type metaData struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Format      struct {
		Provider string            `json:"provider"`
		Options  map[string]string `json:"options"`
	} `json:"format"`
	Schema        string            `json:"schemaString"`
	Partition     []string          `json:"partitionColumns"`
	Configuration map[string]string `json:"configuration"`
	Created       int64             `json:"createdTime"` // milliseconds, as all times of the log
}

type file struct {
	Path       string             `json:"path"`
	Partition  map[string]*string `json:"partitionValues"`
	Size       int64              `json:"size"`
	Modified   int64              `json:"modificationTime,omitempty"`
	Deleted    int64              `json:"deletionTimestamp,omitempty"`
	Extended   bool               `json:"extendedFileMetadata,omitempty"` // of one that is removed: it says the rest, too
	DataChange bool               `json:"dataChange"`
	Stats      string             `json:"stats,omitempty"`
	Tags       map[string]string  `json:"tags,omitempty"`
}

// Load reads the newest version of the table in a folder.
func Load(ctx context.Context, files Files, folder string) (*Table, error) {
	t := &Table{Version: -1, at: files, folder: folder, live: map[string]*file{}, gone: map[string]*file{}, checkpoint: -1}
	names, err := files.List(ctx, t.log(""))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if version, is := versionOf(n.Name, ".checkpoint.parquet"); is {
			t.checkpoint, t.Version = version, version
		}
	}
	if t.checkpoint >= 0 {
		err = t.readCheckpoint(ctx)
	}
	for _, n := range names {
		version, is := versionOf(n.Name, ".json")
		if err != nil || !is || version <= t.checkpoint {
			continue
		}
		if version != t.Version+1 {
			return nil, fmt.Errorf("load table %s: its log lacks version %d", folder, t.Version+1)
		}
		var text []byte
		if text, err = files.Read(ctx, n.Name); err == nil {
			err = t.read(text)
		}
		t.Version = version
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrConflict
	}
	if err == nil {
		err = t.show()
	}
	if err != nil {
		return nil, fmt.Errorf("load table %s: %w", folder, err)
	}
	return t, nil
}

// log is the name of a file of the log.
func (t *Table) log(name string) string { return path.Join(t.folder, "_delta_log", name) }

func versionOf(name, kind string) (version int64, is bool) {
	digits, is := strings.CutSuffix(path.Base(name), kind)
	version, err := strconv.ParseInt(digits, 10, 64)
	return version, is && err == nil && len(digits) == 20
}

// read has the table become what the actions say of it.
func (t *Table) read(text []byte) error {
	for line := range bytes.Lines(text) {
		var a action
		if err := json.Unmarshal(line, &a); err != nil {
			return fmt.Errorf("read version %d: %w", t.Version+1, err)
		}
		t.apply(a)
		if p := a.Protocol; p != nil && (p.Reader != 1 || p.Writer > 2) {
			return fail.New(fail.Usage, "export into a new folder", "the table is of Delta's protocol %d/%d: this program knows 1/2", p.Reader, p.Writer)
		}
	}
	return nil
}

func (t *Table) apply(a action) {
	if a.MetaData != nil {
		t.meta = a.MetaData
	}
	if f := a.Add; f != nil {
		t.live[f.Path] = f
		delete(t.gone, f.Path)
	}
	if f := a.Remove; f != nil {
		t.gone[f.Path] = f
		delete(t.live, f.Path)
	}
}

// show fills what callers see.
func (t *Table) show() (err error) {
	if t.meta == nil {
		return nil
	}
	if t.Spec, err = specOf(t.meta); err != nil {
		return err
	}
	t.Files = nil
	for _, name := range slices.Sorted(maps.Keys(t.live)) {
		f := t.live[name]
		is := File{Partition: map[string]string{}, Bytes: f.Size, Modified: time.UnixMilli(f.Modified).UTC(), Tags: f.Tags}
		if is.Path, err = url.PathUnescape(f.Path); err != nil {
			return err
		}
		for key, value := range f.Partition {
			if is.Partition[key] = ""; value != nil {
				is.Partition[key] = *value
			}
		}
		if f.Stats != "" {
			is.Stats = json.RawMessage(f.Stats)
			var rows struct{ NumRecords int64 }
			if err := json.Unmarshal(is.Stats, &rows); err != nil {
				return fmt.Errorf("read statistics of %s: %w", f.Path, err)
			}
			is.Rows = rows.NumRecords
		}
		t.Files = append(t.Files, is)
	}
	return nil
}

// logged is a file as the log has it: its path is a URI.
func logged(f File) *file {
	to := &file{Path: (&url.URL{Path: f.Path}).EscapedPath(), Partition: map[string]*string{}, Size: f.Bytes, Modified: f.Modified.UnixMilli(), DataChange: true,
		Stats: cmp.Or(string(f.Stats), fmt.Sprintf(`{"numRecords":%d}`, f.Rows)), Tags: f.Tags}
	for key, value := range f.Partition {
		if to.Partition[key] = nil; value != "" {
			to.Partition[key] = &value
		}
	}
	return to
}

// Commit writes the next version: what the table is from now on, and which files come and go; the files that come are in place. The table is
// then that version. what stands in its history; at is now. Another program's version of that number is ErrConflict.
func (t *Table) Commit(ctx context.Context, spec Spec, what string, add, remove []File, at time.Time) error {
	now := at.UnixMilli()
	actions := []action{{CommitInfo: &commitInfo{Timestamp: now, Operation: what, ID: uuid.NewString()}}}
	meta, err := spec.meta(t.meta, now)
	if err != nil {
		return fmt.Errorf("write table %s: %w", t.folder, err)
	}
	if t.Version < 0 {
		actions = append(actions, action{Protocol: &protocol{1, 2}})
	}
	if !same(meta, t.meta) {
		actions = append(actions, action{MetaData: meta})
	}
	for _, f := range remove {
		is := *logged(f)
		is.Deleted, is.Extended, is.Modified, is.Stats = now, true, 0, ""
		actions = append(actions, action{Remove: &is})
	}
	for _, f := range add {
		if slices.ContainsFunc(remove, func(r File) bool { return r.Path == f.Path }) {
			return fmt.Errorf("write table %s: %s cannot come and go in one version", t.folder, f.Path)
		}
		actions = append(actions, action{Add: logged(f)})
	}
	text, err := lines(actions)
	if err != nil {
		return err
	}
	name := t.log(fmt.Sprintf("%020d.json", t.Version+1))
	err = t.at.Create(ctx, name, text)
	if errors.Is(err, fs.ErrExist) { // or is it this one, whose answer was lost on the way?
		is, failed := t.at.Read(ctx, name)
		if err = failed; err == nil && !bytes.Equal(is, text) {
			err = ErrConflict
		}
	}
	if err != nil {
		return fmt.Errorf("write table %s: %w", t.folder, err)
	}
	t.Version++
	for _, a := range actions {
		t.apply(a)
	}
	return t.show()
}

// lines are actions as they stand in the log.
func lines(actions []action) ([]byte, error) {
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false)
	for _, a := range actions {
		if err := to.Encode(a); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}
