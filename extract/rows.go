package extract

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	texts "example.com/seats/sql"
)

// Rows are rows of a table as they were read, column by column. A number takes eight bytes however many columns a table has, and
// whether there is one, a bit: a day of millions of sessions fits into memory.
type Rows struct {
	of      texts.Table
	len     int
	numbers [][]int64     // of each column of the table; nil of one of texts
	texts   []*textColumn // likewise; nil of one of numbers
	has     []uint16      // of each row, a bit for each column that is not NULL
	chunk   []int32       // of each row of an export, the number of its chunk; nil of a GIM DB, which is one
	faults  map[rowKey]int64
	byKey   map[rowKey]int32 // the row of each key; nil: not made yet
}

// rowKey is a primary key: of a table whose key is one column, the second is 0.
type rowKey [2]int64

// textColumn is texts, one behind the other: nothing for a garbage collector to follow.
type textColumn struct {
	bytes []byte
	ends  []int // of each row's
}

func (c *textColumn) at(row int) []byte {
	from := 0
	if row > 0 {
		from = c.ends[row-1]
	}
	return c.bytes[from:c.ends[row]]
}

func newRows(of texts.Table) *Rows {
	r := &Rows{of: of, numbers: make([][]int64, len(of.Columns)), texts: make([]*textColumn, len(of.Columns)), faults: map[rowKey]int64{}}
	for i, c := range of.Columns {
		if c.Type == typeText {
			r.texts[i] = &textColumn{}
		}
	}
	return r
}

// begin adds a row without a value.
func (r *Rows) begin() {
	for i, t := range r.texts {
		if t != nil {
			t.ends = append(t.ends, len(t.bytes))
		} else {
			r.numbers[i] = append(r.numbers[i], 0)
		}
	}
	r.has = append(r.has, 0)
	r.len++
}

// setNumber and setText give the row that was begun last a value, once.
func (r *Rows) setNumber(column int, v int64) {
	r.numbers[column][r.len-1] = v
	r.has[r.len-1] |= 1 << column
}

func (r *Rows) setText(column int, v []byte) {
	t := r.texts[column]
	t.bytes = append(t.bytes, v...)
	t.ends[r.len-1] = len(t.bytes)
	r.has[r.len-1] |= 1 << column
}

// text is a value; "" where there is none.
func (r *Rows) text(column, row int) string { return string(r.texts[column].at(row)) }

// addRow adds a row of numbers (int64) and texts (string); nil: none.
func (r *Rows) addRow(values ...any) {
	r.begin()
	for column, v := range values {
		switch v := v.(type) {
		case int64:
			r.setNumber(column, v)
		case string:
			r.setText(column, []byte(v))
		}
	}
}

// take adds a row of a file.
func (r *Rows) take(row *csvRow, chunk int) {
	r.begin()
	r.chunk = append(r.chunk, int32(chunk))
	for column := range r.of.Columns {
		switch {
		case !row.has(column):
		case r.texts[column] != nil:
			text := row.texts[column]
			if bytes.IndexByte(text, '"') >= 0 {
				text = bytes.ReplaceAll(text, []byte(`""`), []byte(`"`))
			}
			r.setText(column, text)
		default:
			r.setNumber(column, row.numbers[column])
		}
	}
}

func (r *Rows) isThere(column, row int) bool { return r.has[row]&(1<<column) != 0 }

// number is a value; 0 where there is none.
func (r *Rows) number(column, row int) int64 { return r.numbers[column][row] }

func (r *Rows) key(row int) (k rowKey) {
	for i := range r.of.Key {
		k[i] = r.numbers[i][row] // the columns of a key come first
	}
	return k
}

// add puts other rows of the same table behind, and has them for good.
func (r *Rows) add(o *Rows) {
	if r.len == 0 {
		*r = *o
		return
	}
	for i := range r.of.Columns {
		if t := r.texts[i]; t != nil {
			for row := range o.len {
				t.bytes = append(t.bytes, o.texts[i].at(row)...)
				t.ends = append(t.ends, len(t.bytes))
			}
		}
		r.numbers[i] = append(r.numbers[i], o.numbers[i]...)
	}
	r.has, r.chunk = append(r.has, o.has...), append(r.chunk, o.chunk...)
	r.len, r.byKey = r.len+o.len, nil
	maps.Copy(r.faults, o.faults)
}

// keep drops all rows but those that are wanted.
func (r *Rows) keep(wanted func(row int) bool) {
	n, sizes := 0, make([]int, len(r.texts)) // of the texts that are kept
	for row := range r.len {
		if !wanted(row) {
			continue
		}
		for i, t := range r.texts {
			if t == nil {
				r.numbers[i][n] = r.numbers[i][row]
				continue
			}
			sizes[i] += copy(t.bytes[sizes[i]:], t.at(row))
			t.ends[n] = sizes[i] // that of another row only once one was dropped
		}
		if r.has[n] = r.has[row]; r.chunk != nil {
			r.chunk[n] = r.chunk[row]
		}
		n++
	}
	for i, t := range r.texts {
		if t != nil {
			t.bytes, t.ends = t.bytes[:sizes[i]], t.ends[:n]
		} else {
			r.numbers[i] = r.numbers[i][:n]
		}
	}
	r.has, r.len, r.byKey = r.has[:n], n, nil
	if r.chunk != nil {
		r.chunk = r.chunk[:n]
	}
}

// newest leaves the newest copy of every row: by update_audit_key, where rows have one, then by order of arrival. A key that one
// chunk holds several times is a fault of the source (R11 duplicate_key); that several do is how an export brings corrections.
// Then it drops what is not the tenant's, where one was asked for.
func (r *Rows) newest(tenantKey *int64) {
	audit, order, isOld := column(r.of, "update_audit_key"), make([]int, r.len), map[int]bool{}
	for row := range order {
		order[row] = row
	}
	slices.SortFunc(order, func(a, b int) int { // most rows come in order
		if x, y := r.key(a), r.key(b); x != y {
			return slices.Compare(x[:], y[:])
		}
		return cmp.Or(r.compareAudit(audit, a, b), cmp.Compare(r.chunkOf(a), r.chunkOf(b)), cmp.Compare(a, b))
	})
	for from, to := 0, 1; from < r.len; from, to = to, to+1 {
		k, chunks := r.key(order[from]), map[int32]bool(nil)
		for ; to < r.len && r.key(order[to]) == k; to++ {
			if chunks == nil {
				chunks = map[int32]bool{r.chunkOf(order[from]): true}
			}
			isOld[order[to-1]], chunks[r.chunkOf(order[to])] = true, true
		}
		if copies := to - from; copies > 1 && copies > len(chunks) {
			r.faults[k] = int64(copies)
		}
	}
	if len(isOld) > 0 {
		r.keep(func(row int) bool { return !isOld[row] })
	}
	if tenant := column(r.of, "tenant_key"); tenantKey != nil && tenant >= 0 {
		r.keep(func(row int) bool { return r.isThere(tenant, row) && r.number(tenant, row) == *tenantKey })
	}
}

// compareAudit orders copies by their audit key: without one a copy is the oldest.
func (r *Rows) compareAudit(audit, a, b int) int {
	if audit < 0 {
		return 0
	}
	return cmp.Or(cmp.Compare(r.has[a]>>audit&1, r.has[b]>>audit&1), cmp.Compare(r.number(audit, a), r.number(audit, b)))
}

func (r *Rows) chunkOf(row int) int32 {
	if r.chunk == nil {
		return 0
	}
	return r.chunk[row]
}

// find is the row of a primary key, which is unique by now.
func (r *Rows) find(k rowKey) (row int, found bool) {
	if r.byKey == nil {
		r.byKey = make(map[rowKey]int32, r.len)
		for row := range r.len {
			r.byKey[r.key(row)] = int32(row)
		}
	}
	at, found := r.byKey[k]
	return int(at), found
}

// findFrom is find, but looks at a row and those behind it first: tables that are written together mostly come in one order.
func (r *Rows) findFrom(row int, k rowKey) (int, bool) {
	const near = 8
	for at := row; at < min(row+near, r.len); at++ {
		if r.key(at) == k {
			return at, true
		}
	}
	return r.find(k)
}

// Reference is what the dimensions of a source tell, by their newest rows.
type Reference struct {
	voice     map[int64]bool   // media whose code is VOICE (R2): names are localized, codes are not
	previews  map[int64]string // dialing modes in which the agent sees the record before anything is dialled (R3), with their codes
	resources *Rows
	groups    map[int64][]string // names of the agent groups that a combination stands for; nil: not told
}

// takeCodes finds the media and dialing modes that matter.
func (f *Reference) takeCodes(media, modes *Rows) {
	f.voice, f.previews = map[int64]bool{}, map[int64]string{}
	for row := range media.len {
		if media.text(1, row) == "VOICE" {
			f.voice[media.number(0, row)] = true
		}
	}
	for row := range modes.len {
		if code := modes.text(1, row); code == "PREVIEW" || code == "PUSH_PREVIEW" {
			f.previews[modes.number(0, row)] = code
		}
	}
}

// takeResources keeps agents, and DNs and queues with their switches.
func (f *Reference) takeResources(r *Rows) {
	r.find(rowKey{}) // from now on several may ask for rows at once
	f.resources = r
}

// takeGroups finds the names of groups. The keys -1 and -2, which stand for an unknown group and for none, name no group.
func (f *Reference) takeGroups(groups, combinations *Rows) {
	f.groups = map[int64][]string{}
	for row := range combinations.len {
		combination, key := combinations.number(0, row), combinations.number(1, row)
		if at, known := groups.find(rowKey{key}); known && combination > 0 && key > 0 && groups.text(1, at) != "" {
			f.groups[combination] = append(f.groups[combination], groups.text(1, at))
		}
	}
}

// Where resources have what matters of them.
var (
	kindOf     = column(table("resource_"), "resource_type_code")
	employeeOf = column(table("resource_"), "employee_id")
	switchIn   = column(table("resource_"), "switch_name")
)

// switchOf is the switch of a resource; empty where it has none.
func (f *Reference) switchOf(resource int64) []byte {
	if row, known := f.resources.find(rowKey{resource}); known {
		return f.resources.texts[switchIn].at(row)
	}
	return nil
}

// agent is the row of a resource that is an agent; -1 where it is none.
func (f *Reference) agent(resource int64) int {
	if row, known := f.resources.find(rowKey{resource}); known && f.isAgent(row) {
		return row
	}
	return -1
}

func (f *Reference) isAgent(row int) bool {
	return string(f.resources.texts[kindOf].at(row)) == "AGENT"
}

// Switches are those of the source's DNs and queues, in order.
func (f *Reference) Switches() []string {
	names := map[string]bool{}
	for row := range f.resources.len {
		names[f.resources.text(switchIn, row)] = true
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names))
}

// keysOf are the keys of a map, in order.
func keysOf[V any](m map[int64]V) []int64 {
	return append([]int64{}, slices.Sorted(maps.Keys(m))...) // not nil: that would be NULL
}
