// Package bench is a program in Python, bench.py, and this: what it measures from inside seats, and its tests.
package bench

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
)

var (
	//go:embed day_tables.sql
	dayTablesSQL string
	//go:embed repeat.sql
	repeatSQL string

	// day is the one that bench.py measures.
	day = calendar.Date{Year: 2026, Month: time.March, Day: 10}
)

// inside is what bench.py has this test program do, a process of its own each time: its first argument names it.
var inside = map[string]func(ctx context.Context, args []string){"engine": engine, "repeat": repeat, "sort": func(context.Context, []string) {
	numbers, began, before := rand.New(rand.NewPCG(1, 2)).Perm(1_000_000), time.Now(), used()
	slices.Sort(numbers)
	fmt.Println(time.Since(began).Nanoseconds(), used()-before)
}}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && inside[os.Args[1]] != nil {
		inside[os.Args[1]](context.Background(), os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// used is the processor time of this process so far, nanoseconds.
func used() int64 {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		panic(err)
	}
	return own.Utime.Nano() + own.Stime.Nano()
}

// begin opens a work copy of the store of a configuration's one tenant.
func begin(ctx context.Context, path string) (config.Tenant, *store.Work) {
	tenant := must.Now(config.Load(path, os.LookupEnv)).Tenants[0]
	return tenant, must.Now(store.Begin(ctx, tenant.StorePath(), duck.Of(tenant.Engine)))
}

// engine times the two computations of the day on a work copy of a store, which it throws away: CONFIGURATION ROUNDS. It prints a
// line of nanoseconds a round: the whole computation with its comparison (R12); the sweep alone, the reading of its rows included:
// they go on side by side; the hash of the slice.
func engine(ctx context.Context, args []string) {
	tenant, work := begin(ctx, args[0])
	defer work.Drop() //nolint:errcheck // it ends with the process
	for range must.Now(strconv.Atoi(args[1])) {
		began := time.Now()
		must.Now(compute.NewCounter(work.Conn, tenant).Day(ctx, day, time.Now().Unix()))
		counted := time.Now()
		must.Now(compute.Sweep(ctx, work.Conn, must.Now(compute.Look(ctx, work.Conn, tenant, day))))
		swept := time.Now()
		must.Now(extract.SliceSHA256(ctx, work.Conn, day))
		fmt.Println(counted.Sub(began).Nanoseconds(), swept.Sub(counted).Nanoseconds(), time.Since(swept).Nanoseconds())
	}
}

// repeat gives a store the history of a year in seconds: CONFIGURATION DAYS, as many as it has in the end. Its one day is repeated
// on the days before it, with everything that was computed for it. The months that a run would have sealed by now are: all but
// the measured one and the one before it.
func repeat(ctx context.Context, args []string) {
	days := must.Now(strconv.Atoi(args[1]))
	_, work := begin(ctx, args[0])
	defer work.Drop() //nolint:errcheck // it ends with the process
	var tables string
	if err := work.Conn.QueryRowContext(ctx, dayTablesSQL).Scan(&tables); err != nil {
		panic(err)
	}
	for table := range strings.FieldsSeq(tables) {
		must.Now(work.Conn.ExecContext(ctx, fmt.Sprintf(repeatSQL, table), sql.Named("days", days)))
	}
	for month := day.AddDays(1 - days).YearMonth(); month.Last().AddDays(35).Before(day); month = month.Last().AddDays(1).YearMonth() {
		must.Now(work.Seal(ctx, month, 0))
	}
	if err := work.Publish(); err != nil {
		panic(err)
	}
}

func TestBenchItself(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "python3", "-B", "bench_test.py").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// The scripts of others stay out: what they are written with is half a gigabyte.
func TestASmallRunMeasuresAndAWrongAnswerEndsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", dir, "example.com/seats/cmd/seats", "example.com/seats/cmd/gimsim").CombinedOutput()
	require.NoError(t, err, "%s", out)
	bench := func(more ...string) (stdout, stderr string, err error) {
		cmd := exec.CommandContext(t.Context(), "python3", slices.Concat([]string{"-B", "bench.py", "--size", "smoke", "--inside",
			must.Have(os.Executable())(t), "--seats", filepath.Join(dir, "seats"), "--gimsim", filepath.Join(dir, "gimsim")}, more)...)
		var said, told strings.Builder
		cmd.Env = append(os.Environ(), "SEATS_TEST_PG="+pgtest.Database(t, "UTF8").ServerInfo.ConnString())
		cmd.Stdout, cmd.Stderr = &said, &told
		err = cmd.Run()
		return said.String(), told.String(), err
	}
	stdout, stderr, err := bench("--only", "site,extraction,engines,history")
	require.NoError(t, err, "%s", stderr)
	for _, line := range []string{
		`\| .seats run. ÷ PostgreSQL's own answer \| 6 days of 2 k \| [\d.]+: [\d.]+ s ÷ [\d.]+ s \| [\d.]+: .* \| .* \| \d+ MB \|`,
		`\| .seats extract., two readers ÷ two .psql. .* \| 6 days of 2 k \| [\d.]+ \(≤ 1.3\): `,
		`\| hash of the slice ÷ .seats run. \| 6 days of 2 k \| [\d.]+ \(≤ 0.03\): [\d.]+ s ÷ [\d.]+ s \|  \|  \|  \|`,
		`\| run with 10 days in the store ÷ with one \| days of 500 \| [\d.]+ \(≤ 1.1\): `,
	} {
		require.Regexp(t, line, stdout)
	}
	require.Equal(t, 6+4, strings.Count(stdout, "\n"), "%s", stdout)

	liar := filepath.Join(dir, "liar")
	require.NoError(t, os.WriteFile(liar, []byte("#!/bin/sh\npsql \"$@\" | sed 's/US|/US|1/'\n"), 0o700))
	stdout, stderr, err = bench("--only", "site", "--psql", liar)
	require.Error(t, err)
	require.Empty(t, stdout)
	require.Regexp(t, `bench: PostgreSQL's own answer: seats issued .*\('US', \d+, .*, the answer is .*\('US', 1\d+, `, stderr)
}
