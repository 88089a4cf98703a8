// Package reading counts the kept rows of days under other readings of the specification than the one that is billed: what another
// counter may have taken for a seat. The readings stand in ask/reading_kind.
//
// Promises: the store is only read; nothing that is issued is counted here; a reading without flags gives what is stored. What the kept rows do not
// tell is not guessed: whether a leg only rang, and the switch of a login, for which stands that of its first activity with a known one.
package reading

import (
	"context"
	"database/sql"
	"slices"

	"example.com/seats/compute"
	"example.com/seats/internal/duck"
)

// Stage puts the rows of days of a region, or of a location of it where that is not empty, and the readings where Count finds them.
// The first days are those that are asked for. Beside are days around them, which a day of UTC may need: it and readings that need
// other regions are among the readings only where wide says so.
func Stage(ctx context.Context, conn *sql.Conn, region, location string, wide bool, stands, beside []compute.Standing) error {
	if err := compute.PutRules(ctx, conn, slices.Concat(stands, beside)); err != nil {
		return err
	}
	steps := []string{"ask/reading_day", "ask/reading_place", "ask/reading_session", "ask/reading_activity", "ask/reading_touch", "ask/reading_seat",
		"ask/reading_word", "ask/reading_result", "ask/reading_kind"}
	return duck.ExecAll(ctx, conn, steps, duck.Days(compute.DaysOf(stands)...), sql.Named("region", region), sql.Named("location", location), sql.Named("wide", wide))
}

// Count leaves the numbers of the readings that were not counted before in reading_result.
func Count(ctx context.Context, conn *sql.Conn) error {
	batches, err := duck.All[string](ctx, conn, "ask/reading_batch")
	for _, readings := range batches {
		if err == nil {
			err = put(ctx, conn, "ask/keep_reading", readings, "")
		}
	}
	return err
}

// put leaves who is there under some readings, without a day where it is not empty, and how many, on the connection, for what is to be done then.
func put(ctx context.Context, conn *sql.Conn, then, readings, without string, args ...any) error {
	return duck.ExecAll(ctx, conn, []string{"ask/reading", "ask/reading_presence", "ask/reading_number", then},
		append(args, sql.Named("readings", readings), sql.Named("without", without))...)
}

// Differ adds to the table difference the sessions that are there under one of two readings alone, a list, or for lack of a day. The
// arguments are those of ask/reading_difference.
func Differ(ctx context.Context, conn *sql.Conn, readings, without string, args ...any) error {
	return put(ctx, conn, "ask/reading_difference", readings, without, args...)
}
