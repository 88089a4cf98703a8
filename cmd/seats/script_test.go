package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	gimsim "seats/cmd/gimsim/cli"
	"seats/internal/sshtest"
)

// TestMain lets the scripts run the program and the simulator as processes of their own: this test binary
// under other names.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"seats":  func() { os.Exit(start(scriptClock, scriptSleep)) },
		"plain":  func() { asUser(os.Args[1:]) },
		"gimsql": func() { gimSQL(os.Args[1]) },
		"duckdb": func() { os.Exit(duckDB(os.Stdin, os.Stdout)) },
		"gimsim": func() { os.Exit(gimsim.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// asUser becomes the program that its arguments name, without root's right to ignore modes of files and folders.
func asUser(args []string) {
	const drop = `[ "$(id -u)" = 0 ] || exec "$@"; exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"`
	args = append([]string{"sh", "-c", drop, "plain"}, args...)
	panic(syscall.Exec("/bin/sh", args, os.Environ())) // it returns only where there is no shell
}

// slept is for how long the program has slept, in nanoseconds.
var slept atomic.Int64

// scriptClock stands still at SEATS_TEST_NOW, and goes on while the program sleeps.
func scriptClock() time.Time {
	now, err := time.Parse(time.RFC3339, os.Getenv("SEATS_TEST_NOW"))
	if err != nil {
		panic(err)
	}
	return now.Add(time.Duration(slept.Load()))
}

// scriptSleep takes no time, save where what the script does meanwhile fails: then it sleeps in earnest.
func scriptSleep(ctx context.Context, d time.Duration) {
	now := scriptClock().Add(d).UTC().Format(time.RFC3339)
	slept.Add(int64(d))
	meanwhile := exec.Command("sh", "-c", os.Getenv("SEATS_TEST_ASLEEP"))
	meanwhile.Env = append(os.Environ(), "NOW="+now)
	if meanwhile.Run() != nil {
		sleep(ctx, time.Hour)
	}
}

// TestScript runs testdata/script. Beside testscript's own commands the scripts have:
//
//	exits CODE PROGRAM ARG...    runs it and wants exactly this exit status
//	export FOLDER                writes testdata/gim as an export's folder
//	increment FOLDER             writes an export's folder in which no fact has changed
//	list FOLDER                  prints every file in it: mode, size, time of change, content's start
//	modes FOLDER                 wants folders of mode 0700 and files of mode 0600 in it, and some
//	gim ...                      a GIM database of the script's own: see gimCommand
//	sftp ...                     an OpenSSH server of the script's own: see sftpCommand
//	hold FILE                    takes a lock; `hold` alone lets it go
//	store FILE SQL               changes a store behind the program's back
//	reader FILE                  opens a store as an analyst's client; `reader` alone wants it to answer as at first
//	writer FILE [SQL]            opens a store for writing, as another program, process $WRITER; `writer` alone closes it
//	env SEATS_TEST_ASLEEP=SHELL  what happens whenever the program sleeps; $NOW is when it wakes, and a failure lets it sleep on
//	zip FILE FOLDER              packs a folder, and writes FILE.sha1
//	unzip FILE FOLDER            unpacks it into a new folder
//	examples                     runs the examples that the help of every command gives
//	exits CODE plain seats ...   the same as a user to whom files and folders can be forbidden, which they cannot to root
//	interrupt CODE seats ARG...  sends Ctrl-C once the run waits in pg_sleep, and wants this exit status
func TestScript(t *testing.T) {
	t.Parallel()
	syscall.Umask(0o022) // as a login shell leaves it, for all that the scripts run
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			wd, err := os.Getwd()
			env.Setenv("SEATS_TEST_NOW", "2026-04-02T06:00:00Z")
			env.Setenv("GOMAXPROCS", "1") // the scripts share the cores: more threads each would wait for one another
			env.Setenv("WRITER", strconv.Itoa(os.Getpid()))
			env.Setenv("BASE", filepath.Join(wd, "testdata", "gim"))
			env.Values["tb"], env.Values["gims"] = env.T(), map[string]gimDB{}
			env.Values["held"], env.Values["reader"], env.Values["writer"] = &[]*os.File{}, &reader{}, new(*sql.DB)
			env.Values["sftp"] = new(*sshtest.Server)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exitsCommand, "export": exportCommand, "increment": incrementCommand, "list": listCommand, "modes": modesCommand,
			"gim": gimCommand, "sftp": sftpCommand, "hold": holdCommand, "store": storeCommand, "reader": readerCommand,
			"writer": writerCommand, "examples": examplesCommand, "zip": zipCommand, "unzip": unzipCommand, "interrupt": interruptCommand,
		},
	})
}

// got is what a call gave, which the script cannot do without.
func got[T any](v T, err error) func(*testscript.TestScript) T {
	return func(ts *testscript.TestScript) T {
		ts.Check(err)
		return v
	}
}

// exitsCommand leaves output where the commands stdout, stderr and cmp look for it.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	requireExit(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func requireExit(ts *testscript.TestScript, want string, err error) {
	status := 0
	if exit, ended := errors.AsType[*exec.ExitError](err); ended {
		status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d, want %s", status, want)
	}
}

func exportCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, table := range got(filepath.Glob(filepath.Join(ts.Getenv("BASE"), "*.csv")))(ts) {
		put(ts, args[0], table, got(os.ReadFile(table))(ts))
	}
}

// put writes a table of an export.
func put(ts *testscript.TestScript, folder, table string, text []byte) {
	dir := ts.MkAbs(folder)
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, filepath.Base(table)), text, 0o644))
}

func incrementCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, table := range []string{"sm_res_session_fact.csv", "interaction_resource_fact.csv", "irf_user_data_gen_1.csv", "contact_attempt_fact.csv"} {
		header, _, _ := bytes.Cut(got(os.ReadFile(filepath.Join(ts.Getenv("BASE"), table)))(ts), []byte("\n"))
		put(ts, args[0], table, append(header, '\n'))
	}
}

// listCommand tells whatever could change about files.
func listCommand(ts *testscript.TestScript, _ bool, args []string) {
	var out strings.Builder
	each(ts, args[0], func(path string, info fs.FileInfo) {
		fmt.Fprintln(&out, path, info.Mode(), info.Size(), info.ModTime().UnixNano())
	})
	fmt.Fprint(ts.Stdout(), out.String())
}

func modesCommand(ts *testscript.TestScript, _ bool, args []string) {
	files := 0
	each(ts, args[0], func(path string, info fs.FileInfo) {
		want := fs.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			ts.Fatalf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	})
	if files == 0 {
		ts.Fatalf("no files in %s", args[0])
	}
}

func each(ts *testscript.TestScript, dir string, visit func(path string, info fs.FileInfo)) {
	ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			visit(path, info)
		}
		return err
	}))
}

// tb is the script as package testing knows it.
func tb(ts *testscript.TestScript) testing.TB { return ts.Value("tb").(testing.TB) }

// environment is what a program started by hand needs of the script's.
func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SEATS_TEST_NOW", "GOMAXPROCS", "GIM_HOST", "GIM_PORT", "GIM_DATABASE", "GIM_SCHEMA", "GIM_USER", "GIM_ROLE"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return slices.Clip(env)
}
