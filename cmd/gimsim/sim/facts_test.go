package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gim is the final state of a simulation, by table and key.
type gim struct {
	testing.TB
	*Simulation
	rows [tables]map[string]record
}

func final(t testing.TB, s *Simulation) gim {
	t.Helper()
	g := gim{TB: t, Simulation: s}
	text := text(t, s, Layout{})
	for table := range tables {
		g.rows[table] = merge(t, table, text...)
		require.Len(t, g.rows[table], len(parse(t, table, text[0][table], false)), "primary key of %s repeats", table.name())
	}
	return g
}

// resource returns the resource_ row that a column leads to; nil if none.
func (g gim) resource(row record, column string) record {
	return g.rows[resourceTable][row[column]+" "]
}

// isAgents tells whether a row's resource is an agent.
func (g gim) isAgents(row record) bool {
	return g.resource(row, "resource_key")["resource_type_code"] == "AGENT"
}

// isRecent tells whether a row begins on the last day.
func (g gim) isRecent(row record) bool {
	start, _ := row.int(g, "start_ts")
	return start > g.HighWater()-24*3600
}

func (g gim) count(table table, match func(record) bool) (n int) {
	for _, row := range g.rows[table] {
		if match(row) {
			n++
		}
	}
	return n
}

// several counts the keys that rows have more than one value of.
func (g gim) several(table table, pair func(record) (key, value string)) (n int) {
	values := map[string]map[string]bool{}
	for _, row := range g.rows[table] {
		key, value := pair(row)
		if values[key] == nil {
			values[key] = map[string]bool{}
		}
		values[key][value] = true
	}
	for _, of := range values {
		if len(of) > 1 {
			n++
		}
	}
	return n
}

func TestTimeKeysAreTheQuarterOfTheStart(t *testing.T) {
	g := final(t, simulation(t, untidy))
	for _, table := range []table{sessionTable, legTable, attemptTable, interactionTable} {
		for _, row := range g.rows[table] {
			key, _ := row.int(t, "start_date_time_key")
			require.Zero(t, key%900)
			if start, known := row.int(t, "start_ts"); known {
				require.Equal(t, start-start%900, key, "%s %v", table.name(), row)
			}
			if row["active_flag"] == "1" {
				end, _ := row.int(t, "end_date_time_key")
				require.Greater(t, end, g.HighWater()+10*365*86400)
			}
		}
	}
}

func TestNothingIsKnownThatBeginsAfterTheHighWaterMark(t *testing.T) {
	noon := time.Date(2026, 3, 8, 16, 0, 0, 0, time.UTC)
	g := final(t, simulation(t, func(o *Options) { o.HighWater, o.Rates = noon, Rates{} }))
	active := 0
	for _, row := range g.rows[sessionTable] {
		start, _ := row.int(t, "start_ts")
		require.LessOrEqual(t, start, g.HighWater())
		if row["active_flag"] == "1" {
			active++
			continue
		}
		end, _ := row.int(t, "end_ts")
		require.LessOrEqual(t, end, g.HighWater())
	}
	require.Positive(t, active, "somebody is at work at the high-water mark")
}

func TestHighWaterMarkIsTheSlowestTransformedSourceThatMatters(t *testing.T) {
	g := final(t, simulation(t, nil))
	transformed, running := "", 0 // texts of one form, of one zone
	for _, row := range g.rows[transformTable] {
		if row["transform_end_time"] == "" {
			running++
			continue
		}
		transformed = max(transformed, row["transform_start_time"])
	}
	require.Positive(t, running)
	newest, ahead := map[string]int64{}, 0
	for _, row := range g.rows[extractTable] {
		if row["extract_end_time"] > transformed {
			ahead++
		} else if kind := row["data_source_type"]; kind == "1" || kind == "3" {
			at, _ := row.int(t, "max_ts")
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
	for key, row := range g.rows[userDataTable] {
		if _, is := g.rows[legTable][key]; is && row["gsw_call_attempt_guid"] != "" {
			guids[key] = row["gsw_call_attempt_guid"]
		}
	}
	return guids
}

func TestAttemptsAndLegsMeetInTheGUID(t *testing.T) {
	g := final(t, simulation(t, func(o *Options) { o.Rates = Rates{Transfers: 0.1} }))
	attempts, shared := map[string]int{}, map[string]int{}
	for _, row := range g.rows[attemptTable] {
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
		if g.isAgents(g.rows[legTable][key]) {
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
	g := final(t, simulation(t, func(o *Options) { o.Rates = Rates{} }))
	previews, called, special := 0, 0, 0
	legs := map[string]bool{}
	for _, guid := range g.guids() {
		legs[guid] = true
	}
	for _, row := range g.rows[attemptTable] {
		code := g.rows[dialingModeTable][row["dialing_mode_key"]+" "]["dialing_mode_code"]
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
		if g.resource(g.rows[legTable][key], "resource_key")["resource_type_code"] == "QUEUE" {
			queues++
		}
	}
	require.Positive(t, queues, "GUID on a queue's IRF")

	segments, halves := 0, 0
	ids := map[string]bool{}
	for _, row := range g.rows[legTable] {
		ids[row["interaction_resource_id"]] = true
	}
	for key, row := range g.rows[userDataTable] {
		if _, is := g.rows[legTable][key]; is || row["gsw_call_attempt_guid"] == "" {
			continue
		}
		segments++
		if ids[row["interaction_resource_id"]] {
			halves++
		}
	}
	require.Positive(t, segments, "GUID of a mediation segment")
	require.Positive(t, halves, "GUID that agrees with an IRF in half of the key")

	require.Positive(t, g.count(sessionTable, func(r record) bool { return r["media_type_key"] != "1" }))
	require.Positive(t, g.count(sessionTable, func(r record) bool { return !g.isAgents(r) }))
	require.Positive(t, g.count(userDataTable, func(r record) bool { return r["gsw_call_attempt_guid"] == "" }))
}

// Groups are put beside what is simulated without them, and change nothing of it but the sessions' combination, which is
// always one that is there.
func TestGroupsChangeNothingElse(t *testing.T) {
	const combination = "resource_group_combination_key"
	without, with := simulation(t, nil), simulation(t, func(o *Options) { o.Groups = 3 })
	before, after := text(t, without, Layout{})[0], text(t, with, Layout{})[0]
	known, used := map[string]bool{}, map[string]bool{}
	for _, row := range parse(t, combinationTable, after[combinationTable], false) {
		known[row["group_combination_key"]] = true
	}
	require.Len(t, known, 2+3+3)
	for table := range tables {
		if !without.has(table) {
			require.Empty(t, before[table])
			continue
		}
		want, got := parse(t, table, before[table], false), parse(t, table, after[table], false)
		if table == sessionTable {
			for i := range got {
				require.Equal(t, "-2", want[i][combination])
				require.Contains(t, known, got[i][combination])
				used[got[i][combination]] = true
				got[i][combination] = "-2"
			}
		}
		require.Equal(t, want, got, table.name())
	}
	require.Len(t, used, 1+3+3, "in none, in one, and in two groups")
}
