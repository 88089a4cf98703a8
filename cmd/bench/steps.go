package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"seats/internal/judge"
)

// whole holds nightly runs against the question that they answer, put to the GIM DB itself. The answers have to agree.
func (b *bench) whole() {
	for i, gim := range b.size.days {
		ours, asked := b.againstAnswer(gim, b.night(b.configure("whole-"+gim.schema(), gim, mainTenant)))
		size := fmt.Sprintf("%d days of %s sessions", gim.days, count(gim.sessions))
		b.compare("whole `seats run` ÷ PostgreSQL's own answer", wholeTargets[gim.sessions], size, ours, asked)
		if i == 0 {
			b.compareCPU("the GIM DB's processor time: `seats run` ÷ its own answer", "≤ 0.45", b.sessions, ours.server, asked.server)
			b.compareCPU("all processor time: `seats run` with the GIM DB's ÷ the GIM DB's own answer", "≤ 1.3", b.sessions, ours.cpu+ours.server, asked.server)
		}
	}
}

var wholeTargets = map[int]string{1_000_000: "≤ 1.0", 300_000: "≤ 1.2", 50_000: "≤ 1.5"}

// againstAnswer measures runs and PostgreSQL's own answers in turns.
func (b *bench) againstAnswer(gim days, run measurement) (ours, asked sample) {
	var theirs []judge.Peak
	taken := alternate(b.size.rounds, run, func() (s sample) {
		theirs, s = b.answer(gim.schema(), b.question.RegionPeaks)
		return s
	})
	check(agree("PostgreSQL", theirs, taken[0].stdout))
	return taken[0], taken[1]
}

// exports holds a nightly run on a folder of exports, one chunk a night, against the same run on the GIM DB that they were
// made of. Numbers and slices have to be the same.
func (b *bench) exports() {
	folders, zips := b.exportedTo("export", b.main()), b.exportedTo("export-zip", b.main(), "--zip")
	taken := alternate(b.size.rounds, b.night(b.config), b.night(folders), b.night(zips))
	want := b.sliceHash(b.config)
	for i, config := range []string{folders, zips} {
		if hash := b.sliceHash(config); hash != want || string(taken[i+1].stdout) != string(taken[0].stdout) {
			check(fmt.Errorf("the export gives slice %s and %s, the GIM DB %s and %s", hash, taken[i+1].stdout, want, taken[0].stdout))
		}
	}
	b.compare("whole `seats run`: a folder of exports ÷ the GIM DB", "≤ 1.2", b.sessions, taken[1], taken[0])
	b.compareCPU("all processor time: on exports ÷ on the GIM DB, with the server's", "≤ 1.2", b.sessions, taken[1].cpu, taken[0].cpu+taken[0].server)
	b.compare("whole `seats run`: a folder of zips ÷ the GIM DB", "", b.sessions, taken[2], taken[0])
}

// written holds a nightly run against the script that an engineer would write instead. The answers have to agree.
func (b *bench) written() {
	var theirs []judge.Peak
	taken := alternate(b.size.rounds, b.night(b.config), func() (s sample) {
		theirs, s = b.script(b.main().schema(), b.question)
		return s
	})
	check(agree("the script", theirs, taken[0].stdout))
	b.compare("whole `seats run` ÷ a script: psql to CSV, another DuckDB client", "≤ 1.0", b.sessions, taken[0], taken[1])
	b.compareCPU("all processor time: `seats run` with the GIM DB's ÷ the script's with the GIM DB's", "", b.sessions,
		taken[0].cpu+taken[0].server, taken[1].cpu+taken[1].server)
}

// apart gives the database one core and the programs the other, as if each had its machine.
func (b *bench) apart() {
	pin := func(cores string) {
		_, err := child(context.WithoutCancel(b.ctx), "taskset", "-a", "-c", "-p", cores, strconv.Itoa(b.postmaster)) // and those that it will start
		check(err)
	}
	pin("0")
	defer pin("0-" + strconv.Itoa(runtime.NumCPU()-1))
	ours, asked := b.againstAnswer(b.main(), func() sample {
		fresh(b.config)
		return b.watch(func() sample {
			return must(child(b.ctx, "taskset", "-c", "1", b.Seats, "--config", b.config, "run", "--date", day.String(), "--refresh", "--format", "json"))
		})
	})
	b.compare("a core for the GIM DB, another for seats: `seats run` ÷ PostgreSQL's own answer", "", b.sessions, ours, asked)
}

// extraction holds reading a slice against copying its rows to nowhere, with two connections each.
func (b *bench) extraction() {
	taken := alternate(b.size.rounds, b.runFresh(b.config, "extract", "--date", day.String()), b.copySlice)
	b.compare("`seats extract`, two readers ÷ two `psql` copying the same rows to /dev/null", "≤ 1.3", b.sessions, taken[0], taken[1])
	b.compareCPU("the GIM DB's processor time: `seats extract` ÷ the same copies", "", b.sessions, taken[0].server, taken[1].server)
}

// copySlice has two psql copy a slice's rows to /dev/null, as many as seats has readers.
func (b *bench) copySlice() sample {
	q := b.question
	dayFrom, middle := key(q.From), key(q.From+(q.Until-q.From)/2)
	halves := []map[string]int64{
		{"first": 1, "from": dayFrom, "until": middle, "around_from": key(q.From - 2*q.Lookback), "around_until": dayFrom},
		{"first": 0, "from": middle, "until": q.Until, "around_from": q.Until, "around_until": q.Until + q.Lookback},
	}
	return b.watch(func() sample {
		began := time.Now()
		var group errgroup.Group
		for _, half := range halves {
			group.Go(func() error {
				half["sessions_from"], half["day_from"], half["day_until"] = key(q.From-q.Lookback), dayFrom, q.Until
				_, err := b.copyOut(b.dir, b.main().schema(), copySliceSQL, half, "--output="+os.DevNull)
				return err
			})
		}
		check(group.Wait())
		return sample{took: time.Since(began)}
	})
}

// engines holds the SQL engine against PostgreSQL on the same extracted rows, and the sweep against the SQL engine.
func (b *bench) engines() {
	run := b.night(b.config)()
	b.loadSlice(b.config, mainTenant)
	asked := alternate(b.size.rounds, func() sample {
		theirs, s := b.answer("slice", ofSlice(b.question))
		check(agree("extracted rows", theirs, run.stdout))
		return s
	})
	times, memory := b.timeEngines()
	sql, sweep := sample{took: times.Whole - times.Sweep, memory: memory}, sample{took: times.Sweep}
	b.compare("SQL engine, comparison and storing ÷ the peaks alone in PostgreSQL on the extracted rows", "", b.sessions, sql, asked[0])
	b.compare("sweep, reading its rows ÷ SQL engine", "", b.sessions, sweep, sql)
	b.compare("hash of the slice ÷ whole run", "≤ 0.03", b.sessions, sample{took: times.Hash}, run)
}

// growth compares a small, a middling and a large day.
func (b *bench) growth() {
	var runs []measurement
	for _, n := range b.size.growth {
		runs = append(runs, b.night(b.configure("growth-"+strconv.Itoa(n), days{1, n}, mainTenant)))
	}
	taken := alternate(b.size.rounds, runs...)
	small, last := taken[0], taken[len(taken)-1]
	for i, s := range taken[1:] {
		from, to := b.size.growth[0], b.size.growth[i+1]
		steps := fmt.Sprintf("%s → %s sessions (%d ×)", count(from), count(to), to/from)
		timeTarget, memoryTarget := "", ""
		if to/from == 16 {
			timeTarget, memoryTarget = "≤ 18", "≤ 10"
		}
		b.compare("growth of a run's time", timeTarget, steps, s, small)
		b.add(row{what: "growth of a run's peak memory", value: fmt.Sprintf("%.2f", float64(s.memory)/float64(small.memory)), target: memoryTarget,
			times: megabytes(s.memory) + " ÷ " + megabytes(small.memory), size: steps})
	}
	target := ""
	if b.size.growth[2] == 4_000_000 {
		target = "≤ 1500 MB"
	}
	b.add(row{what: "peak memory of the largest run", value: megabytes(last.memory), target: target, times: seconds(last.took),
		size: count(b.size.growth[2]) + " sessions", memory: last.memory})
}

// tenants runs one, four and sixteen small tenants, in a row and at once.
func (b *bench) tenants() {
	const most = 16
	names := make([]string, most)
	for i := range names {
		names[i] = fmt.Sprintf("tenant-%02d", i+1)
	}
	config := b.configure("tenants", days{1, b.size.tenant}, names...)
	run := func(n, jobs int) measurement {
		args := []string{"--jobs", strconv.Itoa(jobs)}
		for _, name := range names[:n] {
			args = append(args, "--tenant", name)
		}
		return b.night(config, args...)
	}
	taken := alternate(b.size.rounds, run(1, 1), run(4, 1), run(most, 1), run(most, most))
	of := "tenants of " + count(b.size.tenant) + " sessions"
	b.compare("4 tenants in a row ÷ 1", "≤ 4", of, taken[1], taken[0])
	b.compare("16 tenants in a row ÷ 1", "≤ 16", of, taken[2], taken[0])
	b.compare("16 tenants at once (`--jobs 16`) ÷ in a row", "", of, taken[3], taken[2])
}

// history compares a store of one day with one of many.
func (b *bench) history() {
	one, many := b.withHistory(1), b.withHistory(b.size.history)
	again := func(config string) measurement {
		return func() sample { return b.run(config, "run", "--date", day.String(), "--refresh") }
	}
	taken := alternate(b.size.rounds, again(many), again(one))
	b.compare(fmt.Sprintf("run with %d days in the store ÷ with one", b.size.history), "≤ 1.1",
		fmt.Sprintf("days of %s sessions", count(b.size.historyDay)), taken[0], taken[1])
}

func (b *bench) withHistory(held int) (config string) {
	config = b.configure("history-"+strconv.Itoa(held), days{1, b.size.historyDay}, mainTenant)
	b.run(config, "run", "--date", day.String(), "--refresh")
	if held > 1 {
		say("giving a store %d days", held)
		self(b.ctx, "repeat", "--config", config, "--tenant", mainTenant, "--days", strconv.Itoa(held))
	}
	return config
}
