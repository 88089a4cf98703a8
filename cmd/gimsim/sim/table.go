package sim

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

type table int

// The tables, in the order in which they are written.
const (
	tenantTable table = iota
	mediaTypeTable
	dialingModeTable
	resourceTable
	groupTable
	combinationTable
	sessionTable
	legTable
	userDataTable
	attemptTable
	interactionTable
	extractTable
	transformTable
	tables
)

// tablesText has a line for each table in its order: its name, then its columns in the order in which rows are written. A plus marks
// columns that a real GIM has and gimschema has not: only an export with extra columns has them.
//
//go:embed tables.txt
var tablesText string

// definitions are those lines, word by word.
var definitions = func() (of [tables][]string) {
	for t, line := range strings.Split(strings.TrimSpace(tablesText), "\n") {
		of[t] = strings.Fields(line)
	}
	return of
}()

func (t table) name() string { return definitions[t][0] }

func (t table) columns(extra bool) (columns []string) {
	for _, column := range definitions[t][1:] {
		if name, isExtra := strings.CutPrefix(column, "+"); !isExtra || extra {
			columns = append(columns, name)
		}
	}
	return columns
}

// has tells whether a simulation has the table: without agent groups there are no tables of them.
func (o Options) has(t table) bool { return o.Groups > 0 || t != groupTable && t != combinationTable }
func (t table) exported() bool     { return t != extractTable && t != transformTable }

// null stands for NULL in an integer field.
const null = math.MinInt64

// lines is CSV text: rows of one table, without header. NULL and the empty string are both an empty field, in an export of GIM as in a COPY.
type lines struct {
	text []byte
	rows int64
}

// cells are a row's fields: one for each column of its table, extra ones included. They are integers, texts, and audit keys.
type cells []any

func (r cells) fields() cells { return r }

// audit stands in a row for the key of the job that wrote it first, or that brought it into its state.
type audit int

const (
	created audit = iota
	updated
)

// The rows of the larger tables, as they are written. Fields hold what GIM's columns of the same name hold; null is NULL.

type resource struct {
	key, tenant                   int64
	typeName, typeCode, subtype   string
	name, firstName, lastName     string
	employee, switchName, comment string
}

func (r resource) fields() cells {
	return cells{r.key, r.tenant, r.key + 7, r.typeName, r.typeCode, r.subtype, r.name, r.firstName, r.lastName, r.employee, r.switchName, r.comment}
}

type session struct {
	key, tenant, media, resource int64
	groups                       int64 // resource_group_combination_key
	startKey                     int64 // of the true start, also where start is missing
	start, end, active           int64
}

func (r session) fields() cells {
	endKey, duration := ending(r.start, r.end, r.active, null)
	return cells{r.key, r.startKey, endKey, r.tenant, r.media, r.resource, -1, r.groups, created, updated, r.start, r.end, duration, 0, 0, r.active}
}

type leg struct {
	id, tenant, media, interaction, interactionStart int64
	resource, mediaResource                          int64
	startKey                                         int64
	start, end, active                               int64
}

func (r leg) fields() cells {
	endKey, talk := ending(r.start, r.end, r.active, 0)
	return cells{r.id, r.startKey, endKey, r.tenant, 1, r.media, r.interaction, quarter(r.interactionStart),
		r.resource, r.mediaResource, -2, talk, r.start, r.end, r.active, created, updated}
}

// ending gives the time key of an end, and the seconds up to it: as said where start or end is not known.
func ending(start, end, active, unknown int64) (key, seconds int64) {
	switch {
	case active != 0:
		return farFuture, unknown
	case start == null:
		return quarter(end), unknown
	}
	return quarter(end), end - start
}

func userData(id, startKey, tenant int64, customer, guid string) cells {
	return cells{id, startKey, tenant, created, updated, customer, "case, open", guid}
}

type attempt struct {
	key, tenant, mode, campaign, resource int64
	guid, callID                          string
	startKey                              int64
	start, end                            int64
}

func (r attempt) fields() cells {
	return cells{r.key, r.tenant, created, updated, mediaVoice, r.startKey, quarter(r.end), r.mode, r.campaign, r.resource, r.guid, r.callID, r.start, r.end}
}

// farFuture is the interval to which GIM points where there is no end yet.
const farFuture = 2147482800

// quarter returns the time key of an epoch second: the start of its 15-minute interval.
func quarter(at int64) int64 {
	if at == null {
		return farFuture
	}
	return at - at%900
}

// Layout says how the rows are cut into increments and written as an export. An increment holds, in their state at its end, the rows that changed
// since the end of the one before; a single one is what a database holds. The tags are those of the command line.
type Layout struct {
	Increments   int     `default:"1" help:"Number of increments; later ones correct rows of earlier ones."`
	Zip          bool    `help:"Write a zip and its .zip.sha1 in each folder, in place of bare files."`
	Header       string  `default:"UPPER" enum:"UPPER,lower,Mixed" help:"Case of the header lines: UPPER, lower or Mixed."`
	ExtraColumns bool    `help:"Add columns that GIM has and seats does not read, some quoted and some of several lines."`
	CRLF         bool    `name:"crlf" help:"End lines with CR LF."`
	Resent       float64 `default:"0" help:"Share of rows that come again, unchanged, in the next increment."`
	Duplicated   float64 `default:"0" help:"Share of changed rows whose older state is in the same file."`
}

func (l Layout) newline() string {
	if l.CRLF {
		return "\r\n"
	}
	return "\n"
}

// sinks take an increment's rows by table, those that are wanted: CSV lines without a header.
type sinks [tables]io.Writer

// Counts are the numbers of rows of all tables, over all increments.
type Counts [tables]int64

func (c Counts) String() string {
	var list strings.Builder
	for t, n := range c {
		if n > 0 {
			fmt.Fprintf(&list, "%-26s %12d rows\n", table(t).name(), n)
		}
	}
	return list.String()
}

// Agents per batch: enough that handing a batch on costs nothing beside making it, few enough that a dozen of them in flight are small.
const (
	agentsPerBatch    = 256
	resourcesPerBatch = 8192
)

// stream makes all rows, on all processors, and writes them to the sinks of the increments batch by batch, in an order that
// depends on the options alone. It stops at the first error of a sink and when ctx ends.
func (s *Simulation) stream(ctx context.Context, l Layout, to []sinks) (counts Counts, err error) {
	cuts := s.cuts(l.Increments)
	order := make(chan chan *batch, 2*runtime.GOMAXPROCS(0)) // each gives one batch when that is done
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(order)
		for fill := range s.work {
			done := make(chan *batch, 1)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case order <- done:
			}
			go func() {
				b := &batch{&l, cuts, make([][tables]lines, len(cuts))}
				fill(b)
				done <- b
			}()
		}
		return nil
	})
	group.Go(func() error {
		for done := range order {
			b := <-done
			if err := ctx.Err(); err != nil { // all there is may have been ordered before
				return err
			}
			for i := range to {
				for t, sink := range to[i] {
					made := &b.lines[i][t]
					if sink == nil || made.rows == 0 {
						continue
					}
					if _, err := sink.Write(made.text); err != nil {
						return err
					}
					counts[t] += made.rows
				}
			}
		}
		return nil
	})
	err = group.Wait()
	return counts, err
}

func (s *Simulation) work(yield func(func(*batch)) bool) {
	more := yield(s.dimensions)
	each := func(size int64, piece func(b *batch, agent int64)) {
		for first := int64(0); more && first < int64(s.Agents); first += size {
			more = yield(func(b *batch) {
				for agent := first; agent < min(first+size, int64(s.Agents)); agent++ {
					piece(b, agent)
				}
			})
		}
	}
	each(resourcesPerBatch, s.resources)
	for day := range int64(s.Days) {
		each(agentsPerBatch, func(b *batch, agent int64) { s.agentDay(b, agent, day) })
	}
}

// batch is a run of rows of all tables and increments. The increments end at its cuts, which are ascending epoch seconds.
type batch struct {
	*Layout
	cuts  []int64
	lines [][tables]lines // by increment
}

// state is a row as it is from an epoch second on, until the next state.
type state struct {
	since int64
	row   interface{ fields() cells }
}

// always is since when rows are there that were there from the beginning.
const always = 0

// put writes a row's states, which are in strict order of time, to the increments in which they are seen: the last state before
// each cut, if it is new. A state after the last cut is one that GIM does not know yet.
func (b *batch) put(t table, states ...state) {
	for i, s := range states {
		cut := b.cutOf(s.since)
		if cut == len(b.lines) {
			return
		}
		next := len(b.lines)
		if i+1 < len(states) {
			next = b.cutOf(states[i+1].since)
		}
		luck := int64(mix(uint64(s.since)<<8^uint64(t)) % million)
		if next > cut || luck < parts(b.Duplicated) {
			b.write(cut, t, s, states[0].since)
		}
		if next > cut+1 && cut+1 < len(b.lines) && luck < parts(b.Resent) {
			b.write(cut+1, t, s, states[0].since)
		}
	}
}

// putCells writes a row that does not change, field by field.
func (b *batch) putCells(t table, since int64, fields ...any) { b.put(t, state{since, cells(fields)}) }

// write adds a row in one of its states, the first of which was at an epoch second, to those of a table in an increment.
func (b *batch) write(cut int, t table, s state, first int64) {
	l := &b.lines[cut][t]
	for i, field := range s.row.fields() {
		if definitions[t][1+i][0] == '+' && !b.ExtraColumns {
			continue
		}
		if i > 0 {
			l.text = append(l.text, ',')
		}
		switch v := field.(type) {
		case int:
			l.text = strconv.AppendInt(l.text, int64(v), 10)
		case int64:
			if v != null {
				l.text = strconv.AppendInt(l.text, v, 10)
			}
		case audit:
			l.text = strconv.AppendInt(l.text, AuditKey([...]int64{created: first, updated: s.since}[v]), 10)
		case string:
			if strings.ContainsAny(v, ",\"\r\n") {
				v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
			l.text = append(l.text, v...)
		}
	}
	l.text = append(l.text, b.newline()...)
	l.rows++
}

// cutOf returns the first increment that sees what happened at a time.
func (b *batch) cutOf(at int64) int {
	i, _ := slices.BinarySearch(b.cuts, at)
	return i
}

// AuditKey numbers the loading job, one a second, that wrote what happened at an epoch second. It is beyond 32 bits.
func AuditKey(at int64) int64 { return 40_000_000_000 + at }
