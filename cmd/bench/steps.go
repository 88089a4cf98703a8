package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"seats/internal/judge"
)

// whole holds nightly runs against the question that they answer, put to the GIM DB itself. The answers have to agree.
func (b *bench) whole(ctx context.Context) error {
	for i, gim := range b.size.days {
		config, err := b.configure("whole-"+gim.schema(), 2, gim, mainTenant)
		if err != nil {
			return err
		}
		ours, asked, err := b.againstAnswer(ctx, gim, b.runFresh(ctx, config, "run", "--date", day, "--refresh", "--format", "json"))
		if err != nil {
			return err
		}
		size := fmt.Sprintf("%d days of %s sessions", gim.days, count(int64(gim.sessions)))
		b.compare("whole `seats run` ÷ PostgreSQL's own answer", wholeTargets[gim.sessions], size, ours, asked)
		if i > 0 {
			continue
		}
		b.compareCPU("the GIM DB's processor time: `seats run` ÷ its own answer", "≤ 0.45", b.sessions, ours.server, asked.server)
		b.compareCPU("all processor time: `seats run` with the GIM DB's ÷ the GIM DB's own answer", "≤ 1.3", b.sessions, ours.cpu+ours.server, asked.server)
		computed, err := stageTime(ours.stderr, "computed")
		if err != nil {
			return err
		}
		b.compare("compute and verify ÷ whole run", "", b.sessions, sample{took: computed}, sample{took: ours.took})
	}
	return nil
}

var wholeTargets = map[int]string{1_000_000: "≤ 1.0", 300_000: "≤ 1.2", 50_000: "≤ 1.5"}

// againstAnswer measures runs and PostgreSQL's own answers in turns.
func (b *bench) againstAnswer(ctx context.Context, gim days, run measurement) (ours, asked sample, err error) {
	var theirs []judge.Peak
	taken, err := alternate(b.size.rounds, run, func() (s sample, err error) {
		theirs, s, err = b.answer(ctx, gim.schema(), b.question.RegionPeaks)
		return s, err
	})
	if err != nil {
		return ours, asked, err
	}
	return taken[0], taken[1], agree("PostgreSQL", theirs, taken[0].stdout)
}

// written holds a nightly run against the script that an engineer would write instead. The answers have to agree.
func (b *bench) written(ctx context.Context) error {
	var theirs []judge.Peak
	taken, err := alternate(b.size.rounds, b.runFresh(ctx, b.config, "run", "--date", day, "--refresh", "--format", "json"),
		func() (s sample, err error) {
			theirs, s, err = b.script(ctx, b.main().schema(), b.question)
			return s, err
		})
	if err != nil {
		return err
	}
	if err := agree("the script", theirs, taken[0].stdout); err != nil {
		return err
	}
	b.compare("whole `seats run` ÷ a script: psql to CSV, another DuckDB client", "≤ 1.0", b.sessions, taken[0], taken[1])
	b.compareCPU("all processor time: `seats run` with the GIM DB's ÷ the script's with the GIM DB's", "", b.sessions,
		taken[0].cpu+taken[0].server, taken[1].cpu+taken[1].server)
	return nil
}

// apart gives the database one core and the programs the other, as if each had its machine.
func (b *bench) apart(ctx context.Context) (err error) {
	if err := pin(ctx, "0", b.postmaster); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pin(context.WithoutCancel(ctx), everyCore(), b.postmaster)) }()
	run := func() (sample, error) {
		if err := fresh(b.config); err != nil {
			return sample{}, err
		}
		return b.watch(func() (sample, error) {
			return child(ctx, nil, "", "taskset", "-c", "1", b.seats, "--config", b.config, "run", "--date", day, "--refresh", "--format", "json")
		})
	}
	ours, asked, err := b.againstAnswer(ctx, b.main(), run)
	if err != nil {
		return err
	}
	b.compare("a core for the GIM DB, another for seats: `seats run` ÷ PostgreSQL's own answer", "", b.sessions, ours, asked)
	return nil
}

// pin holds a process, and those that it will start, to cores.
func pin(ctx context.Context, cores string, pid int) error {
	_, err := child(ctx, nil, "", "taskset", "-a", "-c", "-p", cores, strconv.Itoa(pid))
	return err
}

func everyCore() string { return "0-" + strconv.Itoa(runtime.NumCPU()-1) }

// stageTime finds how long seats says that a stage took.
func stageTime(log []byte, stage string) (time.Duration, error) {
	found := regexp.MustCompile(`(?m)^seats: ` + stage + ` .* took=(\S+)$`).FindSubmatch(log)
	if found == nil {
		return 0, fmt.Errorf("seats does not say how long %q took:\n%s", stage, log)
	}
	return time.ParseDuration(string(found[1]))
}

// extraction holds reading a slice against copying its rows to nowhere, with two connections each.
func (b *bench) extraction(ctx context.Context) error {
	copied := func() (sample, error) { return b.copySlice(ctx, b.main().schema(), b.question) }
	taken, err := alternate(b.size.rounds, b.runFresh(ctx, b.config, "extract", "--date", day), copied)
	if err != nil {
		return err
	}
	b.compare("`seats extract`, two readers ÷ two `psql` copying the same rows to /dev/null", "≤ 1.3", b.sessions, taken[0], taken[1])
	b.compareCPU("the GIM DB's processor time: `seats extract` ÷ the same copies", "", b.sessions, taken[0].server, taken[1].server)
	return nil
}

// engines holds the SQL engine against PostgreSQL on the same extracted rows, and the sweep against the SQL engine.
func (b *bench) engines(ctx context.Context) error {
	run, err := b.runFresh(ctx, b.config, "run", "--date", day, "--refresh", "--format", "json")()
	if err != nil {
		return err
	}
	if err := b.loadSlice(ctx, b.config, mainTenant); err != nil {
		return err
	}
	var asked []sample
	for range b.size.rounds {
		theirs, s, err := b.answer(ctx, "slice", ofSlice(b.question))
		if err != nil {
			return err
		}
		if err := agree("extracted rows", theirs, run.stdout); err != nil {
			return err
		}
		asked = append(asked, s)
	}
	times, memory, err := b.engineTimes(ctx)
	if err != nil {
		return err
	}
	sql, sweep := sample{took: times.Whole - times.Sweep, memory: memory}, sample{took: times.Sweep}
	b.compare("SQL engine, comparison and storing ÷ the peaks alone in PostgreSQL on the extracted rows", "", b.sessions, sql, median(asked))
	b.compare("sweep, reading its rows ÷ SQL engine", "", b.sessions, sweep, sql)
	b.compare("hash of the slice ÷ whole run", "≤ 0.03", b.sessions, sample{took: times.Hash}, run)
	return nil
}

// medianTimes are the medians of engineTimes.
type medianTimes struct{ Whole, Sweep, Hash time.Duration }

// engineTimes has another process time the engines, whose memory must not become this one's (see child).
func (b *bench) engineTimes(ctx context.Context) (medianTimes, int64, error) {
	self, err := os.Executable()
	if err != nil {
		return medianTimes{}, 0, err
	}
	s, err := child(ctx, nil, "", self, "engine", "--config", b.config, "--tenant", mainTenant, "--rounds", strconv.Itoa(b.size.rounds))
	if err != nil {
		return medianTimes{}, 0, err
	}
	var times engineTimes
	if err := json.Unmarshal(s.stdout, &times); err != nil {
		return medianTimes{}, 0, fmt.Errorf("read the engines' times: %w", err)
	}
	return medianTimes{middle(times.Whole), middle(times.Sweep), middle(times.Hash)}, s.memory, nil
}

// kernel takes the sweep's speed from its Go benchmark: one core, a million sessions, no rows to read.
func (b *bench) kernel(ctx context.Context) error {
	s, err := child(ctx, []string{"GOMAXPROCS=1"}, "", "go", "test", "-run=NONE", "-bench=Kernel", "-count=3", "./compute/sweep")
	if err != nil {
		return err
	}
	var rates []float64
	for _, found := range regexp.MustCompile(`([0-9.]+) Msessions/s`).FindAllSubmatch(s.stdout, -1) {
		rate, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			return err
		}
		rates = append(rates, rate)
	}
	if len(rates) == 0 {
		return fmt.Errorf("the sweep's benchmark says nothing of sessions a second:\n%s", s.stdout)
	}
	b.add(row{what: "sweep kernel, sessions a second and core", value: fmt.Sprintf("%.1f M", middle(rates)), target: "≥ 20 M", size: "1 M sessions"})
	return nil
}
