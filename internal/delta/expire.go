package delta

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/duck"
)

// often is after how many versions there is a checkpoint: readers need not read more of the log.
const often = 10

// Expire removes data files that no version since a moment names, and the log of what was before. Whoever reads a version that was the newest at
// that moment, or a later one, keeps all of it. A file that another program has not committed yet is safe while it is younger.
func (t *Table) Expire(ctx context.Context, before time.Time) error {
	if t.Version < 0 {
		return nil
	}
	all, err := t.at.List(ctx, t.folder)
	if err != nil {
		return err
	}
	oldest := int64(0) // that was the newest at that moment
	for _, f := range all {
		if version, is := versionOf(f.Name, ".json"); is && f.Modified.Before(before) {
			oldest = max(oldest, version)
		}
	}
	if t.Version >= t.checkpoint+often || oldest >= t.Version && t.checkpoint < t.Version {
		if err := t.writeCheckpoint(ctx, before); err != nil {
			return fmt.Errorf("write checkpoint of table %s: %w", t.folder, err)
		}
	}
	kept := int64(-1) // the checkpoint that reading the oldest begins with
	for _, f := range all {
		if version, is := versionOf(f.Name, ".checkpoint.parquet"); is && version <= oldest {
			kept = version
		}
	}
	if t.checkpoint <= oldest {
		kept = t.checkpoint
	}
	needed := map[string]bool{}
	for _, files := range []map[string]*file{t.live, t.gone} {
		for _, f := range files {
			name, err := url.PathUnescape(f.Path)
			if err != nil {
				return err
			}
			needed[name] = f.Deleted == 0 || f.Deleted >= before.UnixMilli()
		}
	}
	for _, f := range all {
		name := strings.TrimPrefix(f.Name, t.folder+"/")
		remove := f.Modified.Before(before) && !needed[name]
		if strings.HasPrefix(name, "_delta_log/") {
			version, isVersion := versionOf(name, ".json")
			if !isVersion {
				version, isVersion = versionOf(name, ".checkpoint.parquet")
			}
			if remove = version < kept; !isVersion { // a draft of a program that was killed
				remove = strings.HasPrefix(filepath.Base(name), ".") && f.Modified.Before(before)
			}
		}
		if remove {
			if err := t.at.Remove(ctx, f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeCheckpoint writes what the table is by now, in one file.
func (t *Table) writeCheckpoint(ctx context.Context, before time.Time) (err error) {
	actions := []action{{Protocol: &protocol{1, 2}}, {MetaData: t.meta}}
	for _, name := range slices.Sorted(maps.Keys(t.gone)) {
		if f := *t.gone[name]; f.Deleted >= before.UnixMilli() {
			f.DataChange = false
			actions = append(actions, action{Remove: &f})
		} else {
			delete(t.gone, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.live)) {
		f := *t.live[name]
		f.DataChange = false
		actions = append(actions, action{Add: &f})
	}
	text, err := lines(actions)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(t.at.Temp(), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	data, hint := filepath.Join(dir, "checkpoint"), filepath.Join(dir, "hint")
	var each []string
	for line := range bytes.Lines(text) {
		each = append(each, string(line))
	}
	err = inMemory(func(db *sql.DB) error {
		_, err := duck.Exec(ctx, db, "delta/write_checkpoint", sql.Named("lines", each), sql.Named("file", data))
		return err
	})
	if err != nil {
		return err
	}
	if err := t.at.Put(ctx, t.log(fmt.Sprintf("%020d.checkpoint.parquet", t.Version)), data); err != nil {
		return err
	}
	t.checkpoint = t.Version
	text, err = json.Marshal(map[string]int64{"version": t.Version, "size": int64(len(actions))})
	if err != nil {
		return err
	}
	if err := os.WriteFile(hint, text, 0o600); err != nil {
		return err
	}
	return t.at.Put(ctx, t.log("_last_checkpoint"), hint)
}

func (t *Table) readCheckpoint(ctx context.Context) error {
	file, done, err := t.at.Local(ctx, t.log(fmt.Sprintf("%020d.checkpoint.parquet", t.checkpoint)))
	if err != nil {
		return err
	}
	defer done()
	return inMemory(func(db *sql.DB) error {
		rows, err := duck.All[string](ctx, db, "delta/read_checkpoint", sql.Named("file", file))
		if err != nil {
			return err
		}
		return t.read([]byte(strings.Join(rows, "\n")))
	})
}

// inMemory has a database do something that is over soon.
func inMemory(work func(*sql.DB) error) (err error) {
	db, err := duck.Open("", duck.Options{Threads: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return work(db)
}
