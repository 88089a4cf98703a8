// Package reading counts the kept rows of days under other readings of the specification than the one that is billed: what another
// counter may have taken for a seat.
//
// Promises: the store is only read; nothing that is issued is counted here; a reading without flags gives what is stored. What the
// kept rows do not tell is not guessed: whether a leg only rang, and the switch of a login, for which stands that of its first
// activity with a known one.
package reading

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/duck"
)

// Reading is a reading of the specification, by the flags of ask/reading that it sets.
type Reading struct {
	Name    string
	Flags   map[string]any
	Meaning string
}

// And is what both readings say; false where they say two things of the same.
func (r Reading) And(o Reading) (both Reading, can bool) {
	both = Reading{Name: r.Name + " + " + o.Name, Flags: maps.Clone(r.Flags), Meaning: r.Meaning + "; " + o.Meaning}
	for flag, value := range o.Flags {
		if _, said := both.Flags[flag]; said {
			return both, false
		}
		both.Flags[flag] = value
	}
	return both, true
}

// AsCounted is the reading that is billed.
var AsCounted = Reading{"as counted", nil, "different agents with a qualifying session, by the second"}

// The readings that explain tells of by their names.
var (
	Sessions     = Reading{"sessions", map[string]any{"sessions": true}, "sessions instead of agents: an agent with two at once counts twice"}
	WholeMinutes = Reading{"whole minutes", map[string]any{"minutes": true}, "present in any second of a minute, present in all of it"}
	ActivityOnly = Reading{"activity only", map[string]any{"activity_only": true}, "only the seconds of legs and previews, not the whole session"}
	LegsOnly     = Reading{"legs only", map[string]any{"legs_only": true}, "a preview does not qualify a session"}
)

// Others are the readings that ask nothing of the configuration.
func Others() []Reading {
	return []Reading{
		Sessions, WholeMinutes, ActivityOnly, LegsOnly,
		{"UTC days", map[string]any{"utc_days": true}, "days from midnight to midnight of UTC, not of the region"},
		{"login's switch", map[string]any{"login_switch": true}, "a session is where its first known switch is, and nowhere else"},
		{"30 minutes at least", map[string]any{"at_least": 1800}, "only sessions of half an hour or more"},
		{"open sessions out", map[string]any{"open": "out"}, "a session without an end does not count"},
		{"open sessions cut", map[string]any{"open": "cut"}, "a session without an end ends with the last that is known of its activities"},
		{"long sessions out", map[string]any{"long": "out"}, "a session of more than two days does not count"},
		{"long sessions cut", map[string]any{"long": "cut"}, "a session ends two days after its login"},
	}
}

// OtherEnd is the other session_end than that of the rules (R2), Everybody has the excluded agents in.
func OtherEnd(inclusive bool) Reading {
	if inclusive {
		return Reading{"end exclusive", map[string]any{"other_end": true}, "the second of the logout does not count (session_end: exclusive)"}
	}
	return Reading{"end inclusive", map[string]any{"other_end": true}, "the second of the logout counts too (session_end: inclusive)"}
}

// Everybody has the agents in that exclude_agents leaves out.
var Everybody = Reading{"excluded agents in", map[string]any{"everybody": true}, "exclude_agents leaves out nobody"}

// Number is what a reading gives in a period.
type Number struct {
	Reading int // its place among those that were counted
	Measure string
	Period  string // a day, or a month
	LeftOut string // of a month: the day without which it is this number; "": none
	Value   int64
	At      int64 // the first second of it; 0: none
}

// Stage puts the rows of days of a region, or of a location of it where that is not empty, where Count finds them. The first days
// are those that are asked for; beside are days around them, which a day of UTC may need.
func Stage(ctx context.Context, conn *sql.Conn, region, location string, stands, beside []compute.Standing) error {
	if err := compute.PutRules(ctx, conn, append(append([]compute.Standing(nil), stands...), beside...)); err != nil {
		return err
	}
	days := make([]calendar.Date, len(stands))
	for i, s := range stands {
		days[i] = s.Day
	}
	named := sql.Named("region", region)
	if _, err := duck.Exec(ctx, conn, "ask/reading_day", named, duck.Days(days...)); err != nil {
		return err
	}
	return duck.ExecAll(ctx, conn, []string{
		"ask/reading_place", "ask/reading_session", "ask/reading_activity", "ask/reading_touch", "ask/reading_seat", "ask/reading_word",
	}, named, sql.Named("location", location))
}

// batchRows is how many sessions are counted at once, under as many readings: memory does not grow with their number.
const batchRows = 1_000_000

// Count gives the numbers of what is staged under readings.
func Count(ctx context.Context, conn *sql.Conn, readings []Reading) (numbers []Number, err error) {
	seats, err := duck.One[int64](ctx, conn, "ask/reading_size")
	if err != nil {
		return nil, err
	}
	size := int(max(1, batchRows/max(1, seats)))
	for from := 0; from < len(readings); from += size {
		if err := put(ctx, conn, readings[from:min(from+size, len(readings))]); err != nil {
			return nil, err
		}
		some, err := duck.All[Number](ctx, conn, "ask/reading_number")
		if err != nil {
			return nil, err
		}
		for _, n := range some {
			n.Reading += from
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// put leaves who is there under each of the readings on the connection.
func put(ctx context.Context, conn *sql.Conn, readings []Reading) error {
	flags := make([]map[string]any, len(readings))
	for i, r := range readings {
		flags[i] = map[string]any{"reading": i}
		maps.Copy(flags[i], r.Flags)
	}
	asked, err := json.Marshal(flags)
	if err != nil {
		return err
	}
	return duck.ExecAll(ctx, conn, []string{"ask/reading", "ask/reading_presence"}, sql.Named("readings", string(asked)))
}

// Seat is a session that makes a difference.
type Seat struct {
	IsTheirs    bool // under the reading alone; false: as counted alone
	Agent       string
	Day         calendar.Date
	Session     int64 // sm_res_session_fact_key
	DateTimeKey int64
	Login       int64
	Logout      *int64 // nil: open
}

// Difference lists the sessions that are there under a reading and not as counted, or the other way round: in a second of days,
// or at any time of them where that is 0; of a month by the names that agents have within it.
func Difference(ctx context.Context, conn *sql.Conn, r Reading, from, until calendar.Date, ofMonth bool, at int64) ([]Seat, error) {
	if err := put(ctx, conn, []Reading{AsCounted, r}); err != nil {
		return nil, err
	}
	return duck.All[Seat](ctx, conn, "ask/reading_difference", append(duck.Span(from, until), sql.Named("of_month", ofMonth), sql.Named("at", at))...)
}
