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

// Activities stages the legs, their attached data and the previews of the day and of the crowded hours beside it, a piece
// for each reader at a time, and last those around it: there only what can matter is read.
func (g *GIMDB) Activities(ctx context.Context, w Window, reach calendar.Interval, take func() error) error {
	if err := g.stage.create(ctx, "sm_res_session_fact"); err != nil { // they are in the slice by now
		return err
	}
	read, err := g.crowded(ctx, w)
	if err != nil {
		return err
	}
	pieces, err := g.pieces(ctx, read)
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
	return g.around(ctx, read, w.ActivityKeys(reach), take)
}

// pieces cuts the day's time keys into ranges of about as many rows, by the server's estimates: as many as the readers
// can share evenly. A day that one part has room for is cut only where that costs the server nothing.
func (g *GIMDB) pieces(ctx context.Context, day calendar.Interval) ([]calendar.Interval, error) {
	rows, err := g.expected(ctx, day)
	if err != nil {
		return nil, err
	}
	g.stage.Expect(2 * rows) // a leg for each, at most
	parts := (rows + g.partRows - 1) / g.partRows
	if rows <= g.fewRows || parts == 1 && !g.inOrder {
		return []calendar.Interval{day}, nil
	}
	n := parts * int64(len(g.readers))
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

// share cuts a span of time keys into as many as there are readers, where that costs the server nothing; none of an
// empty one.
func (g *GIMDB) share(span calendar.Interval) (pieces []calendar.Interval) {
	n := int64(1)
	if g.inOrder {
		n = int64(len(g.readers))
	}
	for i := range n {
		piece := calendar.Interval{Start: span.Start + i*span.Seconds()/n, End: span.Start + (i+1)*span.Seconds()/n}
		if piece.Start < piece.End {
			pieces = append(pieces, piece)
		}
	}
	return pieces
}

// expected is how many rows of attached data the server expects in a range of time keys.
func (g *GIMDB) expected(ctx context.Context, keys calendar.Interval) (int64, error) {
	rows, err := g.estimate(ctx, g.userData(keys))
	return rows, explainRead(err, g.name)
}

func (g *GIMDB) userData(keys calendar.Interval) job {
	return job{table: "irf_user_data_gen_1", statement: "gim/user_data", args: []any{keys.Start, keys.End, g.unique["irf_user_data_gen_1"]}}
}

// part stages pieces of the day that follow one another, and has them taken.
func (g *GIMDB) part(ctx context.Context, pieces []calendar.Interval, take func() error) error {
	if err := g.clearPart(ctx); err != nil {
		return err
	}
	modes, err := g.stage.keys(ctx, "slice/preview_mode_key")
	if err != nil {
		return err
	}
	attempts := g.attempts(calendar.Interval{Start: pieces[0].Start, End: pieces[len(pieces)-1].End}, modes)
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
		driven := newSieve(ids, idBits)
		return g.fetchOne(ctx, reader, job{table: "interaction_resource_fact", statement: "gim/leg",
			args: []any{piece.Start, piece.End, g.tenantKey, driven.bits, driven.prime, g.unique["interaction_resource_fact"],
				g.fractional["interaction_resource_fact.interaction_resource_id"]}})
	}
}

// around stages what begins before and after what was read whole, and has it taken.
func (g *GIMDB) around(ctx context.Context, read, keys calendar.Interval, take func() error) error {
	if err := g.clearPart(ctx); err != nil {
		return err
	}
	jobs, err := g.outside(ctx, read, keys)
	if err != nil {
		return err
	}
	if err := g.fetch(ctx, g.tasks(jobs...)...); err != nil {
		return err
	}
	if err := g.copies(ctx, read); err != nil {
		return err
	}
	if err := g.probe(ctx, read); err != nil {
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
	err := g.readers[0].QueryRow(ctx, "explain (format json) "+texts.InSchema(j.statement, g.cfg.Schema), j.args...).Scan(&plan)
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
