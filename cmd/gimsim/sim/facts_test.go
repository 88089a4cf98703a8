package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/cmd/gimsim/sim"
	"seats/cmd/gimsim/simtest"
)

// gim is the final state of a simulation, by table and key.
type gim struct {
	testing.TB
	*sim.Simulation
	rows map[sim.Table]map[string]simtest.Row
}

func final(t testing.TB, s *sim.Simulation) gim {
	t.Helper()
	g := gim{t, s, map[sim.Table]map[string]simtest.Row{}}
	text := simtest.Text(t, s, sim.Layout{Cuts: s.Cuts(1)})
	for _, table := range sim.Tables() {
		rows := simtest.Parse(t, table, text[0][table], false)
		g.rows[table] = simtest.Merge(t, table, text, false)
		require.Len(t, g.rows[table], len(rows), "primary key of %s repeats", table.Name())
	}
	return g
}

// resource returns the resource_ row that a column leads to; nil if none.
func (g gim) resource(row simtest.Row, column string) simtest.Row {
	return g.rows[sim.Resource][row[column]]
}

func (g gim) count(table sim.Table, match func(simtest.Row) bool) (n int) {
	for _, row := range g.rows[table] {
		if match(row) {
			n++
		}
	}
	return n
}

func TestTimeKeysAreTheQuarterOfTheStart(t *testing.T) {
	g := final(t, simulation(t, untidy))
	for _, table := range []sim.Table{sim.Session, sim.IRF, sim.CAF, sim.Interaction} {
		for _, row := range g.rows[table] {
			key, _ := row.Int(t, "start_date_time_key")
			require.Zero(t, key%900)
			if start, known := row.Int(t, "start_ts"); known {
				require.Equal(t, start-start%900, key, "%s %v", table.Name(), row)
			}
			if row["active_flag"] == "1" {
				end, _ := row.Int(t, "end_date_time_key")
				require.Greater(t, end, g.HighWater()+10*365*86400)
			}
		}
	}
}

func TestNothingIsKnownThatBeginsAfterTheHighWaterMark(t *testing.T) {
	noon := date(t, "2026-03-08").Add(16 * 3600e9)
	g := final(t, simulation(t, func(o *sim.Options) { o.HighWater, o.Rates = noon, sim.Rates{} }))
	active := 0
	for _, row := range g.rows[sim.Session] {
		start, _ := row.Int(t, "start_ts")
		require.LessOrEqual(t, start, g.HighWater())
		if row["active_flag"] == "1" {
			active++
			continue
		}
		end, _ := row.Int(t, "end_ts")
		require.LessOrEqual(t, end, g.HighWater())
	}
	require.Positive(t, active, "somebody is at work at the high-water mark")
}

func TestHighWaterMarkIsTheSlowestTransformedSourceThatMatters(t *testing.T) {
	g := final(t, simulation(t, nil))
	transformed, running := "", 0 // texts of one form, of one zone
	for _, row := range g.rows[sim.TransformHistory] {
		if row["transform_end_time"] == "" {
			running++
			continue
		}
		transformed = max(transformed, row["transform_start_time"])
	}
	require.Positive(t, running)
	newest, ahead := map[string]int64{}, 0
	for _, row := range g.rows[sim.ExtractHistory] {
		if row["extract_end_time"] > transformed {
			ahead++
		} else if kind := row["data_source_type"]; kind == "1" || kind == "3" {
			at, _ := row.Int(t, "max_ts")
			newest[row["data_source_key"]] = max(newest[row["data_source_key"]], at)
		}
	}
	require.Positive(t, ahead)
	require.Len(t, newest, len(g.Switches)+1)
	slowest := newest["301"]
	for _, at := range newest {
		slowest = min(slowest, at)
	}
	require.Equal(t, g.HighWater(), slowest)
}

// guids returns the GUID of each IRF, joined as GIM says: by both columns.
func (g gim) guids() map[string]string {
	guids := map[string]string{}
	for key, row := range g.rows[sim.UserData] {
		if _, is := g.rows[sim.IRF][key]; is && row["gsw_call_attempt_guid"] != "" {
			guids[key] = row["gsw_call_attempt_guid"]
		}
	}
	return guids
}

func TestAttemptsAndLegsMeetInTheGUID(t *testing.T) {
	g := final(t, simulation(t, func(o *sim.Options) { o.Rates = sim.Rates{Transfers: 0.1} }))
	attempts, shared := map[string]int{}, map[string]int{}
	for _, row := range g.rows[sim.CAF] {
		attempts[row["call_attempt_id"]]++
	}
	repeated := 0
	for _, n := range attempts {
		if n > 1 {
			repeated++
		}
	}
	require.Positive(t, repeated, "call_attempt_id repeats now and then")
	for key, guid := range g.guids() {
		require.Contains(t, attempts, guid)
		if g.resource(g.rows[sim.IRF][key], "resource_key")["resource_type_code"] == "AGENT" {
			shared[guid]++
		}
	}
	transferred := 0
	for _, n := range shared {
		if n > 1 {
			transferred++
		}
	}
	require.Positive(t, transferred, "two agents have legs of one attempt")
	require.Greater(t, len(attempts), len(shared), "attempts without an agent's leg")
}

func TestPreviewsNameTheirAgentAndOthersNeedNot(t *testing.T) {
	g := final(t, simulation(t, func(o *sim.Options) { o.Rates = sim.Rates{} }))
	previews, called, special := 0, 0, 0
	legs := map[string]bool{}
	for _, guid := range g.guids() {
		legs[guid] = true
	}
	for _, row := range g.rows[sim.CAF] {
		code := g.rows[sim.DialingMode][row["dialing_mode_key"]]["dialing_mode_code"]
		kind := g.resource(row, "resource_key")["resource_type_code"]
		switch {
		case code == "PREVIEW" || code == "PUSH_PREVIEW":
			previews++
			require.Equal(t, "AGENT", kind)
			if legs[row["call_attempt_id"]] {
				called++
			}
		case kind == "NONE":
			special++
		}
	}
	require.Positive(t, special)
	require.Positive(t, called, "previews with a call")
	require.Greater(t, previews, called, "previews without a call")
}

// TestDecoys are rows that look like OCS activity, or like a voice session, to
// a reader who misses a condition.
func TestDecoys(t *testing.T) {
	g := final(t, simulation(t, untidy))
	queues := 0
	for key := range g.guids() {
		if g.resource(g.rows[sim.IRF][key], "resource_key")["resource_type_code"] == "QUEUE" {
			queues++
		}
	}
	require.Positive(t, queues, "GUID on a queue's IRF")

	segments, halves := 0, 0
	ids := map[string]bool{}
	for _, row := range g.rows[sim.IRF] {
		ids[row["interaction_resource_id"]] = true
	}
	for key, row := range g.rows[sim.UserData] {
		if _, is := g.rows[sim.IRF][key]; is || row["gsw_call_attempt_guid"] == "" {
			continue
		}
		segments++
		if ids[row["interaction_resource_id"]] {
			halves++
		}
	}
	require.Positive(t, segments, "GUID of a mediation segment")
	require.Positive(t, halves, "GUID that agrees with an IRF in half of the key")

	require.Positive(t, g.count(sim.Session, func(r simtest.Row) bool { return r["media_type_key"] != "1" }))
	require.Positive(t, g.count(sim.Session, func(r simtest.Row) bool {
		return g.resource(r, "resource_key")["resource_type_code"] != "AGENT"
	}))
	require.Positive(t, g.count(sim.UserData, func(r simtest.Row) bool { return r["gsw_call_attempt_guid"] == "" }))
}
