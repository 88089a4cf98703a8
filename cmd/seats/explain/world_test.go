package explain

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/must"
)

// world is a tenant and a day of hers in a store, with a few resources whose sessions and activities lie close
// together, so that everything touches, overlaps, is broken or open now and then.
type world struct {
	tenant config.Tenant
	day    calendar.Date
	asOf   int64
	agents map[string]bool // every name that could be asked for

	sessions int
}

// drawWorld writes a random day into the store and computes it.
func drawWorld(t *rapid.T, conn *sql.Conn) world {
	w := world{day: mustDate(t, rapid.SampledFrom([]string{"2026-03-08", "2026-11-01", "2026-03-10"}).Draw(t, "day")), agents: map[string]bool{}}
	w.tenant = drawTenant(t)
	w.asOf = w.moment(t, "as_of")
	rows := rowsOf{}
	resources := int64(rapid.IntRange(1, 5).Draw(t, "resources"))
	w.agents[fmt.Sprintf("#%d", resources+1)] = true // the resource without a row of its own
	for key := int64(1); key <= resources; key++ {
		employee := rapid.SampledFrom([]string{"", "e1", "ann", "TEST1"}).Draw(t, "employee")
		name := rapid.SampledFrom([]string{"", "n.1", "nx1"}).Draw(t, "name")
		rows.add("agent", w.day, key, orNull(employee), orNull(name))
		w.agents[employee], w.agents[fmt.Sprintf("#%d", key)] = true, true
	}
	delete(w.agents, "")
	of := func() int64 { return rapid.Int64Range(1, resources+1).Draw(t, "of") }
	for key := range rapid.IntRange(0, 8).Draw(t, "sessions") {
		start, end, active := w.span(t, "session")
		rows.add("voice_session", w.day, key, 0, of(), start, end, active, 1)
		w.sessions++
	}
	for key := range rapid.IntRange(0, 10).Draw(t, "activities") {
		start, end, active := w.span(t, "activity")
		kind, name := "preview", any(nil)
		if rapid.IntRange(0, 3).Draw(t, "kind") > 0 {
			kind, name = "leg", rapid.SampledFrom([]any{nil, "", "D", "E", "L", "X"}).Draw(t, "switch")
		}
		rows.add("ocs_activity", w.day, kind, key, 0, of(), start, end, active, name, "g", nil, 1)
	}
	for key := range rapid.IntRange(0, 6).Draw(t, "other legs") {
		if start, end, active := w.span(t, "other leg"); start != nil {
			rows.add("other_leg", w.day, 100+key, 0, of(), start, end, active, rapid.SampledFrom([]string{"D", "E", "L", "X"}).Draw(t, "switch"), 1)
		}
	}
	for key := range rapid.IntRange(0, 2).Draw(t, "other sessions") {
		if start, end, active := w.span(t, "other session"); start != nil {
			rows.add("other_session", w.day, 100+key, 0, of(), start, end, active, 1)
		}
	}
	rows.addSlice(w.day, w.asOf)
	rows.write(t, conn, "computation", "qualifying_session", "concurrency", "daily_concurrent", "enabled_daily", "data_quality", "session_group", "other_leg",
		"other_session", "ocs_activity", "voice_session")
	recompute(t, conn, w)
	return w
}

// rowsOf are rows of tables, as values of a statement.
type rowsOf map[string][]string

func (r rowsOf) add(table string, values ...any) {
	var texts []string
	for _, v := range values {
		switch v.(type) {
		case nil:
			texts = append(texts, "null")
		case string, calendar.Date:
			texts = append(texts, fmt.Sprintf("'%s'", v))
		default:
			texts = append(texts, fmt.Sprint(v))
		}
	}
	r[table] = append(r[table], "("+strings.Join(texts, ", ")+")")
}

func (r rowsOf) addSlice(day calendar.Date, asOf int64) {
	r.add("slice_span", day, 0, 9999999999)
	r.add("slice", day, "test", asOf, asOf, 0, 0, 0, 0, 0, "final", "hash")
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// write leaves those rows in the tables, and others empty.
func (r rowsOf) write(t require.TestingT, conn *sql.Conn, empty ...string) {
	var all strings.Builder
	for _, table := range append(slices.Collect(maps.Keys(r)), empty...) {
		fmt.Fprintf(&all, "delete from _data.%s;", table)
	}
	for table, rows := range r {
		columns := ""
		if table == "slice" {
			columns = "(day, source, high_water, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256)"
		}
		fmt.Fprintf(&all, "insert into _data.%s %s values %s;", table, columns, strings.Join(rows, ", "))
	}
	insert(t, conn, "begin; "+all.String()+" commit")
}

func drawTenant(t *rapid.T) config.Tenant {
	newYork := must.Have(time.LoadLocation("America/New_York"))(t)
	tenant := config.Tenant{
		Name: "acme", Zone: time.UTC,
		SessionEnd:    rapid.SampledFrom([]config.SessionEnd{config.SessionEndExclusive, config.SessionEndInclusive}).Draw(t, "session_end"),
		ExcludeAgents: rapid.SliceOfN(rapid.SampledFrom([]string{"TEST*", "e?", "n.1"}), 0, 1).Draw(t, "exclude"),
		Regions: []config.Region{
			{Name: "US", Zone: newYork, Locations: []config.Location{{Name: "dallas", Switches: []string{"D"}}, {Name: "reno", Switches: []string{"E"}}}},
			{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"L"}}}},
		},
	}
	if rapid.Bool().Draw(t, "default") {
		tenant.Regions[0].Locations = append(tenant.Regions[0].Locations, config.Location{Name: "other"})
	}
	return tenant
}

// moment is a second near the ends of a region's day, or near its noon.
func (w *world) moment(t *rapid.T, label string) int64 {
	var anchors []int64
	for _, r := range w.tenant.Regions {
		day := w.day.In(r.Zone)
		anchors = append(anchors, day.Start, day.End, day.Start+12*3600)
	}
	return rapid.SampledFrom(anchors).Draw(t, label) + rapid.Int64Range(-90, 90).Draw(t, label)
}

// span draws times as GIM may have them.
func (w *world) span(t *rapid.T, label string) (start, end any, active int) {
	a, b := w.moment(t, label+" from"), w.moment(t, label+" to")
	switch rapid.IntRange(0, 11).Draw(t, label+" shape") {
	case 0:
		return a, nil, 0
	case 1:
		return nil, b, 0
	case 2:
		return a, b, 1
	case 3:
		return a, b, 0
	case 4:
		return a, a, 0
	}
	return min(a, b), max(a, b), 0
}

func recompute(t *rapid.T, conn *sql.Conn, w world) {
	must.Have(compute.NewCounter(conn, w.tenant).Day(context.Background(), w.day, 1))(t)
}

func insert(t require.TestingT, conn *sql.Conn, statement string, args ...any) {
	_, err := conn.ExecContext(context.Background(), statement, args...)
	require.NoError(t, err, statement)
}

// scopes are all that can be explained.
func (w *world) scopes() (scopes []place) {
	for _, r := range w.tenant.Regions {
		scopes = append(scopes, place{r.Name, ""})
		for _, l := range r.Locations {
			scopes = append(scopes, place{r.Name, l.Name})
		}
	}
	return scopes
}

// open gives a connection to a store, in memory where path is empty.
func open(t testing.TB, path string, o duck.Options) (*sql.DB, *sql.Conn) {
	db := must.Have(duck.Open(path, o))(t)
	t.Cleanup(func() { db.Close() })
	conn := must.Have(db.Conn(context.Background()))(t)
	t.Cleanup(func() { conn.Close() })
	return db, conn
}

func mustDate(t require.TestingT, text string) calendar.Date {
	return must.Have(calendar.ParseDate(text))(t)
}
