package extract

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sync"

	"example.com/seats/internal/calendar"
	texts "example.com/seats/sql"
)

const hour = 3600 // seconds

// stayBits is how many bits the sieve of resources has for each of them: a night has few whose sessions run long, and all
// legs of some days are held against them.
const stayBits = 512

// Activities reads the legs, their attached data and the previews of the day and of the crowded hours beside it, where it costs less to read
// everything than to look up what matters: a piece for each reader at a time, and last those around it, of which only what can matter is read.
func (g *GIMDB) Activities(ctx context.Context, w Window, reach calendar.Interval, logins Logins, take func(Part) error) error {
	whole := logins.crowded(w, g.crowd)
	pieces, err := g.pieces(ctx, whole)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	oneByOne := func(p Part) error {
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			failed = take(p)
		}
		return failed
	}
	var tasks []task
	for _, piece := range pieces {
		tasks = append(tasks, g.legs(piece, oneByOne), g.previews(piece, sieve{}, nothing(), oneByOne))
	}
	return g.fetch(ctx, append(tasks, g.around(whole, w.ActivityKeys(reach), logins, oneByOne)...)...)
}

// pieces cuts the day's time keys into ranges of about as many rows, by the server's estimates: as many as the readers
// can share evenly. A day that one part has room for is cut only where that costs the server nothing.
func (g *GIMDB) pieces(ctx context.Context, day calendar.Interval) ([]calendar.Interval, error) {
	rows, err := g.expected(ctx, day)
	if err != nil {
		return nil, err
	}
	g.told.Expect(2 * rows) // a leg for each, at most
	if rows <= g.fewRows || rows <= g.partRows && !g.inOrder {
		return []calendar.Interval{day}, nil
	}
	most := g.partRows // of a piece
	if g.inOrder {
		most = max(most/cuts, 1)
	}
	readers := int64(len(g.readers))
	n := (rows/readers/most + 1) * readers
	pieces, piece, in := []calendar.Interval{}, calendar.Interval{Start: day.Start, End: day.Start}, int64(0)
	for piece.End < day.End {
		step := calendar.Interval{Start: piece.End, End: min(piece.End+hour/4, day.End)}
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

// share cuts a span of time keys into as many as there are readers, where that costs the server nothing; none of an empty one.
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
	const statement = "gim/user_data"
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	err := g.readers[0].QueryRow(ctx, "explain (format json) "+texts.InSchema(statement, g.cfg.Schema), keys.Start, keys.End, g.unique[dataTable]).Scan(&plans)
	if err != nil {
		return 0, explainRead(fmt.Errorf("%s: plan sql/%s: %w", dataTable, statement, g.readers[0].texts.plain(err)), g.name)
	}
	if len(plans) != 1 {
		return 0, fmt.Errorf("read plan of sql/%s: there are %d", statement, len(plans))
	}
	return int64(plans[0].Plan.Rows), nil
}

// legs is a task: the attached data of a piece, and then the legs that it may belong to. Most legs of most sites are not
// driven by Outbound Contact Server, and the server sends none of those that the sieve stops.
func (g *GIMDB) legs(piece calendar.Interval, take func(Part) error) task {
	return func(ctx context.Context, reader *reader) error {
		data, err := g.rows(ctx, reader, dataTable, "gim/user_data", piece.Start, piece.End, g.unique[dataTable])
		if err != nil {
			return err
		}
		var ids []int64
		guids := data.texts[column(data.of, "gsw_call_attempt_guid")]
		for row := range data.len {
			if len(guids.at(row)) > 0 {
				ids = append(ids, data.number(0, row))
			}
		}
		legs, err := g.someLegs(ctx, reader, piece, "id", newSieve(ids, idBits), nothing())
		if err != nil {
			return err
		}
		return take(Part{Legs: legs, Data: g.settle(data)})
	}
}

// someLegs reads those legs of a piece that matter by what the statement says, ids or resources and a span of time. Where there may be several copies
// of each, it may say only which ones matter: whether the newest copy does, none of the others can tell, so all are fetched.
func (g *GIMDB) someLegs(ctx context.Context, reader *reader, piece calendar.Interval, what string, s sieve, reaching calendar.Interval) (*Rows, error) {
	key := legTable + ".resource_key"
	if what == "id" {
		key = legTable + ".interaction_resource_id"
	}
	legs, err := g.rows(ctx, reader, legTable, "gim/leg", piece.Start, piece.End, g.tenantKey, g.unique[legTable], slices.Contains(g.fractions, key),
		s.bits, s.prime, what, reaching.Start, reaching.End)
	if err == nil && what != "id" && !g.unique[legTable] {
		legs, err = g.ofLegs(ctx, reader, legTable, "gim/leg_copies", legs)
	}
	if err != nil {
		return nil, err
	}
	return g.settle(legs), nil
}

// previews is a task: the attempts of a piece, all or those that matter by their resources and a span of time.
func (g *GIMDB) previews(piece calendar.Interval, s sieve, reaching calendar.Interval, take func(Part) error) task {
	return func(ctx context.Context, reader *reader) error {
		attempts, err := g.rows(ctx, reader, attemptTable, "gim/attempt", piece.Start, piece.End, g.tenantKey, keysOf(g.reference.previews),
			g.unique[attemptTable], s.bits, s.prime, slices.Contains(g.fractions, attemptTable+".resource_key"), reaching.Start, reaching.End)
		if err != nil {
			return err
		}
		return take(Part{Previews: g.settle(attempts)})
	}
}

// around are tasks: the legs and previews before and after the hours that are read whole that can matter. They are few:
// those of sessions that ran long, and of those that nobody closed.
func (g *GIMDB) around(whole, keys calendar.Interval, logins Logins, take func(Part) error) (tasks []task) {
	sieve := newSieve(logins.outside(whole), stayBits)
	ask := func(span, reaching calendar.Interval) {
		for _, piece := range g.share(span) {
			tasks = append(tasks, func(ctx context.Context, reader *reader) error {
				legs, err := g.someLegs(ctx, reader, piece, "around", sieve, reaching)
				if err != nil {
					return err
				}
				data, err := g.ofLegs(ctx, reader, dataTable, "gim/user_data_of_leg", legs, g.unique[dataTable])
				if err != nil {
					return err
				}
				return take(Part{Legs: legs, Data: g.settle(data)})
			}, g.previews(piece, sieve, reaching, take))
		}
	}
	ask(calendar.Interval{Start: keys.Start, End: whole.Start}, calendar.Interval{Start: whole.Start, End: math.MinInt64})
	ask(calendar.Interval{Start: whole.End, End: keys.End}, calendar.Interval{Start: math.MaxInt64, End: whole.End})
	return tasks
}

// LegsOf reads the legs of some resources that begin in a range of time keys and end no earlier than a time.
func (g *GIMDB) LegsOf(ctx context.Context, resources []int64, keys calendar.Interval, from int64) (legs []*Rows, err error) {
	among, pieces := newSieve(resources, stayBits), g.share(keys)
	legs = make([]*Rows, len(pieces))
	var tasks []task
	for i, piece := range pieces {
		tasks = append(tasks, func(ctx context.Context, reader *reader) (err error) {
			legs[i], err = g.someLegs(ctx, reader, piece, "resource", among, calendar.Interval{Start: from, End: math.MinInt64})
			return err
		})
	}
	return legs, g.fetch(ctx, tasks...)
}

// ofLegs reads what a statement gives of some legs by their primary keys, so many at a time.
func (g *GIMDB) ofLegs(ctx context.Context, reader *reader, name, statement string, legs *Rows, args ...any) (*Rows, error) {
	all, seen := newRows(table(name)), make(map[rowKey]bool, legs.len)
	var keys []rowKey
	for row := range legs.len {
		if k := legs.key(row); !seen[k] {
			keys, seen[k] = append(keys, k), true
		}
	}
	for batch := range slices.Chunk(keys, g.probeBatch) {
		var ids, timeKeys []int64
		for _, k := range batch {
			ids, timeKeys = append(ids, k[0]), append(timeKeys, k[1])
		}
		found, err := g.rows(ctx, reader, name, statement, append([]any{ids, timeKeys}, args...)...)
		if err != nil {
			return nil, err
		}
		all.add(found)
	}
	return all, nil
}

// sieve is a set of keys that fits into a statement's parameter: one bit for each remainder of a key by a prime. It lets every key of the set through
// and a few others, which the join on the keys themselves drops afterwards. So a server can leave rows at home without joining anything.
type sieve struct {
	prime int64
	bits  []byte // as PostgreSQL's get_bit counts them: the lowest bit of a byte comes first
}

// maxPrime bounds a sieve at 64 MB: a remainder is a PostgreSQL integer.
const maxPrime = 1 << 29

// newSieve holds the given keys; one in bitsPerKey of the others is let through. The divisor is a prime because keys are
// given out in strides and blocks, which would leave most remainders of a power of two unused.
func newSieve(keys []int64, bitsPerKey int64) sieve {
	prime := min(max(int64(len(keys)), 1)*bitsPerKey+1, maxPrime)
	for !big.NewInt(prime).ProbablyPrime(0) { // certain for numbers of this size
		prime += 2
	}
	s := sieve{prime: prime, bits: make([]byte, prime/8+1)}
	for _, key := range keys {
		r := s.remainder(key)
		s.bits[r/8] |= 1 << (r % 8)
	}
	return s
}

func (s sieve) remainder(key int64) int64 {
	r := key % s.prime
	if r < 0 {
		r = -r
	}
	return r
}

// passes tells whether a key may be one of the set.
func (s sieve) passes(key int64) bool {
	r := s.remainder(key)
	return s.bits[r/8]&(1<<(r%8)) != 0
}
