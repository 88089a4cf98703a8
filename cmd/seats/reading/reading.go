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
	"slices"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
)

// Reading is a reading of the specification, by the flags of ask/reading that it sets.
type Reading struct {
	Name    string
	Flags   map[string]any
	Meaning string
}

// AsCounted is the reading that is billed.
var AsCounted = Reading{"as counted", map[string]any{"size": 0}, "different agents with a qualifying session, by the second"}

// Of gives the other readings of a tenant that can be told from its days. The last is the other session_end (R2).
func Of(t config.Tenant) []Reading {
	all := []Reading{
		{"sessions", map[string]any{"sessions": true}, "sessions instead of agents: an agent with two at once counts twice"},
		{"whole minutes", map[string]any{"minutes": true}, "present in any second of a minute, present in all of it"},
		{"activity only", map[string]any{"activity_only": true}, "only the seconds of legs and previews, not the whole session"},
		{"legs only", map[string]any{"legs_only": true}, "a preview does not qualify a session"},
		{"login's switch", map[string]any{"login_switch": true}, "a session is where its first known switch is, and nowhere else"},
		{"30 minutes at least", map[string]any{"at_least": 1800}, "only sessions of half an hour or more"},
		{"open sessions out", map[string]any{"open": "out"}, "a session without an end does not count"},
		{"open sessions cut", map[string]any{"open": "cut"}, "a session without an end ends with the last that is known of its activities"},
		{"long sessions out", map[string]any{"long": "out"}, "a session of more than two days does not count"},
		{"long sessions cut", map[string]any{"long": "cut"}, "a session ends two days after its login"},
	}
	if len(t.ExcludeAgents) > 0 {
		all = append(all, Reading{"excluded agents in", map[string]any{"everybody": true}, "exclude_agents leaves out nobody"})
	}
	if t.SessionEnd == config.SessionEndInclusive {
		return append(all, Reading{"end exclusive", map[string]any{"other_end": true}, "the second of the logout does not count (session_end: exclusive)"})
	}
	return append(all, Reading{"end inclusive", map[string]any{"other_end": true}, "the second of the logout counts too (session_end: inclusive)"})
}

// OfRegion gives, beside those, the readings that want the days around and the other regions.
func OfRegion(t config.Tenant, region string) []Reading {
	all := Of(t)
	for _, r := range t.Regions {
		if r.Name == region && r.Zone.String() != "UTC" {
			all = append(all, Reading{"UTC days", map[string]any{"utc_days": true}, "days from midnight to midnight of UTC, not of the region"})
		}
		for _, l := range r.Locations {
			flag, name, meaning := "moved_in", " in", "counts here too"
			if r.Name == region {
				flag, name, meaning = "moved_out", " out", "does not count here"
			}
			place := r.Name + "/" + l.Name
			all = append(all, Reading{place + name, map[string]any{flag: place}, "location " + place + " " + meaning})
		}
	}
	return all
}

// And is what both readings say; false where they say two things of the same.
func (r Reading) And(o Reading) (both Reading, can bool) {
	both = Reading{r.Name + " + " + o.Name, maps.Clone(r.Flags), r.Meaning + "; " + o.Meaning}
	for flag, value := range o.Flags {
		if _, said := both.Flags[flag]; said {
			return both, false
		}
		both.Flags[flag] = value
	}
	both.Flags["size"] = 2
	return both, true
}

// Stage puts the rows of days of a region, or of a location of it where that is not empty, where Count finds them. The first days
// are those that are asked for; beside are days around them, which a day of UTC may need.
func Stage(ctx context.Context, conn *sql.Conn, region, location string, stands, beside []compute.Standing) error {
	if err := compute.PutRules(ctx, conn, slices.Concat(stands, beside)); err != nil {
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
	return duck.ExecAll(ctx, conn, []string{"ask/reading_place", "ask/reading_session", "ask/reading_activity", "ask/reading_touch",
		"ask/reading_seat", "ask/reading_word", "ask/reading_result"}, named, sql.Named("location", location))
}

// batchRows is how many sessions are counted at once, under as many readings: memory does not grow with their number.
const batchRows = 1_000_000

// Count leaves the numbers of what is staged under readings in reading_result; the first of them has that number there.
func Count(ctx context.Context, conn *sql.Conn, readings []Reading, first int) error {
	seats, err := duck.One[int64](ctx, conn, "ask/reading_size")
	for some := range slices.Chunk(readings, int(max(1, batchRows/max(1, seats)))) {
		if err == nil {
			err = put(ctx, conn, some)
		}
		if err == nil {
			_, err = duck.Exec(ctx, conn, "ask/keep_reading", sql.Named("first", first))
		}
		first += len(some)
	}
	return err
}

// put leaves who is there under each of the readings, and how many, on the connection.
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
	return duck.ExecAll(ctx, conn, []string{"ask/reading", "ask/reading_presence", "ask/reading_number"}, sql.Named("readings", string(asked)))
}

// Seat is a session that makes a difference in a period.
type Seat struct {
	Period      string
	IsTheirs    bool // under the reading alone; false: as counted alone
	Agent       string
	Day         calendar.Date
	Session     int64 // sm_res_session_fact_key
	DateTimeKey int64
	Login       int64
	Logout      *int64 // nil: open
}

// Difference lists the sessions that are there under a reading and not as counted, or the other way round, in days or months.
func Difference(ctx context.Context, conn *sql.Conn, r Reading, measure string, periods []string) ([]Seat, error) {
	if err := put(ctx, conn, []Reading{AsCounted, r}); err != nil {
		return nil, err
	}
	return duck.All[Seat](ctx, conn, "ask/reading_difference", sql.Named("measure", measure), sql.Named("periods", periods))
}
