package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
)

// growth compares a small, a middling and a large day.
func (b *bench) growth(ctx context.Context) error {
	var runs []measurement
	for _, n := range b.size.growth {
		config, err := b.configure("growth-"+strconv.Itoa(n), 2, days{1, n}, mainTenant)
		if err != nil {
			return err
		}
		runs = append(runs, b.runFresh(ctx, config, "run", "--date", day, "--refresh"))
	}
	taken, err := alternate(b.size.rounds, runs...)
	if err != nil {
		return err
	}
	small := taken[0]
	for i, s := range taken[1:] {
		from, to := b.size.growth[0], b.size.growth[i+1]
		steps := fmt.Sprintf("%s → %s sessions (%d ×)", count(int64(from)), count(int64(to)), to/from)
		timeTarget, memoryTarget := "", ""
		if to/from == 16 {
			timeTarget, memoryTarget = "≤ 18", "≤ 10"
		}
		b.compare("growth of a run's time", timeTarget, steps, s, small)
		b.add(row{what: "growth of a run's peak memory", value: fmt.Sprintf("%.2f", float64(s.memory)/float64(small.memory)), target: memoryTarget,
			times: megabytes(s.memory) + " ÷ " + megabytes(small.memory), size: steps})
	}
	last := taken[len(taken)-1]
	target := ""
	if b.size.growth[2] == 4_000_000 {
		target = "≤ 1500 MB"
	}
	b.add(row{what: "peak memory of the largest run", value: megabytes(last.memory), target: target, times: seconds(last.took),
		size: count(int64(b.size.growth[2])) + " sessions", memory: last.memory})
	return nil
}

// tenants runs one, four and sixteen small tenants, in a row and at once.
func (b *bench) tenants(ctx context.Context) error {
	const most = 16
	names := make([]string, most)
	for i := range names {
		names[i] = fmt.Sprintf("tenant-%02d", i+1)
	}
	config, err := b.configure("tenants", 2, days{1, b.size.tenant}, names...)
	if err != nil {
		return err
	}
	run := func(n int, more ...string) measurement {
		args := append([]string{"run", "--date", day, "--refresh"}, more...)
		for _, name := range names[:n] {
			args = append(args, "--tenant", name)
		}
		return b.runFresh(ctx, config, args...)
	}
	taken, err := alternate(b.size.rounds, run(1), run(4, "--jobs=1"), run(most, "--jobs=1"), run(4, "--jobs=4"), run(most, "--jobs=16"))
	if err != nil {
		return err
	}
	of := "tenants of " + count(int64(b.size.tenant)) + " sessions"
	b.compare("4 tenants in a row ÷ 1", "≤ 4", of, taken[1], taken[0])
	b.compare("16 tenants in a row ÷ 1", "≤ 16", of, taken[2], taken[0])
	b.compare("4 tenants at once (`--jobs 4`) ÷ in a row", "", of, taken[3], taken[1])
	b.compare("16 tenants at once (`--jobs 16`) ÷ in a row", "", of, taken[4], taken[2])
	return nil
}

// history compares a store of one day with one of many, and publishing it with copying its file.
func (b *bench) history(ctx context.Context) error {
	one, err := b.withHistory(ctx, 1)
	if err != nil {
		return err
	}
	many, err := b.withHistory(ctx, b.size.history)
	if err != nil {
		return err
	}
	again := func(config string) measurement {
		return func() (sample, error) { return b.run(ctx, config, "run", "--date", day, "--refresh") }
	}
	nothing := func() (sample, error) { return b.run(ctx, many, "report", "--date", day) }
	taken, err := alternate(b.size.rounds, again(many), again(one), nothing, func() (sample, error) { return copyFile(ctx, storePath(many, mainTenant)) })
	if err != nil {
		return err
	}
	file, err := os.Stat(storePath(many, mainTenant))
	if err != nil {
		return err
	}
	days := fmt.Sprintf("%d days of %s sessions, %s", b.size.history, count(int64(b.size.historyDay)), megabytes(file.Size()))
	b.compare(fmt.Sprintf("run with %d days in the store ÷ with one", b.size.history), "≤ 1.1", days, taken[0], taken[1])
	b.compare("publishing (`seats report` with nothing new) ÷ `dd` of the store, synced as well", "", days, taken[2], taken[3])
	return nil
}

func (b *bench) withHistory(ctx context.Context, held int) (string, error) {
	config, err := b.configure("history-"+strconv.Itoa(held), 2, days{1, b.size.historyDay}, mainTenant)
	if err != nil {
		return "", err
	}
	if _, err := b.run(ctx, config, "run", "--date", day, "--refresh"); err != nil || held == 1 {
		return config, err
	}
	fmt.Fprintf(b.site.log, "bench: giving a store %d days\n", held)
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	_, err = child(ctx, nil, "", self, "repeat", "--config", config, "--tenant", mainTenant, "--days", strconv.Itoa(held))
	return config, err
}
