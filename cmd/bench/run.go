package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"seats/internal/calendar"
	"seats/internal/judge"
)

// runCmd measures everything.
type runCmd struct {
	Size   string   `enum:"smoke,small,full" default:"small" help:"How much is measured: ${enum}."`
	Only   []string `enum:"whole,export,script,extraction,engines,apart,growth,tenants,history" help:"Only these: ${enum}."`
	Seats  string   `default:"bin/seats" type:"existingfile" help:"The program."`
	Gimsim string   `default:"bin/gimsim" type:"existingfile" help:"The simulator."`
	Psql   string   `default:"psql" help:"PostgreSQL's client."`
	Python string   `default:"python3" help:"Python with the package duckdb."`
}

// size is how much is measured. Sessions are voice sessions of a tenant's day, give or take a few per cent: they
// are drawn, not dealt.
type size struct {
	days       []days // GIMs of several days; most is measured on the first
	growth     [3]int // sessions of GIMs of one day
	tenant     int    // sessions of each of several small tenants
	historyDay int    // sessions of each day of a store that has many
	history    int    // days in that store
	rounds     int    // of each measurement
}

// days is a GIM whose tables hold several days in the order of time, as GIM's ETL writes them. The last but one is measured:
// four before it can matter, and one after it.
type days struct{ days, sessions int }

// sizes: smoke is there to see that everything still works, and its figures say nothing. Thirty-five days of a million
// sessions would be 56 GB: of those, as many as are read.
var sizes = map[string]size{
	"smoke": {days: []days{{6, 2_000}}, growth: [3]int{500, 2_000, 8_000}, tenant: 500, historyDay: 500, history: 10, rounds: 1},
	"small": {days: []days{{35, 50_000}}, growth: [3]int{25_000, 100_000, 400_000}, tenant: 2_000, historyDay: 25_000, history: 100, rounds: 3},
	"full": {days: []days{{6, 1_000_000}, {6, 300_000}, {35, 50_000}}, growth: [3]int{250_000, 1_000_000, 4_000_000},
		tenant: 25_000, historyDay: 25_000, history: 400, rounds: 3},
}

// The day that is measured. The simulated GIM has read its sources well past it, so the day is final and no session
// is open.
var (
	day       = calendar.Date{Year: 2026, Month: time.March, Day: 10}
	highWater = time.Date(2026, time.March, 15, 0, 0, 0, 0, time.UTC)
)

const mainTenant = "acme"

// bench is one run of all measurements.
type bench struct {
	*site
	table
	size     size
	config   string         // of one tenant, with the GIM that most is measured on
	sessions string         // how large that is, in words
	question judge.Question // what PostgreSQL is asked of it
}

// main is the GIM that most is measured on.
func (b *bench) main() days { return b.size.days[0] }

// step is one of the measurements, and the GIMs that it reads.
type step struct {
	name string
	take func(*bench)
	gims func(size) []days
}

var steps = []step{
	{"whole", (*bench).whole, func(s size) []days { return s.days }},
	{"export", (*bench).exports, mainGIM}, {"script", (*bench).written, mainGIM}, {"extraction", (*bench).extraction, mainGIM},
	{"engines", (*bench).engines, mainGIM}, {"apart", (*bench).apart, mainGIM},
	{"growth", (*bench).growth, func(s size) []days { return []days{{1, s.growth[0]}, {1, s.growth[1]}, {1, s.growth[2]}} }},
	{"tenants", (*bench).tenants, func(s size) []days { return []days{{1, s.tenant}} }},
	{"history", (*bench).history, func(s size) []days { return []days{{1, s.historyDay}} }},
}

func mainGIM(s size) []days { return s.days[:1] }

// Run goes through the steps, or only through those that are named.
func (c *runCmd) Run(ctx context.Context) error {
	must(exec.LookPath(c.Psql))
	b := &bench{site: openSite(ctx, c), size: sizes[c.Size]}
	defer os.RemoveAll(b.dir)
	remark := ""
	if load := busy(); load > 0.5 {
		remark = fmt.Sprintf(", busy with %.1f processes of others", load)
		say("the machine is busy (load %.1f): the ratios of times will be off", load)
	}
	wanted := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return len(c.Only) > 0 && !slices.Contains(c.Only, s.name) })
	filled := map[days]bool{}
	for _, step := range wanted {
		for _, gim := range step.gims(b.size) {
			if !filled[gim] {
				b.fill(gim)
				filled[gim] = true
			}
		}
	}
	b.config = b.configure("main", b.main(), mainTenant)
	b.question = judge.Ask(loadTenant(b.config, mainTenant), day, highWater.Unix())
	if filled[b.main()] {
		b.settle()
	}
	for _, step := range wanted {
		say("%s", step.name)
		step.take(b)
	}
	b.write(os.Stdout, c.Size, remark)
	return nil
}

// settle lets the server finish what filling it has left behind, and counts.
func (b *bench) settle() {
	conn := b.connect(b.main().schema())
	defer conn.Close(b.ctx) //nolint:errcheck // nothing was written
	must(conn.Exec(b.ctx, "checkpoint"))
	const measured = "start_date_time_key between $1::bigint and $2::bigint"
	var sessions, legs, driven int64
	check(conn.QueryRow(b.ctx, `
		select (select count(*) from sm_res_session_fact join media_type using (media_type_key) where media_name_code = 'VOICE' and `+measured+`),
		       (select count(*) from interaction_resource_fact where `+measured+`),
		       (select count(*) from irf_user_data_gen_1 where gsw_call_attempt_guid <> '' and `+measured+`)`,
		key(b.question.From), b.question.Until-1).Scan(&sessions, &legs, &driven))
	b.sessions = fmt.Sprintf("%d days; in this one %s sessions, %s legs, %s of them OCS-driven", b.main().days, count(sessions), count(legs), count(driven))
}
