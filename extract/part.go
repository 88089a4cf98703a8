package extract

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"seats/internal/calendar"
	texts "seats/sql"
)

// Activities stages the legs, their attached data and the previews of the day, a piece of the day for each reader at
// a time, and last those around it: before and after the day only what can matter is read.
func (g *GIMDB) Activities(ctx context.Context, w Window, reach calendar.Interval, take func() error) error {
	if err := g.stage.create(ctx, "sm_res_session_fact"); err != nil { // they are in the slice by now
		return err
	}
	pieces, err := g.pieces(ctx, w.DayKeys())
	if err != nil {
		return err
	}
	for len(pieces) > 0 {
		n := min(len(pieces), len(g.readers))
		if err := g.part(ctx, pieces[:n], take); err != nil {
			return err
		}
		pieces = pieces[n:]
	}
	return g.around(ctx, w.DayKeys(), w.ActivityKeys(reach), w.Hull(), take)
}

// pieces cuts the day's time keys into ranges of about as many rows, by the server's estimates: as many as the readers
// can share evenly.
func (g *GIMDB) pieces(ctx context.Context, day calendar.Interval) ([]calendar.Interval, error) {
	rows, err := g.expected(ctx, day)
	if err != nil {
		return nil, err
	}
	g.stage.Expect(2 * rows) // a leg for each, at most
	if rows <= g.partRows {
		return []calendar.Interval{day}, nil
	}
	n := (rows + g.partRows - 1) / g.partRows * int64(len(g.readers))
	pieces, piece, in := []calendar.Interval{}, calendar.Interval{Start: day.Start, End: day.Start}, int64(0)
	for piece.End < day.End {
		step := calendar.Interval{Start: piece.End, End: min(piece.End+hour, day.End)}
		more, err := g.expected(ctx, step)
		if err != nil {
			return nil, err
		}
		piece.End, in = step.End, in+more
		if in >= rows/n || piece.End == day.End {
			pieces = append(pieces, piece)
			piece.Start, in = piece.End, 0
		}
	}
	return pieces, nil
}

// expected is how many rows of attached data the server expects in a range of time keys.
func (g *GIMDB) expected(ctx context.Context, keys calendar.Interval) (int64, error) {
	rows, err := g.estimate(ctx, g.userData(keys))
	return rows, explainRead(err, g.name)
}

func (g *GIMDB) userData(keys calendar.Interval) job {
	return job{table: "irf_user_data_gen_1", statement: "gim/user_data.sql", args: []any{keys.Start, keys.End, g.unique["irf_user_data_gen_1"]}}
}

// part stages pieces of the day that follow one another, and has them taken.
func (g *GIMDB) part(ctx context.Context, pieces []calendar.Interval, take func() error) error {
	if err := g.clearPart(ctx); err != nil {
		return err
	}
	attempts, err := g.attempts(ctx, calendar.Interval{Start: pieces[0].Start, End: pieces[len(pieces)-1].End})
	if err != nil {
		return err
	}
	var tasks []task
	for _, piece := range pieces {
		tasks = append(tasks, g.legs(piece))
	}
	if err := g.fetch(ctx, append(tasks, g.tasks(attempts)...)...); err != nil {
		return err
	}
	return g.takePart(ctx, take)
}

// legs stages the attached data of a piece, and then the legs that it may belong to: most legs of most sites are not
// driven by Outbound Contact Server, and the server sends none of those that the sieve stops.
func (g *GIMDB) legs(piece calendar.Interval) task {
	return func(ctx context.Context, reader *pgx.Conn) error {
		var ids []int64
		data := g.userData(piece)
		data.each = func(fields []pgconn.FieldDescription, row [][]byte) {
			if guid := row[2]; len(guid) > 0 {
				id, _ := whole(fields[0].DataTypeOID, row[0])
				ids = append(ids, id)
			}
		}
		if err := g.fetchOne(ctx, reader, data); err != nil {
			return err
		}
		driven := newSieve(ids)
		return g.fetchOne(ctx, reader, job{table: "interaction_resource_fact", statement: "gim/leg.sql",
			args: []any{piece.Start, piece.End, g.tenantKey, driven.bits, driven.prime, g.unique["interaction_resource_fact"], g.fractional}})
	}
}

// around stages what begins before and after the day, and has it taken.
func (g *GIMDB) around(ctx context.Context, day, keys, hull calendar.Interval, take func() error) error {
	if err := g.clearPart(ctx); err != nil {
		return err
	}
	jobs, err := g.outside(ctx, day, keys, hull)
	if err != nil {
		return err
	}
	for _, span := range []calendar.Interval{{Start: keys.Start, End: day.Start}, {Start: day.End, End: keys.End}} {
		if span.Start < span.End {
			attempts, err := g.attempts(ctx, span)
			if err != nil {
				return err
			}
			jobs = append(jobs, attempts)
		}
	}
	if err := g.fetch(ctx, g.tasks(jobs...)...); err != nil {
		return err
	}
	if err := g.copies(ctx, day); err != nil {
		return err
	}
	if err := g.probe(ctx, day); err != nil {
		return err
	}
	if err := g.takePart(ctx, take); err != nil {
		return err
	}
	return g.clearPart(ctx)
}

func (g *GIMDB) clearPart(ctx context.Context) error {
	for _, table := range activityTables {
		delete(g.sent, table)
	}
	return g.stage.create(ctx, activityTables...)
}

func (g *GIMDB) takePart(ctx context.Context, take func() error) error {
	if err := g.settle(ctx, activityTables...); err != nil {
		return err
	}
	return take()
}

// estimate is how many rows the server expects of a job.
func (g *GIMDB) estimate(ctx context.Context, j job) (int64, error) {
	var plan []byte
	err := g.readers[0].QueryRow(ctx, "explain (format json) "+texts.Text(j.statement), j.args...).Scan(&plan)
	if err != nil {
		return 0, fmt.Errorf("%s: plan sql/%s: %w", j.table, j.statement, g.texts.plain(err))
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &plans); err != nil || len(plans) != 1 {
		return 0, fmt.Errorf("read plan of sql/%s: %w", j.statement, err)
	}
	return int64(plans[0].Plan.Rows), nil
}
