// Command bench measures seats against what a user would do instead. `make bench` runs it.
//
// Every figure is a ratio of two things measured in one run on one machine, in turns (A B A B ...), each the
// median of at least three: so it can be compared between machines, and between versions. The table goes to
// standard output, as Markdown; what is being done goes to standard error. A figure that misses its target is
// shown, and is no failure; an answer of PostgreSQL's that differs from what seats issued is one.
//
// What is absolute, what many tenants cost in processor seconds and bytes, is measured by spark/bench.py: `make bench-fleet`.
//
// It needs a PostgreSQL that it may fill, on this machine: SEATS_TEST_PG, as with-postgres.sh sets it.
package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Run    runCmd    `cmd:"" default:"withargs" help:"Measure everything, and print the table."`
	Engine engineCmd `cmd:"" hidden:"" help:"Time the two computations on a store; a process of its own, to measure its memory."`
	Repeat repeatCmd `cmd:"" hidden:"" help:"Repeat a store's day on other dates; a process of its own, likewise."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := try(func() { check(k.Run()) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// failure is an error on its way to main. A measurement needs all that came before it, so that nobody in between could
// go on; what is deferred there is done.
type failure struct{ error }

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

// try gives the error that ended f.
func try(f func()) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case failure:
			err = e.error
		default:
			panic(e)
		}
	}()
	f()
	return nil
}

// say tells what is being done.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// sample is one measurement.
type sample struct {
	took   time.Duration
	memory int64         // peak, bytes; 0 where nothing was measured
	cpu    time.Duration // processor time of the program, its children included
	server time.Duration // processor time of the PostgreSQL server meanwhile
	stdout []byte
}

// measurement is how one side of a ratio is taken.
type measurement func() sample

// timed measures what this process does itself.
func timed(f func()) measurement {
	return func() sample {
		began := time.Now()
		f()
		return sample{took: time.Since(began)}
	}
}

// child runs a program to its end. Its peak memory is what the kernel counted for it and its children. The
// kernel also counts what the parent held when it started it, so the parent has to stay small.
func child(ctx context.Context, name string, args ...string) sample {
	return must(run(exec.CommandContext(ctx, name, args...)))
}

// run is child of a command that says more.
func run(cmd *exec.Cmd) (sample, error) {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // a script ends what it started
	cmd.WaitDelay = 30 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("run %s: %w\n%s", cmd, err, stderr.Bytes())
	}
	return sample{
		took: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		memory: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024, // Linux counts in KiB
		stdout: stdout.Bytes(),
	}, nil
}

// alternate takes measurements in turns, so that what else the machine does falls on all of them alike. It
// returns of each the one of median time, with the medians of the processor times and the largest memory.
func alternate(rounds int, each ...measurement) []sample {
	taken, medians := make([][]sample, len(each)), make([]sample, len(each))
	for range rounds {
		for i, measure := range each {
			taken[i] = append(taken[i], measure())
		}
	}
	for i, of := range taken {
		by := func(what func(sample) int64) sample {
			slices.SortFunc(of, func(a, b sample) int { return cmp.Compare(what(a), what(b)) })
			return of[len(of)/2]
		}
		cpu := by(func(s sample) int64 { return int64(s.cpu) }).cpu
		server := by(func(s sample) int64 { return int64(s.server) }).server
		memory := slices.MaxFunc(of, func(a, b sample) int { return cmp.Compare(a.memory, b.memory) }).memory
		medians[i] = by(func(s sample) int64 { return int64(s.took) })
		medians[i].cpu, medians[i].server, medians[i].memory = cpu, server, memory
	}
	return medians
}

// processor names the machine's, as Linux does.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // nothing, elsewhere
	if found := regexp.MustCompile(`(?m)^model name\s*:\s*(.*\S)`).FindSubmatch(info); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}

// serverTime is the processor time of a PostgreSQL server so far: of its first process, of the children that it
// has waited for, and of those that run. What background processes do is in it, on both sides of a ratio.
func serverTime(postmaster int) (used time.Duration) {
	pid := strconv.Itoa(postmaster)
	for _, file := range must(filepath.Glob("/proc/[0-9]*/stat")) {
		stat, _ := os.ReadFile(file) // of one that has ended since there is nothing: it is waited for by now
		// The name, in parentheses, may hold anything: fields are counted after it, the first being the third.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 15 || fields[1] != pid && filepath.Dir(file) != "/proc/"+pid {
			continue
		}
		for _, field := range fields[11:15] { // utime, stime, cutime, cstime
			used += time.Duration(must(strconv.ParseInt(field, 10, 64))) * 10 * time.Millisecond // the unit in which Linux hands them out, whatever its own is
		}
	}
	return used
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/1e6) }

// count writes a number as people say it: 100 k, 1.25 M.
func count[T int | int64](n T) string {
	switch {
	case n >= 1_000_000:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", float64(n)/1e6), "0"), ".") + " M"
	case n >= 1_000:
		return fmt.Sprintf("%d k", n/1_000)
	}
	return fmt.Sprint(n)
}
