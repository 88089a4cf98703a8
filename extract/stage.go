package extract

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/big"

	"github.com/duckdb/duckdb-go/v2"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	texts "example.com/seats/sql"
)

// Stage hands rows to a store.
type Stage struct {
	Conn *sql.Conn // the store's work copy
	now  *handing
}

// NewStage registers the table function slice_rows(), by which DuckDB takes rows: no value is boxed on its way.
func NewStage(conn *sql.Conn) (*Stage, error) {
	s := &Stage{Conn: conn}
	err := duckdb.RegisterTableUDF(conn, "slice_rows", duckdb.ChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ChunkTableSource, error) { return s.now, nil },
	})
	if err != nil {
		return nil, fmt.Errorf("register slice_rows: %w", err)
	}
	return s, nil
}

// handing is rows on their way into a relation of the store.
type handing struct {
	rows    *Rows
	columns []int // which of the rows' columns each of the relation's is, by its name
	infos   []duckdb.ColumnInfo
	picked  []int // the rows that are left
	sent    *tally
}

// write puts rows into a relation of the store, on a day: those that are picked; nil: all. It adds to the tally of the relation.
func (s *Stage) write(ctx context.Context, q duck.Queryer, day calendar.Date, to texts.Table, rows *Rows, picked []int, sent *tally) error {
	if picked == nil {
		for row := range rows.len {
			picked = append(picked, row)
		}
	}
	if len(picked) == 0 {
		return nil
	}
	h := &handing{rows: rows, picked: picked, sent: sent}
	for _, c := range to.Columns {
		kind := duckdb.TYPE_BIGINT
		if c.Type == typeText {
			kind = duckdb.TYPE_VARCHAR
		}
		info, err := duckdb.NewTypeInfo(kind)
		if err != nil {
			return err
		}
		h.infos, h.columns = append(h.infos, duckdb.ColumnInfo{Name: c.Name, T: info}), append(h.columns, column(rows.of, c.Name))
	}
	s.now = h
	defer func() { s.now = nil }()
	return duck.ExecOn(ctx, q, "slice/each_insert", to, sql.Named("day", day.String()))
}

func (h *handing) Init()                            {}
func (h *handing) ColumnInfos() []duckdb.ColumnInfo { return h.infos } // numbers as BIGINT, texts as VARCHAR
func (h *handing) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(len(h.picked)), Exact: true}
}

func (h *handing) FillChunk(chunk duckdb.DataChunk) error {
	to, err := duck.ToFill(&chunk)
	if err != nil {
		return err
	}
	rows := h.picked[:min(to.Size, len(h.picked))]
	for i, column := range h.columns {
		h.fill(&to.Columns[i], column, rows, &h.sent.columns[i])
	}
	h.picked = h.picked[len(rows):]
	h.sent.rows += int64(len(rows))
	return chunk.SetSize(len(rows))
}

func (h *handing) fill(to *duck.Column, column int, rows []int, sent *columnTally) {
	numbers, texts := h.rows.numbers[column], h.rows.texts[column]
	for at, row := range rows {
		switch {
		case !h.rows.isThere(column, row):
			to.SetNull(at)
		case texts != nil:
			to.SetText(at, texts.at(row))
			sent.add(int64(len(texts.at(row))))
		default:
			to.Numbers[at] = numbers[row]
			sent.add(numbers[row])
		}
	}
}

// verify compares what was sent into a relation with what the store holds of the day: rows, and of each column the number of
// values and their sum. Nothing is believed unseen.
func verify(ctx context.Context, q duck.Queryer, day calendar.Date, of texts.Table, sent *tally) error {
	var stored string
	err := q.QueryRowContext(ctx, texts.Fill("slice/each_check", of), sql.Named("day", day.String())).Scan(&stored)
	if err != nil {
		err = fmt.Errorf("run sql/slice/each_check on %s: %w", of.Name, err)
	} else if stored != sent.String() {
		err = fmt.Errorf("verify %s: rows, and of each column values and their sum: %s sent, %s stored", of.Name, sent, stored)
	}
	return err
}

// tally counts what was sent into a table: rows, and of each column how many values were not NULL and their
// sum (of texts, the sum of their lengths in bytes).
type tally struct {
	rows    int64
	columns []columnTally
}

type columnTally struct{ count, hi, lo int64 } // the sums of the values' upper and lower halves: one of all overflows 64 bits

func (c *columnTally) add(v int64) {
	c.count++
	c.hi += v >> 32
	c.lo += v & math.MaxUint32
}

func (t *tally) String() string {
	said := fmt.Sprint(t.rows)
	for _, c := range t.columns {
		sum := new(big.Int).Lsh(big.NewInt(c.hi), 32)
		said += fmt.Sprintf(", %d %s", c.count, sum.Add(sum, big.NewInt(c.lo)))
	}
	return said
}
