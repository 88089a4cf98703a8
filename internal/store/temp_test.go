package store_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/dirs"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/must"
	"seats/internal/store"
)

// spillers open a store and give what to spill through and what closes it.
var spillers = map[string]func(t *testing.T, path string, o duck.Options) (duck.Queryer, func() error){
	"run": func(t *testing.T, path string, o duck.Options) (duck.Queryer, func() error) {
		w := must.Have(store.Begin(t.Context(), path, o))(t)
		return w.Conn, w.Drop
	},
	"reader": func(t *testing.T, path string, o duck.Options) (duck.Queryer, func() error) {
		db := must.Have(store.OpenPublished(t.Context(), path, o))(t)
		return db, db.Close
	},
	"sealed reader": func(t *testing.T, path string, o duck.Options) (duck.Queryer, func() error) {
		o.Locked = true
		db := must.Have(store.OpenPublished(t.Context(), path, o))(t)
		return db, db.Close
	},
	"scratch": func(t *testing.T, path string, o duck.Options) (duck.Queryer, func() error) {
		s := must.Have(store.OpenScratch(t.Context(), path, o, nil))(t)
		return s.Conn, s.Close
	},
}

// What does not fit into memory goes beside the store, or to engine.temp_dir: nothing before it is needed, and
// nothing after it.
func TestSpillingGoesBesideTheStoreOrToTempDir(t *testing.T) {
	for who, open := range spillers {
		for _, elsewhere := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, elsewhere %t", who, elsewhere), func(t *testing.T) {
				path := newStore(t)
				o := duck.Options{MemoryLimit: littleMemory, Threads: 1}
				dir := filepath.Dir(path)
				if elsewhere {
					dir = t.TempDir()
					o.TempDir = dir
				}
				before := names(t, filepath.Dir(path))
				q, done := open(t, path, o)
				require.Empty(t, temporary(t, dir))
				spill(t, q)
				require.Len(t, temporary(t, dir), 1)
				require.NoError(t, done())
				require.Empty(t, temporary(t, dir))
				require.Equal(t, before, names(t, filepath.Dir(path)))
			})
		}
	}
}

// temporary are the folders for temporary files.
func temporary(t *testing.T, dir string) (found []string) {
	for _, name := range names(t, dir) {
		if strings.HasPrefix(name, "acme.duckdb") && strings.HasSuffix(name, ".tmp") {
			found = append(found, name)
		}
	}
	return found
}

// DuckDB removes what lies in its folder under the names that it gives, whoever put it there: no two databases
// may share one.
func TestNoTwoDatabasesShareAFolder(t *testing.T) {
	temp := t.TempDir()
	o := duck.Options{MemoryLimit: littleMemory, Threads: 1, TempDir: temp}
	var all []func() error
	for _, path := range []string{newStore(t), newStore(t)} { // of one name, in two data folders
		for _, who := range []string{"run", "reader", "scratch", "scratch"} {
			q, done := spillers[who](t, path, o)
			spill(t, q)
			all = append(all, done)
		}
	}
	require.Len(t, temporary(t, temp), len(all))
	for at, done := range all {
		require.NoError(t, done())
		require.Len(t, temporary(t, temp), len(all)-at-1)
	}
}

func TestAnUnusableTempDirIsNamed(t *testing.T) {
	path := newStore(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		for name, open := range openers {
			err := open(t.Context(), path, duck.Options{TempDir: dir})
			require.ErrorContains(t, err, file, name)
			require.NotErrorIs(t, err, store.ErrDamaged)
			require.Equal(t, fail.Other, fail.CodeOf(err))
			require.Contains(t, hint(err), "engine.temp_dir")
		}
	}
}

// A run and a scratch store have a folder for whoever works with them, in the same place; it is made when asked for.
func TestTheFolderForTemporaryFilesIsOnlyANameAtFirst(t *testing.T) {
	path, temp := newStore(t), t.TempDir()
	for _, o := range []duck.Options{{}, {TempDir: temp}} {
		work := must.Have(store.Begin(t.Context(), path, o))(t)
		scratch := must.Have(store.OpenScratch(t.Context(), path, o, nil))(t)
		for dir, done := range map[string]func() error{work.TempDir(): work.Drop, scratch.TempDir(): scratch.Close} {
			require.Equal(t, cmp.Or(o.TempDir, filepath.Dir(path)), filepath.Dir(dir))
			require.NoDirExists(t, dir)
			require.NoError(t, dirs.MakeTemp(dir))
			require.NoError(t, dirs.MakeTemp(dir), "it is there already")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
			require.NoError(t, done())
			require.NoDirExists(t, dir)
		}
	}
	require.Error(t, dirs.MakeTemp(filepath.Join(temp, "slip", "folder")))
	require.Empty(t, names(t, temp))
}
