package sim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/sim"
	"seats/cmd/gimsim/simtest"
)

// seconds returns start and end of a row that has both.
func seconds(t testing.TB, row simtest.Row) (start, end int64, both bool) {
	t.Helper()
	start, hasStart := row.Int(t, "start_ts")
	end, hasEnd := row.Int(t, "end_ts")
	return start, end, hasStart && hasEnd
}

// TestRatesShow sets one rate at a time: the rows that it stands for are there
// then, and none are without it.
func TestRatesShow(t *testing.T) {
	closed := func(r simtest.Row) bool { return r["active_flag"] == "0" }
	agentSession := func(g gim, r simtest.Row) bool {
		return r["media_type_key"] == "1" && g.resource(r, "resource_key")["resource_type_code"] == "AGENT"
	}
	sessions := func(match func(g gim, r simtest.Row) bool) func(gim) int {
		return func(g gim) int {
			return g.count(sim.Session, func(r simtest.Row) bool { return match(g, r) })
		}
	}
	legs := func(match func(g gim, r simtest.Row) bool) func(gim) int {
		return func(g gim) int {
			return g.count(sim.IRF, func(r simtest.Row) bool {
				return g.resource(r, "resource_key")["resource_type_code"] == "AGENT" && match(g, r)
			})
		}
	}
	agents := func(match func(r simtest.Row) bool) func(gim) int {
		return func(g gim) int {
			return g.count(sim.Resource, func(r simtest.Row) bool { return r["resource_type_code"] == "AGENT" && match(r) })
		}
	}
	recent := func(g gim, r simtest.Row) bool {
		start, _ := r.Int(t, "start_ts")
		return start > g.HighWater()-24*3600
	}
	for name, c := range map[string]struct {
		set  func(r *sim.Rates)
		rows func(g gim) int
	}{
		"stuck": {func(r *sim.Rates) { r.Stuck = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			return !closed(r) && !recent(g, r)
		})},
		"zero length": {func(r *sim.Rates) { r.ZeroLength = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			start, end, both := seconds(g, r)
			return both && start == end && closed(r)
		})},
		"broken, no start": {func(r *sim.Rates) { r.Broken = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			return r["start_ts"] == ""
		})},
		"broken, ends first": {func(r *sim.Rates) { r.Broken = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			start, end, both := seconds(g, r)
			return both && end < start && closed(r)
		})},
		"broken leg": {func(r *sim.Rates) { r.Broken = 0.1 }, legs(func(g gim, r simtest.Row) bool {
			start, end, both := seconds(g, r)
			return r["start_ts"] == "" || both && end < start
		})},
		"long": {func(r *sim.Rates) { r.Long = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			start, end, both := seconds(g, r)
			return both && closed(r) && end-start > 24*3600
		})},
		"other media": {func(r *sim.Rates) { r.OtherMedia = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			return r["media_type_key"] != "1"
		})},
		"stray": {func(r *sim.Rates) { r.Stray = 0.1 }, sessions(func(g gim, r simtest.Row) bool {
			return r["media_type_key"] == "1" && !agentSession(g, r)
		})},
		"overlapping":    {func(r *sim.Rates) { r.Overlapping = 0.1 }, overlaps},
		"orphan":         {func(r *sim.Rates) { r.Orphan = 0.2 }, orphans},
		"no employee id": {func(r *sim.Rates) { r.NoEmployeeID = 0.2 }, agents(func(r simtest.Row) bool { return r["employee_id"] == "" })},
		"test agents":    {func(r *sim.Rates) { r.TestAgents = 0.2 }, agents(func(r simtest.Row) bool { return strings.HasPrefix(r["employee_id"], "TEST") })},
		"two keys":       {func(r *sim.Rates) { r.TwoKeys = 0.2 }, twoKeys},
		"roaming":        {func(r *sim.Rates) { r.Roaming = 0.3 }, severalSwitches},
		"unlisted switch": {func(r *sim.Rates) { r.UnlistedSwitch = 0.1 }, legs(func(g gim, r simtest.Row) bool {
			return g.resource(r, "media_resource_key")["switch_name"] == "SIP_LAB"
		})},
		"unknown, no row": {func(r *sim.Rates) { r.UnknownSwitch = 0.2 }, legs(func(g gim, r simtest.Row) bool {
			return r["media_resource_key"] != "" && g.resource(r, "media_resource_key") == nil
		})},
		"unknown, no key": {func(r *sim.Rates) { r.UnknownSwitch = 0.2 }, legs(func(g gim, r simtest.Row) bool { return r["media_resource_key"] == "" })},
		"unknown, no name": {func(r *sim.Rates) { r.UnknownSwitch = 0.2 }, legs(func(g gim, r simtest.Row) bool {
			d := g.resource(r, "media_resource_key")
			return d != nil && d["switch_name"] == ""
		})},
	} {
		t.Run(name, func(t *testing.T) {
			var without, with sim.Rates
			c.set(&with)
			clean := final(t, simulation(t, func(o *sim.Options) { o.Rates = without }))
			require.Zero(t, c.rows(clean), "with all rates at 0")
			require.Positive(t, c.rows(final(t, simulation(t, func(o *sim.Options) { o.Rates = with }))))
		})
	}
}

func TestOpenSessionsAreThoseOfTheLastDay(t *testing.T) {
	open := func(g gim) (recent, old int) {
		for _, r := range g.rows[sim.Session] {
			start, _ := r.Int(t, "start_ts")
			switch {
			case r["active_flag"] != "1":
			case start > g.HighWater()-24*3600:
				recent++
			default:
				old++
			}
		}
		return recent, old
	}
	clean, _ := open(final(t, simulation(t, func(o *sim.Options) { o.Rates = sim.Rates{} })))
	recent, old := open(final(t, simulation(t, func(o *sim.Options) { o.Rates = sim.Rates{Open: 0.5} })))
	require.Greater(t, recent, clean)
	require.Zero(t, old)
}

func TestLateRowsComeLate(t *testing.T) {
	s := simulation(t, func(o *sim.Options) { o.Rates = sim.Rates{Late: 0.2} })
	late := 0
	for _, row := range final(t, s).rows[sim.IRF] {
		end, closed := row.Int(t, "end_ts")
		written, _ := row.Int(t, "update_audit_key")
		if closed && written-sim.AuditKey(end) >= 3600 {
			late++
		}
	}
	require.Positive(t, late)
}

// overlaps counts pairs of voice sessions of one resource that share a second.
func overlaps(g gim) (n int) {
	byResource := map[string][]simtest.Row{}
	for _, r := range g.rows[sim.Session] {
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
	sessions := map[string][]simtest.Row{}
	for _, r := range g.rows[sim.Session] {
		sessions[r["resource_key"]] = append(sessions[r["resource_key"]], r)
	}
	for key := range g.guids() {
		leg := g.rows[sim.IRF][key]
		start, _, closed := seconds(g, leg)
		if !closed || g.resource(leg, "resource_key")["resource_type_code"] != "AGENT" {
			continue
		}
		if !slices.ContainsFunc(sessions[leg["resource_key"]], func(r simtest.Row) bool {
			from, to, _ := seconds(g, r)
			return from <= start && (start < to || r["active_flag"] == "1")
		}) {
			n++
		}
	}
	return n
}

// twoKeys counts people who have voice sessions under more than one resource key.
func twoKeys(g gim) (n int) {
	keys := map[string]map[string]bool{}
	for _, r := range g.rows[sim.Session] {
		person := g.resource(r, "resource_key")["employee_id"]
		if keys[person] == nil {
			keys[person] = map[string]bool{}
		}
		keys[person][r["resource_key"]] = true
	}
	for _, k := range keys {
		if len(k) > 1 {
			n++
		}
	}
	return n
}

// severalSwitches counts agents with legs on more than one switch.
func severalSwitches(g gim) (n int) {
	switches := map[string]map[string]bool{}
	for _, r := range g.rows[sim.IRF] {
		if g.resource(r, "resource_key")["resource_type_code"] != "AGENT" {
			continue
		}
		if switches[r["resource_key"]] == nil {
			switches[r["resource_key"]] = map[string]bool{}
		}
		switches[r["resource_key"]][g.resource(r, "media_resource_key")["switch_name"]] = true
	}
	for _, s := range switches {
		if len(s) > 1 {
			n++
		}
	}
	return n
}
