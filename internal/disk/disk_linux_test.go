package disk_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/disk"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
)

// told requires an error that says where the disk was full, how much is free, and what to do.
func told(t *testing.T, err error, folder string) {
	require.Regexp(t, `^the disk of `+folder+` is full \((\d+\.\d MB are free now|there is no room for one more file)\): `, err)
	require.Equal(t, fail.Other, fail.CodeOf(err))
	require.Equal(t, []string{"make room there, or let data_dir, output_dir, lake and engine.temp_dir be on a larger disk; then run again"}, fail.Hints(err))
}

// /dev/full is a disk that is always full.
func TestAFileThatCannotBeWrittenForWantOfRoom(t *testing.T) {
	f := must.Have(os.OpenFile("/dev/full", os.O_WRONLY, 0))(t)
	defer f.Close() //nolint:errcheck // nothing was written
	_, err := f.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	for _, wrapped := range []error{
		err,
		fail.New(fail.Source, "copy it again", "broken zip: %w", err), // whatever was thought of it before
		fmt.Errorf("extract: %w", errors.Join(errors.New("first"), err)),
	} {
		explained := disk.Explain(wrapped, "/nowhere")
		told(t, explained, "/dev")
		require.ErrorIs(t, explained, syscall.ENOSPC)
		require.Equal(t, explained, disk.Explain(explained, "/nowhere"), "once is enough")
	}
}

func TestAFolderThatIsGoneOrAQuota(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "unpack-1", "x")
	told(t, disk.Explain(&os.PathError{Op: "write", Path: filepath.Join(gone, "y.csv"), Err: syscall.EDQUOT}, ""), gone)
	told(t, disk.Explain(&os.PathError{Op: "write", Path: "pack.zip", Err: syscall.ENOSPC}, ""), must.Have(os.Getwd())(t))
	told(t, disk.Explain(&os.LinkError{Op: "rename", Old: "/a/b", New: "/dev/c", Err: syscall.ENOSPC}, ""), "/dev")
}

// What DuckDB says of a full disk, it says in words.
func TestDuckDBHasNoRoomForAFile(t *testing.T) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	_, err := db.Exec("copy (select i from range(100000) as r(i)) to '/dev/full' (format csv)")
	require.Error(t, err)
	told(t, disk.Explain(fmt.Errorf("pack: %w", err), "/nowhere"), "/dev")
}

func TestDuckDBHasNoRoomToSpill(t *testing.T) {
	spill := t.TempDir()
	db := must.Have(duck.Open("", duck.Options{MemoryLimit: "50MB", Threads: 1, TempDir: filepath.Join(spill, "duckdb")}))(t)
	defer db.Close() //nolint:errcheck // in memory
	db.SetMaxOpenConns(1)
	must.Have(db.Exec("set max_temp_directory_size = '1MB'"))(t)
	_, err := db.Exec("create table big as select md5(i::varchar) as text from range(5000000) as r(i)")
	require.Error(t, err)
	explained := disk.Explain(err, spill)
	told(t, explained, spill)
	require.NotContains(t, explained.Error(), "\n", "no advice about settings that the program makes")

	short := must.Have(duck.Open("", duck.Options{MemoryLimit: "50MB", Threads: 1}))(t)
	defer short.Close() //nolint:errcheck // in memory
	_, err = short.Exec("create table big as select md5(i::varchar) as text from range(5000000) as r(i)")
	require.ErrorContains(t, err, "Out of Memory")
	explained = disk.Explain(fail.New(fail.Source, "copy it again", "broken export: %w", err), spill)
	require.Regexp(t, "^too little memory: ", explained, "memory that is short is no full disk")
	require.NotContains(t, explained.Error(), "\n")
	require.Equal(t, fail.Other, fail.CodeOf(explained))
	require.Contains(t, fail.Hints(explained)[0], "engine.memory_limit")
	require.Equal(t, explained, disk.Explain(explained, spill), "once is enough")
}

func TestAWantOfFileHandles(t *testing.T) {
	for _, err := range []error{
		fail.New(fail.Source, "copy it again", "export: %w", &os.PathError{Op: "open", Path: "/x", Err: syscall.EMFILE}),
		fmt.Errorf("open store: %w", &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: `IO Error: Cannot open file "/x": Too many open files`}),
	} {
		explained := disk.Explain(err, "/nowhere")
		require.ErrorIs(t, explained, err)
		require.Equal(t, fail.Other, fail.CodeOf(explained))
		require.Contains(t, fail.Hints(explained)[0], "ulimit -n")
	}
	err := errors.New("the server says: too many open files in system")
	require.Equal(t, err, disk.Explain(err, "/nowhere"), "that is the server's")
}

func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	require.NoError(t, disk.Explain(nil, "/dev"))
	_, missing := os.Open(filepath.Join(t.TempDir(), "no space left on device"))
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	_, syntax := db.Exec("select nothing from nowhere")
	for _, err := range []error{missing, syntax, errors.New("no space left on device"), &os.PathError{Op: "write", Path: "/x", Err: syscall.EFBIG}} {
		require.Error(t, err)
		require.Equal(t, err, disk.Explain(err, "/dev"), strings.TrimSpace(err.Error()))
	}
}

// DuckDB quotes names of databases and tables too.
func TestTheFolderIsThatOfAQuotedPathAndNotOfAName(t *testing.T) {
	err := disk.Explain(&duckdb.Error{Type: duckdb.ErrorTypeIO,
		Msg: `IO Error: Failed to checkpoint "sealing": Could not write file "/nowhere/var/acme.duckdb": No space left on device`}, "")
	require.ErrorContains(t, err, "the disk of /nowhere/var is full")
}
