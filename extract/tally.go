package extract

import (
	"math/big"
	"math/bits"
)

// tally counts what was sent into a table: rows, and of each column how many values were not NULL and their
// sum (of texts, the sum of their lengths in bytes).
type tally struct {
	rows    int64
	columns []columnTally
}

type columnTally struct {
	count  int64
	hi, lo uint64 // the sum, in 128 bits: DuckDB sums BIGINT into HUGEINT, and so do we
}

func newTally(columns int) *tally { return &tally{columns: make([]columnTally, columns)} }

func (c *columnTally) add(v int64) {
	var carry uint64
	c.count++
	c.lo, carry = bits.Add64(c.lo, uint64(v), 0)
	c.hi, _ = bits.Add64(c.hi, uint64(v>>63), carry)
}

func (c *columnTally) sum() string {
	v := new(big.Int).SetInt64(int64(c.hi))
	v.Lsh(v, 64)
	return v.Or(v, new(big.Int).SetUint64(c.lo)).String()
}

// merge adds what another reader sent into the same table.
func (t *tally) merge(o *tally) {
	t.rows += o.rows
	for i := range t.columns {
		var carry uint64
		c, d := &t.columns[i], o.columns[i]
		c.count += d.count
		c.lo, carry = bits.Add64(c.lo, d.lo, 0)
		c.hi, _ = bits.Add64(c.hi, d.hi, carry)
	}
}
