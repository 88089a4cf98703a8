package delta

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/duck"
)

// often is after how many versions there is a checkpoint: readers need not read more of the log.
const often = 10

// Expire removes data files that no version since a moment names, and the log of what was before; it writes a checkpoint where one is due.
// Whoever reads the version that was the newest at that moment, or a later one, keeps all of it. What a program has not committed yet is
// safe while it is younger.
func (t *Table) Expire(ctx context.Context, before time.Time) error {
	all, err := t.at.List(ctx, t.folder)
	if err != nil || t.Version < 0 {
		return err
	}
	oldest := int64(0) // that somebody may still read
	for _, f := range all {
		if version, kind := versionOf(f.Name); kind == logKind && f.Modified.Before(before) {
			oldest = max(oldest, version)
		}
	}
	if t.Version >= t.checkpoint+often || oldest == t.Version && t.checkpoint < t.Version {
		if err := t.writeCheckpoint(ctx, before); err != nil {
			return fmt.Errorf("write checkpoint of table %s: %w", t.folder, err)
		}
		all = append(all, Info{Name: t.log(named(t.Version, checkpointKind)), Modified: before})
	}
	begin := int64(-1) // the checkpoint that reading the oldest begins with
	for _, f := range all {
		if version, kind := versionOf(f.Name); kind == checkpointKind && version <= oldest {
			begin = max(begin, version)
		}
	}
	for _, f := range all {
		old, name := f.Modified.Before(before), strings.TrimPrefix(f.Name, t.folder+"/")
		if strings.HasPrefix(name, "_delta_log/") {
			version, kind := versionOf(name)
			old = kind != "" && version < begin || old && strings.HasPrefix(path.Base(name), ".") // a draft of one that was killed
		} else if gone := t.gone[name]; t.live[name] != nil || gone != nil && gone.Deleted >= before.UnixMilli() {
			continue
		}
		if old {
			if err := t.at.Remove(ctx, f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeCheckpoint writes what the table is by now, in one file.
func (t *Table) writeCheckpoint(ctx context.Context, before time.Time) (err error) {
	maps.DeleteFunc(t.gone, func(_ string, f *file) bool { return f.Deleted < before.UnixMilli() })
	actions := []action{{Protocol: &protocol{1, 2}}, {MetaData: t.meta}}
	for _, name := range slices.Sorted(maps.Keys(t.gone)) {
		actions = append(actions, action{Remove: t.gone[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(t.live)) {
		actions = append(actions, action{Add: t.live[name]})
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
	if err := inMemory(func(db *sql.DB) error {
		_, err := duck.Exec(ctx, db, "delta/write_checkpoint", sql.Named("lines", slices.Collect(strings.Lines(text))), sql.Named("file", data))
		return err
	}); err != nil {
		return err
	}
	if err := t.at.Put(ctx, t.log(named(t.Version, checkpointKind)), data); err != nil {
		return err
	}
	t.checkpoint = t.Version
	said, err := json.Marshal(map[string]int64{"version": t.Version, "size": int64(len(actions))})
	if err == nil {
		err = os.WriteFile(hint, said, 0o600)
	}
	if err != nil {
		return err
	}
	return t.at.Put(ctx, t.log("_last_checkpoint"), hint)
}

func (t *Table) readCheckpoint(ctx context.Context) error {
	file, done, err := t.at.Local(ctx, t.log(named(t.checkpoint, checkpointKind)))
	if err != nil {
		return err
	}
	defer done()
	return inMemory(func(db *sql.DB) error {
		rows, err := duck.All[string](ctx, db, "delta/read_checkpoint", sql.Named("file", file))
		if err != nil {
			return err
		}
		return t.read(strings.Join(rows, "\n"))
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
