package store_test

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

func hint(err error) string { return strings.Join(fail.Hints(err), "\n") }

func TestANewStoreIsPublishedWholeAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	require.Equal(t, []string{"acme.duckdb", "acme.duckdb.lock"}, must.Names(t, filepath.Dir(path)))
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(path))(t).Mode())
	eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
		require.NoError(t, open(t.Context(), path, duck.Options{}))
	})
	require.Equal(t, []string{"acme.duckdb", "acme.duckdb.lock"}, must.Names(t, filepath.Dir(path)))
}

// Only Begin makes a store. The others leave nothing where there is none, no folder and no lock.
func TestAMissingStoreIsNotMadeByOpeningIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vra")
	for _, opener := range []string{"BeginExisting", "OpenPublished", "OpenScratch"} {
		err := openers[opener].once(t.Context(), filepath.Join(dir, "acme.duckdb"), duck.Options{})
		require.ErrorIs(t, err, store.ErrMissing, opener)
		must.Fail(t, err, fail.Other, filepath.Join(dir, "acme.duckdb"), "data_dir")
		require.NoDirExists(t, dir)
	}
	require.ErrorIs(t, must.Err(store.BeginVanished(t.Context(), filepath.Join(dir, "acme.duckdb"), duck.Options{})), store.ErrMissing)
	require.Equal(t, []string{"acme.duckdb.lock"}, must.Names(t, dir))
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
				must.Fail(t, err, fail.Store, path, "backup")
				after, _ := os.ReadFile(path)
				require.Equal(t, before, after, "it stays for the repair")
				require.Subset(t, []string{"acme.duckdb", "acme.duckdb.lock"}, must.Names(t, filepath.Dir(path)))
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
		must.Fail(t, err, fail.Store, "this program knows "+strconv.FormatUint(newest, 10))
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
			err := openers[opener].once(t.Context(), path, duck.Options{})
			require.ErrorContains(t, err, path, opener)
			require.NotErrorIs(t, err, store.ErrDamaged)
			require.Equal(t, fail.Other, fail.CodeOf(err))
			require.Contains(t, hint(err), "data_dir")
		}
	}
}

func TestAStoreThatAnotherProgramWritesIsBusy(t *testing.T) {
	for what, statement := range map[string]string{"nothing changed": "select 1", "changes waiting": "create table noted as select 1 as a"} {
		t.Run(what, func(t *testing.T) {
			path := newStore(t)
			w := openElsewhere(t, path, statement)
			require.Equal(t, "open", w.said)
			eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
				err := open(t.Context(), path, duck.Options{})
				require.ErrorIs(t, err, store.ErrBusy)
				require.NotErrorIs(t, err, store.ErrDamaged)
				must.Fail(t, err, fail.Store, fmt.Sprintf("another program, process %d, has %s open for writing", w.cmd.Process.Pid, path))
				require.Contains(t, hint(err), "close that program")
			})
			w.close()
			eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
				require.NoError(t, open(t.Context(), path, duck.Options{}))
			})
		})
	}
}

// What holds a store is waited for, and named once; only as long as is said; and not what a killed program left, which no time mends.
func TestAStoreThatAnotherProgramHoldsIsWaitedFor(t *testing.T) {
	eachOpener(t, func(t *testing.T, open func(context.Context, string, duck.Options) error) {
		path, said, slept := newStore(t), 0, time.Duration(0)
		w := openElsewhere(t, path, "create table noted as select 1 as a")
		var meanwhile func()
		ctx := store.WithPatience(t.Context(), store.Patience{
			For: func() time.Duration { return 5 * time.Second },
			Say: func(held error, most time.Duration) {
				require.ErrorContains(t, held, fmt.Sprintf("process %d", w.cmd.Process.Pid))
				require.Equal(t, 5*time.Second, most)
				said++
			},
			Sleep: func(_ context.Context, d time.Duration) { slept += d; meanwhile() },
		})
		meanwhile = func() {}
		require.ErrorIs(t, open(ctx, path, duck.Options{}), store.ErrBusy)
		require.Equal(t, 5*time.Second, slept)
		meanwhile = func() { meanwhile = func() {}; w.close() }
		require.NoError(t, open(ctx, path, duck.Options{}))
		require.Equal(t, 2, said, "once a time")
		require.Equal(t, 7*time.Second, slept)
		w = openElsewhere(t, path, "create table left_over as select 1 as a")
		w.kill()
		_ = open(ctx, path, duck.Options{}) // a reader sees what was left
		require.Equal(t, 2, said)
	})
	path := newStore(t)
	work := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	defer work.Drop() //nolint:errcheck // a lock
	require.Contains(t, hint(must.Err(store.Begin(t.Context(), path, duck.Options{}))), fmt.Sprintf("process %d", os.Getpid()))
}

// A writer that was killed leaves its changes beside the file. A copy would lack them; who only reads sees them.
func TestChangesThatAWriterLeftAreNotLost(t *testing.T) {
	path := newStore(t)
	openElsewhere(t, path, "create table noted as select 1 as a").kill()
	require.FileExists(t, path+".wal")
	for _, begin := range []string{"Begin", "BeginExisting"} {
		err := openers[begin].once(t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrBusy)
		must.Fail(t, err, fail.Store, path+".wal")
	}
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	must.Have(db.Exec("from noted"))(t)
	require.NoError(t, db.Close())

	// If they cannot be read either, it is still not the store that is damaged.
	changes := must.Have(os.ReadFile(path + ".wal"))(t)
	for at := len(changes) / 4; at < len(changes); at++ {
		changes[at] = 0xff
	}
	require.NoError(t, os.WriteFile(path+".wal", changes, 0o600))
	for _, opener := range []string{"OpenPublished", "OpenScratch"} {
		err := openers[opener].once(t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrBusy, opener)
		require.ErrorContains(t, err, path+".wal")
	}
}

// Of what another program writes while a run works, publishing would lose every bit.
func TestNobodyOpensAStoreForWritingWhileARunWorks(t *testing.T) {
	path := newStore(t)
	work := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	require.Contains(t, openElsewhere(t, path, "select 1").said, "lock")
	require.NoError(t, work.Publish())
	require.Equal(t, "open", openElsewhere(t, path, "select 1").said)
}

func TestASecondRunIsBusyAndLeavesTheFirstAlone(t *testing.T) {
	path := newStore(t)
	first := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	for _, begin := range []string{"Begin", "BeginExisting"} {
		err := openers[begin].once(t.Context(), path, duck.Options{})
		require.ErrorIs(t, err, store.ErrBusy)
		require.ErrorContains(t, err, path+".lock")
	}
	must.Have(first.Conn.ExecContext(t.Context(), "create table noted as select 1 as a"))(t)
	require.NoError(t, first.Publish())
	require.NoError(t, openers["OpenPublished"].once(t.Context(), path, duck.Options{}))
}

// A writer may end between DuckDB's refusal and the look at the file. That is no reason to call the file damaged.
func TestAWriterThatComesAndGoesIsNoDamage(t *testing.T) {
	path := newStore(t)
	times := 0
	require.NoError(t, store.Attempt(t.Context(), path, func() error {
		if times++; times == 1 {
			return &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: "could not set lock"}
		}
		return nil
	}))
	require.Equal(t, 2, times)
	err := store.Attempt(t.Context(), path, func() error { return &duckdb.Error{Type: duckdb.ErrorTypeIO, Msg: "no checksum"} })
	require.ErrorIs(t, err, store.ErrDamaged)
}

func TestWhatAKilledRunLeftIsCleared(t *testing.T) {
	path, temp := newStore(t), t.TempDir()
	dir := filepath.Dir(path)
	work := must.Have(store.Begin(t.Context(), path, duck.Options{TempDir: temp}))(t)
	for _, left := range []string{path + ".work.tmp", work.TempDir(), path + ".read-7.tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(left, "unpack-1"), 0o700))
	}
	require.NoError(t, errors.Join(work.Drop(), os.WriteFile(path+".work", []byte("half"), 0o600), os.WriteFile(path+".work.wal", nil, 0o600)))
	require.NoError(t, os.MkdirAll(filepath.Join(work.TempDir(), "unpack-1"), 0o700))
	require.NoError(t, openers["Begin"].once(t.Context(), path, duck.Options{TempDir: temp}))
	require.Equal(t, []string{"acme.duckdb", "acme.duckdb.lock", "acme.duckdb.read-7.tmp"}, must.Names(t, dir), "a reader's folder may be in use")
	require.Empty(t, must.Names(t, temp))
}

// What does not fit into memory goes beside the store, or to engine.temp_dir: nothing before it is needed, and
// nothing after it.
func TestSpillingGoesBesideTheStoreOrToTempDir(t *testing.T) {
	for name, locked := range map[string]bool{"Begin": false, "OpenPublished": false, "OpenPublished locked": true, "OpenScratch": false} {
		for _, elsewhere := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, elsewhere %t", name, elsewhere), func(t *testing.T) {
				path := newStore(t)
				o := duck.Options{MemoryLimit: littleMemory, Threads: 1, Locked: locked}
				dir := filepath.Dir(path)
				if elsewhere {
					dir = t.TempDir()
					o.TempDir = dir
				}
				before := must.Names(t, filepath.Dir(path))
				spill, done := openers[strings.TrimSuffix(name, " locked")].spiller(t, path, o)
				require.Empty(t, temporary(t, dir))
				spill()
				require.Len(t, temporary(t, dir), 1)
				require.NoError(t, done())
				require.Empty(t, temporary(t, dir))
				require.Equal(t, before, must.Names(t, filepath.Dir(path)))
			})
		}
	}
}

// temporary are the folders for temporary files.
func temporary(t *testing.T, dir string) []string {
	return must.Have(filepath.Glob(filepath.Join(dir, "acme.duckdb*.tmp")))(t)
}

// DuckDB removes what lies in its folder under the names that it gives, whoever put it there: no two databases
// may share one.
func TestNoTwoDatabasesShareAFolder(t *testing.T) {
	temp := t.TempDir()
	o := duck.Options{MemoryLimit: littleMemory, Threads: 1, TempDir: temp}
	var all []func() error
	for _, path := range []string{newStore(t), newStore(t)} { // of one name, in two data folders
		for _, name := range []string{"Begin", "OpenPublished", "OpenScratch", "OpenScratch"} {
			spill, done := openers[name].spiller(t, path, o)
			spill()
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
			err := open.once(t.Context(), path, duck.Options{TempDir: dir})
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
			require.NoError(t, plain.MakeTemp(dir))
			require.NoError(t, plain.MakeTemp(dir), "it is there already")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
			require.NoError(t, done())
			require.NoDirExists(t, dir)
		}
	}
	require.Error(t, plain.MakeTemp(filepath.Join(temp, "slip", "folder")))
	require.Empty(t, must.Names(t, temp))
}

// A copy that could not be written to its end must not take the place of the store. That no file may grow beyond some
// size stands for a disk that is full by then: the changes are on it, the file that holds them all is not.
func TestACopyThatCannotBeWrittenIsNotPublished(t *testing.T) {
	path := newStore(t)
	w := must.Have(store.Begin(t.Context(), path, duck.Options{}))(t)
	must.Have(w.Conn.ExecContext(t.Context(), "create table more as select md5(i::varchar) as text from range(30_000) as r(i)"))(t)
	err := withFilesOf(t, 900_000, w.Publish)
	require.ErrorContains(t, err, "write store: ")
	require.ErrorContains(t, err, "acme.duckdb.work")
	require.NoError(t, w.Drop())

	require.Equal(t, "0", ask(t, path, "select count(*)::varchar from duckdb_tables() where table_name = 'more'"))
}

// withFilesOf does something while no file may grow beyond so many bytes.
func withFilesOf(t *testing.T, most uint64, do func() error) error {
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	signal.Ignore(syscall.SIGXFSZ) // then writing beyond it is an error and no more
	defer signal.Reset(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: before.Max}))
	defer func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }()
	return do()
}

// TestMain lets the tests have another program that opens a store for writing: this binary, with the statement to
// run there and the store as its arguments.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "open" {
		os.Exit(otherProgram(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// otherProgram says "open" once it has the store open, and closes it when its input ends.
func otherProgram(path, statement string) int {
	db, err := duck.Open(path, duck.Options{})
	if err == nil {
		_, err = db.Exec(statement)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	if err = errors.Join(err, db.Close()); err != nil {
		return 1
	}
	return 0
}

// writer is another program that has a store open for writing.
type writer struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	said  string // "open", or why it could not open the store
}

func openElsewhere(t *testing.T, path, statement string) *writer {
	self := must.Have(os.Executable())(t)
	w := &writer{t: t, cmd: exec.Command(self, "open", path, statement)}
	stdout := must.Have(w.cmd.StdoutPipe())(t)
	w.stdin = must.Have(w.cmd.StdinPipe())(t)
	require.NoError(t, w.cmd.Start())
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	said := bufio.NewScanner(stdout)
	require.True(t, said.Scan())
	w.said = said.Text()
	return w
}

func (w *writer) close() {
	require.NoError(w.t, w.stdin.Close())
	require.NoError(w.t, w.cmd.Wait())
}

func (w *writer) kill() {
	require.NoError(w.t, w.cmd.Process.Kill())
	require.Error(w.t, w.cmd.Wait())
}

// opener opens a store, and gives what to ask it through and what closes it.
type opener func(ctx context.Context, path string, o duck.Options) (duck.Queryer, func() error, error)

// openers are the ways to open a store.
var openers = map[string]opener{
	"Begin":         by(store.Begin, func(w *store.Work) (duck.Queryer, func() error) { return w.Conn, w.Drop }),
	"BeginExisting": by(store.BeginExisting, func(w *store.Work) (duck.Queryer, func() error) { return w.Conn, w.Drop }),
	"OpenPublished": by(store.OpenPublished, func(db *sql.DB) (duck.Queryer, func() error) { return db, db.Close }),
	"OpenScratch": by(func(ctx context.Context, path string, o duck.Options) (*store.Scratch, error) {
		return store.OpenScratch(ctx, path, o, nil)
	}, func(s *store.Scratch) (duck.Queryer, func() error) { return s.Conn, s.Close }),
}

func by[T any](open func(context.Context, string, duck.Options) (T, error), parts func(T) (duck.Queryer, func() error)) opener {
	return func(ctx context.Context, path string, o duck.Options) (duck.Queryer, func() error, error) {
		opened, err := open(ctx, path, o)
		if err != nil {
			return nil, nil, err
		}
		q, done := parts(opened)
		return q, done, nil
	}
}

// once opens a store and closes it again.
func (open opener) once(ctx context.Context, path string, o duck.Options) error {
	_, done, err := open(ctx, path, o)
	if err != nil {
		return err
	}
	return done()
}

// spiller opens a store and fills a table that does not fit into littleMemory.
func (open opener) spiller(t *testing.T, path string, o duck.Options) (spill func(), done func() error) {
	q, done, err := open(t.Context(), path, o)
	require.NoError(t, err)
	return func() {
		must.Have(q.ExecContext(t.Context(), "create temp table big as select md5(range::varchar) as text from range(800000)"))(t)
	}, done
}

// littleMemory makes a spiller spill.
const littleMemory = "20MB"

// eachOpener runs a test for every way to open a store.
func eachOpener(t *testing.T, test func(t *testing.T, open func(ctx context.Context, path string, o duck.Options) error)) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) { test(t, open.once) })
	}
}

// newStore is a published store in a data folder of its own, in which there is nothing.
func newStore(t *testing.T) string { return copied(t, emptyStore()) }

var emptyStore = made("", "")

// made makes a store once, by the statements of a file in which $n stands for n, and gives its bytes.
func made(file, n string) func() []byte {
	return sync.OnceValue(func() []byte {
		dir := must.Now(os.MkdirTemp("", "store-*"))
		defer os.RemoveAll(dir) //nolint:errcheck // it was read
		path := filepath.Join(dir, "acme.duckdb")
		w := must.Now(store.Begin(context.Background(), path, duck.Options{}))
		if file != "" {
			must.Now(w.Conn.ExecContext(context.Background(), strings.ReplaceAll(string(must.Now(os.ReadFile(file))), "$n", n)))
		}
		must.Now(w, w.Publish())
		return must.Now(os.ReadFile(path))
	})
}

// copied is a store as it was published, with its lock, in a data folder of its own.
func copied(t *testing.T, content []byte) (path string) {
	path = filepath.Join(t.TempDir(), "acme.duckdb")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	require.NoError(t, os.WriteFile(path+".lock", nil, 0o600))
	return path
}

// stem is what the names of a store and its sealed months begin with.
func stem(path string) string { return strings.TrimSuffix(path, ".duckdb") }

// change runs statements on a store behind the program's back.
func change(t *testing.T, path string, statements ...string) {
	db := must.Have(duck.Open(path, duck.Options{}))(t)
	for _, statement := range statements {
		must.Have(db.Exec(statement))(t)
	}
	require.NoError(t, db.Close())
}

// oldStore is a store of schema version 1 with a run in its ledger.
func oldStore(t *testing.T) (path string) {
	path = filepath.Join(t.TempDir(), "acme.duckdb")
	change(t, path, texts.Text("store/schema_1"),
		`insert into _data.run values (1, 'run', 1, 2, 'u', 'p', 'd', 'r', 0, '', ['2026-03-10'], [], [], '', 'abc')`,
		`insert into _data.slice (day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256) values ('2026-03-10', 's', null, 1, 1, 0, 0, 0, 0, 'final', 'x')`)
	return path
}

// fingerprint is all that a version 1 store had.
const fingerprint = "select (select string_agg(r::varchar, '' order by run_id) from _data.run as r) || (select string_agg(s::varchar, '') from slice as s)"

func TestAnOldStoreIsReadAsItIs(t *testing.T) {
	path := oldStore(t)
	for _, opener := range []string{"OpenPublished", "OpenScratch"} {
		require.NoError(t, openers[opener].once(t.Context(), path, duck.Options{}), opener)
	}
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // only read
	requireVersion(t, db, 1)
	require.False(t, must.Have(store.Has(t.Context(), db, 2))(t))
}

func TestAnOldStoreIsMigratedByTheNextRunWithoutLoss(t *testing.T) {
	for _, begin := range []func(context.Context, string, duck.Options) (*store.Work, error){store.Begin, store.BeginExisting} {
		path := oldStore(t)
		before := ask(t, path, fingerprint)
		require.Contains(t, before, "abc")

		w := must.Have(begin(t.Context(), path, duck.Options{}))(t)
		requireVersion(t, w.Conn, store.Version)
		require.NoError(t, w.Drop())
		require.Equal(t, "1", ask(t, path, "select version::varchar from _data.store_version"), "a run that is not published leaves it alone")

		for range 2 { // and once it is migrated, it stays so
			w = must.Have(begin(t.Context(), path, duck.Options{}))(t)
			require.NoError(t, w.Publish())
			require.Equal(t, before, ask(t, path, fingerprint))
			require.Equal(t, "0", ask(t, path, "select count(*)::varchar from delivery"))
		}
	}
}

// A store may hold days that were final by a mark in milliseconds, which no program can write as a time.
func TestASliceOfAMarkThatIsNoTimeIsReadAgain(t *testing.T) {
	path := oldStore(t)
	change(t, path, `insert into _data.slice values
		('2026-03-11', 's', 1773196200000, 1773196200000, 1773230000, 1, 0, 1, 0, 'final', 'y'),
		('2026-03-12', 's', 1773283600, 1773283600, 1773320000, 1, 0, 1, 0, 'final', 'z')`)
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	const marks = "select string_agg(concat_ws(' ', day, coalesce(high_water, -1), as_of, state), ', ' order by day) from _data.slice"
	require.Equal(t, "2026-03-10 -1 1 final, 2026-03-11 -1 1773230000 provisional, 2026-03-12 1773283600 1773283600 final", ask(t, path, marks))
}

// A migrated store and a new one are the same.
func TestAMigratedStoreHasTheSchemaOfANewOne(t *testing.T) {
	path := oldStore(t)
	require.NoError(t, must.Have(store.Begin(t.Context(), path, duck.Options{}))(t).Publish())
	const schema = `select string_agg(line, '\n' order by line) from (
		select schema_name || table_name || column_name || data_type || is_nullable || coalesce(comment, '') as line from duckdb_columns() where not internal
		union all select view_name || sql || coalesce(comment, '') from duckdb_views() where not internal)`
	require.Equal(t, ask(t, newStore(t), schema), ask(t, path, schema))
}

func requireVersion(t *testing.T, q duck.Queryer, want uint64) {
	var version uint64
	require.NoError(t, q.QueryRowContext(t.Context(), texts.Text("store/version")).Scan(&version))
	require.Equal(t, want, version)
}

// ask is a published store's answer to a question.
func ask(t *testing.T, path, question string) (answer string) {
	db := must.Have(duck.Open(path, duck.Options{ReadOnly: true}))(t)
	defer db.Close() //nolint:errcheck // only read
	require.NoError(t, db.QueryRow(question).Scan(&answer))
	return answer
}

// Whatever a server, a file or a peer says, the entry of the night is written, and its hash is that of what is read back.
func TestAnEntryOfTheLedgerIsWrittenWhateverItsTextsAreMadeOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	texts := []string{"", "\xff\xfe", "a\x00b", "\x1b[2J\r\n\u202e", "'; drop table _data.run; --", `\u0000 "quoted" \`, "\ufffd\ud7ff\U0010ffff",
		strings.Repeat("ü", 5<<20), "\xed\xa0\x80"}
	work(t, path, func(w *store.Work) {
		for _, text := range texts {
			require.NoError(t, store.AppendRun(t.Context(), w.Conn, store.Run{Command: text, OSUser: text, Message: text,
				Days: []string{text}, Files: []string{text, text}, Slices: []string{text}}))
		}
	})
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer db.Close()
	runs := must.Have(store.Runs(t.Context(), db))(t)
	require.Len(t, runs, len(texts))
	previous := ""
	for _, r := range runs {
		sum := must.Have(r.Hash())(t)
		require.Equal(t, r.SHA256, sum)
		require.Equal(t, previous, r.Previous)
		require.LessOrEqual(t, len(r.Message), 70000)
		previous = sum
	}
	require.Equal(t, "\x1b[2J\r\n\u202e", runs[3].Message, "what a text can hold is kept")
}
