package extract

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"seats/internal/calendar"
	"seats/internal/duck"
	texts "seats/sql"
)

// hashed is a relation that a slice's hash covers, as sql/slice/slice_sha256 writes its rows.
type hashed struct {
	letter string
	rows   texts.Table // its columns, all numbers as BIGINT, in the order in which they are written
	sized  int         // of so many, the last ones, the lengths are written before them, and nothing of a NULL
	keys   []int       // the columns by which rows are in order; where these do not tell, the kind does
}

var hashes = []hashed{
	{"s", describe("voice_session", 0, "resource_key", "sm_res_session_fact_key", "start_date_time_key", "start_ts", "end_ts", "active_flag",
		"update_audit_key"), 0, []int{1, 2}},
	{"a", describe("ocs_activity", 0, "resource_key", "kind text", "activity_key", "start_date_time_key", "start_ts", "end_ts", "active_flag",
		"update_audit_key", "switch_name text", "call_attempt_guid text", "dialing_mode_code text"), 3, []int{2, 3}},
	{"r", describe("agent", 0, "resource_key", "employee_id text", "resource_name text"), 2, []int{0}},
	{"l", describe("other_leg", 0, "resource_key", "activity_key", "start_date_time_key", "start_ts", "end_ts", "active_flag",
		"update_audit_key", "switch_name text"), 1, []int{1, 2}},
	{"o", describe("other_session", 0, "resource_key", "sm_res_session_fact_key", "start_date_time_key", "start_ts", "end_ts", "active_flag",
		"update_audit_key"), 0, []int{1, 2}},
	{"d", describe("duplicate_key", 0, "relation text", "row_key text", "copies"), 0, nil},
}

// passRows is how many rows of a slice are held as text at a time: some 60 MB.
const passRows = 500_000

// SliceSHA256 is the hash of a stored slice.
func SliceSHA256(ctx context.Context, conn *sql.Conn, day calendar.Date) (string, error) {
	return sliceSHA256(ctx, conn, day, passRows)
}

// sliceSHA256 is what sql/slice/slice_sha256 gives, which anybody can repeat: the hash over the hashes of all
// buckets of rows, in their order. About passRows rows are held at a time.
func sliceSHA256(ctx context.Context, conn *sql.Conn, day calendar.Date, passRows int64) (string, error) {
	on := sql.Named("day", day.String())
	rows, err := duck.One[int64](ctx, conn, "slice/slice_rows", on)
	if err != nil {
		return "", err
	}
	var all []bucket
	var held written
	passes := min(rows/passRows+1, 128) // a pass takes eight buckets in a row, and as many of every relation
	for pass := range passes {
		for _, of := range hashes {
			held.rows, held.text = held.rows[:0], held.text[:0]
			err := duck.ChunksOn(ctx, conn, "slice/each_part", of.rows, func(c duck.Chunk) error { held.take(of, c); return nil },
				on, sql.Named("pass", pass), sql.Named("passes", passes))
			if err != nil {
				return "", err
			}
			all = held.hash(of, all)
		}
	}
	slices.SortFunc(all, func(a, b bucket) int { return cmp.Or(cmp.Compare(a.letter, b.letter), cmp.Compare(a.no, b.no)) })
	sum := sha256.New()
	for i, b := range all {
		if i > 0 {
			fmt.Fprintln(sum)
		}
		fmt.Fprintf(sum, "%s|%d|%s", b.letter, b.no, b.hash)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// bucket is the hash of a relation's rows whose resource keys have the same remainder.
type bucket struct {
	letter string
	no     int
	hash   string
}

// buckets is how many there are; remainders of negative keys are negative.
const buckets = 1024

// written is rows of one relation as text, each with the end of its line, in the order in which they were read.
type written struct {
	text   []byte
	rows   []entry
	sorted []byte // a bucket's
}

type entry struct {
	keys           [2]int64
	at             int   // where its text begins
	size, resource int32 // of its text, and of the resource's key with what follows it
	bucket         int32
}

// take writes the rows of a chunk.
func (h *written) take(of hashed, c duck.Chunk) {
	numbers, words := make([]duck.Column[int64], len(of.rows.Columns)), make([]duck.Column[duck.Text], len(of.rows.Columns))
	for i, column := range of.rows.Columns {
		if column.Type == typeText {
			words[i] = duck.ColumnOf[duck.Text](c, i)
		} else {
			numbers[i] = duck.ColumnOf[int64](c, i)
		}
	}
	plain := len(numbers) - of.sized
	for row := range c.Size {
		one, text := entry{at: len(h.text)}, h.text
		for i := range plain {
			switch {
			case of.rows.Columns[i].Type == typeText:
				text = append(text, duck.Bytes(&words[i], row)...)
			case numbers[i].Has(row):
				text = strconv.AppendInt(text, numbers[i].Values[row], 10)
			}
			text = append(text, '|')
			if of.rows.Columns[i].Name == "resource_key" {
				one.resource, one.bucket = int32(len(text)-one.at), int32(numbers[i].Values[row]%buckets)
			}
		}
		for i := plain; i < len(words); i++ {
			size := int64(-1)
			if words[i].Has(row) {
				size = int64(len(duck.Bytes(&words[i], row)))
			}
			text = append(strconv.AppendInt(text, size, 10), '|')
		}
		for i := plain; i < len(words); i++ {
			if words[i].Has(row) {
				text = append(append(text, duck.Bytes(&words[i], row)...), '|')
			}
		}
		text[len(text)-1] = '\n'
		for i, key := range of.keys {
			one.keys[i] = numbers[key].Values[row]
		}
		one.size = int32(len(text) - one.at)
		h.text, h.rows = text, append(h.rows, one)
	}
}

// hash puts the rows in order, bucket by bucket, and adds the hash of each.
func (h *written) hash(of hashed, all []bucket) []bucket {
	var ends [2 * buckets]int // of each bucket, in order
	for _, l := range h.rows {
		ends[l.bucket+buckets]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	order := make([]int32, len(h.rows))
	for row := len(h.rows) - 1; row >= 0; row-- {
		end := &ends[h.rows[row].bucket+buckets] // the start of the bucket in the end
		*end--
		order[*end] = int32(row)
	}
	for no, start := range ends {
		end := len(order)
		if no+1 < len(ends) {
			end = ends[no+1]
		}
		if start == end {
			continue
		}
		h.sorted = h.sorted[:0]
		rows := order[start:end]
		slices.SortFunc(rows, h.compare)
		for _, row := range rows {
			l := &h.rows[row]
			h.sorted = append(h.sorted, h.text[l.at:l.at+int(l.size)]...)
		}
		sum := sha256.Sum256(h.sorted[:len(h.sorted)-1])
		all = append(all, bucket{of.letter, no - buckets, hex.EncodeToString(sum[:])})
	}
	return all
}

// compare orders rows by their keys. Rows of equal keys have texts that tell them apart, a row's kind first.
func (h *written) compare(a, b int32) int {
	l, r := &h.rows[a], &h.rows[b]
	if c := cmp.Or(cmp.Compare(l.keys[0], r.keys[0]), cmp.Compare(l.keys[1], r.keys[1])); c != 0 {
		return c
	}
	fields := func(l *entry) [][]byte {
		return bytes.Split(h.text[l.at+int(l.resource):l.at+int(l.size)], []byte("|"))
	}
	return cmp.Or(slices.CompareFunc(fields(l), fields(r), bytes.Compare), cmp.Compare(a, b))
}
