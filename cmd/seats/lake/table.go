package lake

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	texts "example.com/seats/sql"
)

// table is a relation of the lake: a table of the Delta protocol (reader version 1, writer version 2) at its newest version. That is what
// the log in its folder says: a file for each version, of lines of JSON, each an action. What they come to is asked in SQL (sql/lake/log).
// A version is there whole or not at all, and nobody replaces another's.
type table struct {
	texts.Table
	Rows                bool  `json:"rows"` // it has none but rows, not numbers
	version, checkpoint int64 // -1: there is none
}

// often is after how many versions there is a checkpoint: readers need not read more of the log.
const often = 10

var logName = regexp.MustCompile(`/_delta_log/([0-9]{20})\.(json|checkpoint\.parquet)$`)

func (t *table) log(version int64, kind string) string {
	return fmt.Sprintf("%s/_delta_log/%020d.%s", t.Name, version, kind)
}

// conflict is an error where another export has changed the table meanwhile.
func (l *Lake) conflict(t *table) error {
	return fail.New(fail.Store, "run the export again: it begins with what is there; where it says so each time, a file is lost: export into a new folder", "another export has changed %s in %s meanwhile", t.Name, l.Where)
}

// load reads the log of a table.
func (l *Lake) load(ctx context.Context, t *table) error {
	t.version, t.checkpoint = -1, -1
	files, err := l.place.list(ctx, t.Name+"/_delta_log")
	if err != nil {
		return err
	}
	versions := map[int64]bool{}
	for _, f := range files {
		if m := logName.FindStringSubmatch(f.Name); m != nil {
			version, _ := strconv.ParseInt(m[1], 10, 64) // of twenty digits that this program wrote, or it is missed below
			if versions[version] = versions[version] || m[2] == "json"; m[2] != "json" {
				t.checkpoint = max(t.checkpoint, version)
			}
		}
	}
	if t.version = t.checkpoint; t.checkpoint >= 0 {
		file, err := l.place.local(ctx, t.log(t.checkpoint, "checkpoint.parquet"), l.desk.TempDir())
		if err == nil {
			err = l.do(ctx, "take_checkpoint", sql.Named("relation", t.Name), sql.Named("file", file))
		}
		if err != nil {
			return l.gone(t, err)
		}
	}
	var lines []string
	for ; versions[t.version+1]; t.version++ {
		text, err := l.place.read(ctx, t.log(t.version+1, "json"))
		if err != nil {
			return l.gone(t, err)
		}
		for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
			if !json.Valid([]byte(line)) {
				return fail.New(fail.Store, "bring the file back, or export into a new folder", "%s in %s is damaged", t.log(t.version+1, "json"), l.Where)
			}
			lines = append(lines, line)
		}
	}
	if err := l.do(ctx, "take_lines", sql.Named("relation", t.Name), sql.Named("lines", lines)); err != nil {
		return err
	}
	for version := range versions {
		if version > t.version {
			return fail.New(fail.Store, "bring the file back, or export into a new folder", "the log of %s in %s lacks version %d", t.Name, l.Where, t.version+1)
		}
	}
	strange, err := duck.All[string](ctx, l.desk.Conn, "lake/stranger", sql.Named("relation", t.Name))
	if err == nil && len(strange) > 0 {
		err = fail.New(fail.Usage, "another program wrote to it: export into a new folder", "%s in %s has what this program does not know: %s", t.Name, l.Where, strange[0])
	}
	return err
}

// gone is a conflict where a file of the log is gone since it was listed.
func (l *Lake) gone(t *table, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return l.conflict(t)
	}
	return err
}

// write makes the next version of a table of the staged rows and those of the lake that they do not replace, unless it would be the same.
func (l *Lake) write(ctx context.Context, t *table) error {
	dir := filepath.Join(l.desk.TempDir(), "written", t.Name)
	gone, err := duck.All[string](ctx, l.desk.Conn, "lake/rewritten", sql.Named("relation", t.Name), sql.Named("rows", t.Rows))
	if err == nil && len(gone) > 0 {
		var files []string
		if files, err = l.fetch(ctx, t, gone); err == nil {
			err = l.on(ctx, "keep", t, sql.Named("files", files), sql.Named("rows", t.Rows))
		}
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(dir), 0o700)
	}
	if err == nil {
		err = l.on(ctx, "write", t, sql.Named("dir", dir))
	}
	if err != nil {
		return err
	}
	written, err := fs.Glob(os.DirFS(dir), "*/*/*.parquet")
	if err == nil {
		err = l.do(ctx, "no_added")
	}
	var files []string
	for _, name := range written {
		files = append(files, filepath.Join(dir, name))
		if err == nil {
			err = l.place.put(ctx, path.Join(t.Name, name), filepath.Join(dir, name))
		}
	}
	if err == nil && len(files) > 0 {
		err = l.do(ctx, "added", sql.Named("files", files), sql.Named("now", l.Now.UnixMilli()))
	}
	if err == nil {
		err = l.commit(ctx, t, gone)
	}
	if err == nil {
		err = l.on(ctx, "empty", t)
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// commit writes the next version of a table, without some files and with those that were added.
func (l *Lake) commit(ctx context.Context, t *table, gone []string) error {
	lines, err := duck.All[string](ctx, l.desk.Conn, "lake/next_version", sql.Named("relation", t.Name), sql.Named("gone", append([]string{}, gone...)),
		sql.Named("now", l.Now.UnixMilli()), sql.Named("schema", string(schemaText)), duck.JSON("properties", l.properties))
	if err != nil || len(lines) == 1 {
		return err
	}
	name, text := t.log(t.version+1, "json"), strings.Join(lines, "\n")+"\n"
	if err = l.place.create(ctx, name, []byte(text)); errors.Is(err, fs.ErrExist) { // or is it this one, whose answer was lost on the way?
		if is, no := l.place.read(ctx, name); no != nil || string(is) != text {
			return l.conflict(t)
		}
		err = nil
	}
	if err == nil {
		err = l.do(ctx, "take_lines", sql.Named("relation", t.Name), sql.Named("lines", lines))
	}
	if err != nil {
		return err
	}
	t.version++
	l.Written++
	return l.expire(ctx, t)
}

// expire removes what no version since a moment names, and the log of what was before; a checkpoint is written where one is due. Whoever
// reads the version that was the newest at that moment, or a later one, keeps all of it.
func (l *Lake) expire(ctx context.Context, t *table) error {
	before := sql.Named("before", l.Now.Add(-l.Retain).UnixMilli())
	if t.version >= t.checkpoint+often {
		file := filepath.Join(l.desk.TempDir(), "checkpoint.parquet")
		actions, err := duck.One[int](ctx, l.desk.Conn, "lake/write_checkpoint", sql.Named("relation", t.Name), before, sql.Named("file", file))
		if err == nil {
			err = l.place.put(ctx, t.log(t.version, "checkpoint.parquet"), file)
		}
		if err == nil {
			err = l.put(ctx, t.Name+"/_delta_log/_last_checkpoint", fmt.Appendf(nil, `{"version":%d,"size":%d}`, t.version, actions))
		}
		if err != nil {
			return err
		}
		t.checkpoint = t.version
	}
	files, err := l.place.list(ctx, t.Name)
	for i := range files {
		files[i].Name = strings.TrimPrefix(files[i].Name, t.Name+"/")
	}
	if err != nil {
		return err
	}
	expired, err := duck.All[string](ctx, l.desk.Conn, "lake/expired", sql.Named("relation", t.Name), duck.JSON("files", files), before)
	for _, name := range expired {
		if err == nil {
			err = l.place.remove(ctx, path.Join(t.Name, name))
		}
	}
	return err
}

// put writes a small file.
func (l *Lake) put(ctx context.Context, name string, text []byte) error {
	file := filepath.Join(l.desk.TempDir(), "text")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return l.place.put(ctx, name, file)
}

// fetch gives files of a table as DuckDB reads them.
func (l *Lake) fetch(ctx context.Context, t *table, names []string) (files []string, err error) {
	for _, name := range names {
		file, err := l.place.local(ctx, path.Join(t.Name, name), l.desk.TempDir())
		if err != nil {
			return nil, l.gone(t, err)
		}
		files = append(files, file)
	}
	return files, nil
}

func (l *Lake) do(ctx context.Context, statement string, args ...any) error {
	return duck.Exec(ctx, l.desk.Conn, "lake/"+statement, args...)
}

// on runs a statement that is the same for every relation on one.
func (l *Lake) on(ctx context.Context, statement string, t *table, args ...any) error {
	return duck.ExecOn(ctx, l.desk.Conn, "lake/each_"+statement, t.Table, args...)
}
