package sim

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// seconds returns start and end of a row that has both.
func seconds(t testing.TB, row record) (start, end int64, both bool) {
	t.Helper()
	start, hasStart := row.int(t, "start_ts")
	end, hasEnd := row.int(t, "end_ts")
	return start, end, hasStart && hasEnd
}

// TestRatesShow sets one rate at a time: the rows that it stands for are there
// then, and none are without it.
func TestRatesShow(t *testing.T) {
	type predicate func(g gim, r record) bool
	of := func(table table, match predicate) func(gim) int {
		return func(g gim) int { return g.count(table, func(r record) bool { return match(g, r) }) }
	}
	sessions := func(match predicate) func(gim) int { return of(sessionTable, match) }
	legs := func(match predicate) func(gim) int {
		return of(legTable, func(g gim, r record) bool { return g.isAgents(r) && match(g, r) })
	}
	agents := func(match func(r record) bool) func(gim) int {
		return of(resourceTable, func(_ gim, r record) bool { return r["resource_type_code"] == "AGENT" && match(r) })
	}
	// bothSeconds looks at rows that are closed and have start and end.
	bothSeconds := func(match func(start, end int64) bool) predicate {
		return func(g gim, r record) bool {
			start, end, both := seconds(g, r)
			return both && r["active_flag"] == "0" && match(start, end)
		}
	}
	endsFirst := bothSeconds(func(start, end int64) bool { return end < start })
	clean := final(t, simulation(t, func(o *Options) { o.Rates = Rates{} }))
	for name, c := range map[string]struct {
		with Rates
		rows func(g gim) int
	}{
		"stuck":              {Rates{Stuck: 0.1}, sessions(func(g gim, r record) bool { return r["active_flag"] != "0" && !g.isRecent(r) })},
		"zero length":        {Rates{ZeroLength: 0.1}, sessions(bothSeconds(func(start, end int64) bool { return start == end }))},
		"broken, no start":   {Rates{Broken: 0.1}, sessions(func(_ gim, r record) bool { return r["start_ts"] == "" })},
		"broken, ends first": {Rates{Broken: 0.1}, sessions(endsFirst)},
		"broken leg":         {Rates{Broken: 0.1}, legs(func(g gim, r record) bool { return r["start_ts"] == "" || endsFirst(g, r) })},
		"long":               {Rates{Long: 0.1}, sessions(bothSeconds(func(start, end int64) bool { return end-start > 24*3600 }))},
		"other media":        {Rates{OtherMedia: 0.1}, sessions(func(_ gim, r record) bool { return r["media_type_key"] != "1" })},
		"stray":              {Rates{Stray: 0.1}, sessions(func(g gim, r record) bool { return r["media_type_key"] == "1" && !g.isAgents(r) })},
		"overlapping":        {Rates{Overlapping: 0.1}, overlaps},
		"orphan":             {Rates{Orphan: 0.2}, orphans},
		"no employee id":     {Rates{NoEmployeeID: 0.2}, agents(func(r record) bool { return r["employee_id"] == "" })},
		"test agents":        {Rates{TestAgents: 0.2}, agents(func(r record) bool { return strings.HasPrefix(r["employee_id"], "TEST") })},
		"two keys": {Rates{TwoKeys: 0.2}, func(g gim) int { // people who have voice sessions under more than one resource key
			return g.several(sessionTable, func(r record) (string, string) {
				return g.resource(r, "resource_key")["employee_id"], r["resource_key"]
			})
		}},
		"roaming": {Rates{Roaming: 0.3}, func(g gim) int { // agents with legs on more than one switch
			return g.several(legTable, func(r record) (string, string) {
				if !g.isAgents(r) {
					return "", ""
				}
				return r["resource_key"], g.resource(r, "media_resource_key")["switch_name"]
			})
		}},
		"unlisted switch": {Rates{UnlistedSwitch: 0.1}, legs(func(g gim, r record) bool {
			return g.resource(r, "media_resource_key")["switch_name"] == "SIP_LAB"
		})},
		"unknown, no row": {Rates{UnknownSwitch: 0.2}, legs(func(g gim, r record) bool {
			return r["media_resource_key"] != "" && g.resource(r, "media_resource_key") == nil
		})},
		"unknown, no key": {Rates{UnknownSwitch: 0.2}, legs(func(_ gim, r record) bool { return r["media_resource_key"] == "" })},
		"unknown, no name": {Rates{UnknownSwitch: 0.2}, legs(func(g gim, r record) bool {
			d := g.resource(r, "media_resource_key")
			return d != nil && d["switch_name"] == ""
		})},
	} {
		require.Zero(t, c.rows(clean), "%s with all rates at 0", name)
		require.Positive(t, c.rows(final(t, simulation(t, func(o *Options) { o.Rates = c.with }))), name)
	}
}

func TestOpenSessionsAreThoseOfTheLastDay(t *testing.T) {
	open := func(rates Rates) (recent, old int) {
		g := final(t, simulation(t, func(o *Options) { o.Rates = rates }))
		recent = g.count(sessionTable, func(r record) bool { return r["active_flag"] == "1" && g.isRecent(r) })
		return recent, g.count(sessionTable, func(r record) bool { return r["active_flag"] == "1" }) - recent
	}
	clean, _ := open(Rates{})
	recent, old := open(Rates{Open: 0.5})
	require.Greater(t, recent, clean)
	require.Zero(t, old)
}

func TestLateRowsComeLate(t *testing.T) {
	g := final(t, simulation(t, func(o *Options) { o.Rates = Rates{Late: 0.2} }))
	require.Positive(t, g.count(legTable, func(row record) bool {
		end, closed := row.int(t, "end_ts")
		written, _ := row.int(t, "update_audit_key")
		return closed && written-AuditKey(end) >= 3600
	}))
}

// overlaps counts pairs of closed voice sessions of one resource that share a second.
func overlaps(g gim) (n int) {
	byResource := map[string][]record{}
	for _, r := range g.rows[sessionTable] {
		if r["media_type_key"] == "1" {
			byResource[r["resource_key"]] = append(byResource[r["resource_key"]], r)
		}
	}
	for _, rows := range byResource {
		for i, a := range rows {
			for _, b := range rows[:i] {
				aStart, aEnd, okA := seconds(g, a)
				bStart, bEnd, okB := seconds(g, b)
				if okA && okB && aStart < bEnd && bStart < aEnd && a["active_flag"]+b["active_flag"] == "00" {
					n++
				}
			}
		}
	}
	return n
}

// orphans counts legs of agents with a GUID that no session of theirs covers.
func orphans(g gim) (n int) {
	sessions := map[string][]record{}
	for _, r := range g.rows[sessionTable] {
		sessions[r["resource_key"]] = append(sessions[r["resource_key"]], r)
	}
	for key := range g.guids() {
		leg := g.rows[legTable][key]
		start, _, closed := seconds(g, leg)
		if closed && g.isAgents(leg) && !slices.ContainsFunc(sessions[leg["resource_key"]], func(r record) bool {
			from, to, _ := seconds(g, r)
			return from <= start && (start < to || r["active_flag"] == "1")
		}) {
			n++
		}
	}
	return n
}
