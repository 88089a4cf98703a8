package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"seats/internal/judge"
)

// runCmd measures everything.
type runCmd struct {
	Size   string   `enum:"smoke,small,full" default:"small" help:"How much is measured: ${enum}."`
	Only   []string `enum:"whole,export,script,extraction,engines,apart,kernel,growth,tenants,history" help:"Only these: ${enum}."`
	Seats  string   `default:"bin/seats" type:"existingfile" help:"The program."`
	Gimsim string   `default:"bin/gimsim" type:"existingfile" help:"The simulator."`
	Psql   string   `default:"psql" help:"PostgreSQL's client."`
	Python string   `default:"python3" help:"Python with the package duckdb."`
}

func (c *runCmd) Run(ctx context.Context) (err error) {
	if _, err := exec.LookPath(c.Psql); err != nil {
		return err
	}
	s, err := openSite(ctx, c.Seats, c.Gimsim, os.Stderr)
	if err != nil {
		return err
	}
	s.psql, s.python = c.Psql, c.Python
	defer func() { err = errors.Join(err, s.close()) }()
	b := &bench{site: s, size: sizes[c.Size], table: &table{log: os.Stderr}}
	if load := busy(); load > 0.5 {
		b.remark = fmt.Sprintf(", busy with %.1f processes of others", load)
		fmt.Fprintf(os.Stderr, "bench: the machine is busy (load %.1f): the ratios of times will be off\n", load)
	}
	if err := b.measure(ctx, c.Only); err != nil {
		return err
	}
	return b.write(os.Stdout, c.Size)
}

// measure goes through the steps, or only through those that are named.
func (b *bench) measure(ctx context.Context, only []string) error {
	if err := b.prepare(ctx, only); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		take func(context.Context) error
	}{
		{"whole", b.whole}, {"export", b.exports}, {"script", b.written}, {"extraction", b.extraction}, {"engines", b.engines}, {"apart", b.apart}, {"kernel", b.kernel},
		{"growth", b.growth}, {"tenants", b.tenants}, {"history", b.history},
	} {
		if len(only) > 0 && !slices.Contains(only, step.name) {
			continue
		}
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// gims are those that the steps read, each once.
func (b *bench) gims(only []string) []days {
	wanted := func(step string) bool { return len(only) == 0 || slices.Contains(only, step) }
	var gims []days
	if wanted("whole") {
		gims = append(gims, b.size.days...)
	}
	if wanted("export") || wanted("script") || wanted("extraction") || wanted("engines") || wanted("apart") {
		gims = append(gims, b.main())
	}
	if wanted("growth") {
		for _, n := range b.size.growth {
			gims = append(gims, days{1, n})
		}
	}
	if wanted("tenants") {
		gims = append(gims, days{1, b.size.tenant})
	}
	if wanted("history") {
		gims = append(gims, days{1, b.size.historyDay})
	}
	var once []days
	for _, g := range gims {
		if !slices.Contains(once, g) {
			once = append(once, g)
		}
	}
	return once
}

// bench is one run of all measurements.
type bench struct {
	*site
	*table
	size     size
	config   string         // of one tenant, with the GIM that most is measured on
	sessions string         // how large that is, in words
	question judge.Question // what PostgreSQL is asked of it
}

const mainTenant = "acme"

// main is the GIM that most is measured on.
func (b *bench) main() days { return b.size.days[0] }

// prepare fills the server and writes the first configuration.
func (b *bench) prepare(ctx context.Context, only []string) error {
	for _, n := range b.gims(only) {
		if err := b.fill(ctx, n); err != nil {
			return err
		}
	}
	var err error
	if b.config, err = b.configure("main", 2, b.main(), mainTenant); err != nil {
		return err
	}
	tenant, _, err := loadTenant(b.config, mainTenant)
	if err != nil {
		return err
	}
	if b.question, err = ask(tenant); err != nil {
		return err
	}
	if !slices.Contains(b.gims(only), b.main()) {
		return nil
	}
	return b.settle(ctx)
}

// settle lets the server finish what filling it has left behind, and counts.
func (b *bench) settle(ctx context.Context) error {
	conn, err := b.connect(ctx, b.main().schema())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing was written
	if _, err := conn.Exec(ctx, "checkpoint"); err != nil {
		return err
	}
	const measured = "start_date_time_key between $1::bigint and $2::bigint"
	from, until := key(b.question.From), b.question.Until-1
	var sessions, legs, driven int64
	err = conn.QueryRow(ctx, `
		select (select count(*) from sm_res_session_fact join media_type using (media_type_key) where media_name_code = 'VOICE' and `+measured+`),
		       (select count(*) from interaction_resource_fact where `+measured+`),
		       (select count(*) from irf_user_data_gen_1 where gsw_call_attempt_guid <> '' and `+measured+`)`, from, until).Scan(&sessions, &legs, &driven)
	b.sessions = fmt.Sprintf("%d days; in this one %s sessions, %s legs, %s of them OCS-driven", b.main().days, count(sessions), count(legs), count(driven))
	return err
}
