package store_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/must"
	"seats/internal/store"
)

func hint(err error) string { return strings.Join(fail.Hints(err), "\n") }

func TestANewStoreIsPublishedWholeAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	require.Equal(t, []string{"acme.duckdb", "acme.duckdb.lock"}, names(t, filepath.Dir(path)))
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(path))(t).Mode())
	eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
		require.NoError(t, open(t.Context(), path, duck.Options{}))
	})
	require.Equal(t, []string{"acme.duckdb", "acme.duckdb.lock"}, names(t, filepath.Dir(path)))
}

// Only Begin makes a store. The others leave nothing where there is none, no folder and no lock.
func TestAMissingStoreIsNotMadeByOpeningIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vra")
	for _, opener := range []string{"BeginExisting", "OpenPublished", "OpenScratch"} {
		err := openers[opener](t.Context(), filepath.Join(dir, "acme.duckdb"), duck.Options{})
		require.ErrorIs(t, err, store.ErrMissing, opener)
		require.ErrorContains(t, err, filepath.Join(dir, "acme.duckdb"))
		require.Equal(t, fail.Other, fail.CodeOf(err))
		require.Contains(t, hint(err), "data_dir")
		require.NoDirExists(t, dir)
	}
	_, err := store.BeginVanished(t.Context(), filepath.Join(dir, "acme.duckdb"), duck.Options{})
	require.ErrorIs(t, err, store.ErrMissing)
	require.Equal(t, []string{"acme.duckdb.lock"}, names(t, dir))
}

func TestWhatIsNoStoreIsDamaged(t *testing.T) {
	good := must.Have(os.ReadFile(newStore(t)))(t)
	write := func(content []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, content, 0o600)) }
	}
	for what, put := range map[string]func(t *testing.T, path string){
		"an empty file":         write(nil),
		"a text":                write([]byte("globals: {data_dir: var}\n")),
		"its first bytes":       write(good[:100]),
		"its headers alone":     write(good[:3*4096]),
		"all but its last byte": write(good[:len(good)-1]),
		"a folder":              func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
		"another program's":     func(t *testing.T, path string) { change(t, path, "create table t (a integer)") },
		"another program's versions": func(t *testing.T, path string) {
			change(t, path, "create schema _data", "create table _data.store_version (v integer)")
		},
		"one without a version": func(t *testing.T, path string) {
			write(good)(t, path)
			change(t, path, "delete from _data.store_version")
		},
	} {
		t.Run(what, func(t *testing.T) {
			eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
				path := filepath.Join(t.TempDir(), "acme.duckdb")
				put(t, path)
				before, _ := os.ReadFile(path)
				err := open(t.Context(), path, duck.Options{})
				require.ErrorIs(t, err, store.ErrDamaged)
				require.ErrorContains(t, err, path)
				require.Equal(t, fail.Store, fail.CodeOf(err))
				require.Contains(t, hint(err), "backup")
				after, _ := os.ReadFile(path)
				require.Equal(t, before, after, "it stays for the repair")
				require.Subset(t, []string{"acme.duckdb", "acme.duckdb.lock"}, names(t, filepath.Dir(path)))
			})
		})
	}
}

func TestAStoreOfANewerProgramIsNotDamaged(t *testing.T) {
	path := newStore(t)
	change(t, path, "update _data.store_version set version = 99")
	eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
		err := open(t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrNewer)
		require.NotErrorIs(t, err, store.ErrDamaged)
		require.Equal(t, fail.Store, fail.CodeOf(err))
	})
}

// A file that the next DuckDB wrote: one version above the newest that the library writes, with its checksum.
func TestAStoreOfANewerDuckDBIsNotDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	db := must.Have(duck.Open("", duck.Options{}))(t)
	must.Have(db.Exec("attach '" + path + "' as newest (storage_version 'latest')"))(t)
	require.NoError(t, db.Close())
	file := must.Have(os.ReadFile(path))(t)
	newest := binary.LittleEndian.Uint64(file[12:])
	binary.LittleEndian.PutUint64(file[12:], newest+1)
	sum := uint64(5381)
	for at := 8; at < 4096; at += 8 {
		sum ^= binary.LittleEndian.Uint64(file[at:]) * 0xbf58476d1ce4e5b9
	}
	binary.LittleEndian.PutUint64(file, sum)
	require.NoError(t, os.WriteFile(path, file, 0o600))
	eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
		err := open(t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrNewer)
		require.NotErrorIs(t, err, store.ErrDamaged)
		require.ErrorContains(t, err, "this program knows "+strconv.FormatUint(newest, 10))
		require.Equal(t, fail.Store, fail.CodeOf(err))
	})
}

// What the machine lacks says nothing of the file.
func TestTooLittleMemoryIsNoDamage(t *testing.T) {
	path := newStore(t)
	eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
		err := open(t.Context(), path, duck.Options{MemoryLimit: "1KB"})
		require.Error(t, err)
		require.NotErrorIs(t, err, store.ErrDamaged)
		require.Equal(t, fail.Other, fail.CodeOf(err))
	})
}

// The driver would take what follows for options, and forget that a reader only reads.
func TestAPathThatTheDriverWouldReadOtherwiseIsRefused(t *testing.T) {
	for _, name := range []string{"a#b", "a?b", "a%b"} {
		dir := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.Mkdir(dir, 0o700))
		path := filepath.Join(dir, "acme.duckdb")
		require.NoError(t, os.WriteFile(path, must.Have(os.ReadFile(newStore(t)))(t), 0o600))
		for _, opener := range []string{"Begin", "BeginExisting", "OpenPublished"} {
			err := openers[opener](t.Context(), path, duck.Options{})
			require.ErrorContains(t, err, path, opener)
			require.NotErrorIs(t, err, store.ErrDamaged)
			require.Equal(t, fail.Other, fail.CodeOf(err))
			require.Contains(t, hint(err), "data_dir")
		}
	}
}
