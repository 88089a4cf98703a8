package reconcile

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/seats/cmd/seats/reading"
	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

type session struct {
	key, resource, start, end int64
	open                      bool
}

type activity struct {
	kind                      string
	key, resource, start, end int64
	name                      string // of its switch; "": unknown
}

// slice is what a day's slice has.
type slice struct {
	asOf       int64
	sessions   []session
	activities []activity
}

// month is a random month of a tenant, and the days around it.
type month struct {
	*rand.Rand
	tenant  config.Tenant
	month   calendar.Month
	days    []calendar.Date
	slices  map[calendar.Date]slice
	persons map[int64]string // by resource_key
}

// drawMonth draws agents who log in and out at the same seconds, late in the evening, twice at once, for minutes or for days, and
// who call over switches of both regions, or dial a preview and nothing else.
func drawMonth(t testing.TB, seed uint64) *month {
	m := &month{Rand: rand.New(rand.NewPCG(seed, 22)), month: calendar.Month{Year: 2026, Month: 3}, slices: map[calendar.Date]slice{}, persons: map[int64]string{}}
	m.tenant = config.Tenant{Name: "acme", Zone: time.UTC, SessionEnd: config.SessionEndExclusive, ExcludeAgents: []string{"TEST*"}, Regions: []config.Region{
		{Name: "US", Zone: must.Zone(t, "America/New_York"), Locations: []config.Location{
			{Name: "dallas", Switches: []string{"D"}}, {Name: "reno", Switches: []string{"R"}}, {Name: "other"}}},
		{Name: "EU", Zone: time.UTC, Locations: []config.Location{{Name: "london", Switches: []string{"L"}}}},
	}}
	var sessions []session
	var activities []activity
	for day := m.month.First().AddDays(-1); !m.month.Last().AddDays(1).Before(day); day = day.AddDays(1) {
		m.days = append(m.days, day)
	}
	key := int64(0)
	agents := 20 + m.IntN(20)
	for agent := range agents {
		home := []string{"D", "D", "R", "L", "X"}[m.IntN(5)]
		for _, resource := range []int64{int64(agent), int64(agent) + 1000}[:1+m.IntN(8)/7] {
			m.persons[resource] = fmt.Sprintf("%s%d", []string{"E", "E", "E", "E", "E", "E", "E", "TEST"}[agent%8], agent)
			for _, day := range m.days {
				for range m.IntN(3) {
					start := day.In(m.tenant.Regions[0].Zone).Start + 3600*8 + 900*int64(m.IntN(56))
					s := session{key: key, resource: resource, start: start + int64(m.IntN(2)*m.IntN(900)), open: m.IntN(150) == 0}
					key++
					s.end = s.start + 900*int64(1+m.IntN(24)) - (s.start-start)*int64(m.IntN(2))
					if m.IntN(6) == 0 {
						s.end = s.start + 60*int64(5+m.IntN(40))
					}
					if m.IntN(200) == 0 {
						s.end = s.start + 3600*int64(45+m.IntN(20))
					}
					sessions = append(sessions, s)
					for i := range m.IntN(4) {
						a := activity{"leg", s.key*10 + int64(i), resource, s.start + m.Int64N(s.end-s.start), 0, home}
						a.end = min(a.start+int64(30+m.IntN(900)), s.end)
						switch m.IntN(14) {
						case 0:
							a.name = []string{"L", "D", "R", "X"}[m.IntN(4)]
						case 1, 2:
							a.kind, a.name = "preview", ""
						}
						if a.end == s.end && m.IntN(2) == 0 {
							a.start, a.end = s.end, s.end+20 // begins in the second of the logout
						}
						activities = append(activities, a)
					}
				}
			}
		}
	}
	for _, day := range m.days {
		span := calendar.Interval{Start: min(day.In(time.UTC).Start, day.In(m.tenant.Regions[0].Zone).Start), End: day.In(m.tenant.Regions[0].Zone).End}
		s, held := slice{asOf: span.End + 7200}, map[int64][]session{}
		for _, one := range sessions {
			if one.start < span.End && one.start > span.Start-2*86400 && (one.open || one.end >= span.Start) {
				s.sessions = append(s.sessions, one)
				held[one.resource] = append(held[one.resource], one)
			}
		}
		for _, a := range activities {
			touches := func(one session) bool {
				return a.start <= max(one.end, s.asOf*map[bool]int64{true: 1}[one.open]) && a.end > one.start
			}
			if a.start < s.asOf && (a.start < span.End && a.end > span.Start || slices.ContainsFunc(held[a.resource], touches)) {
				s.activities = append(s.activities, a)
			}
		}
		m.slices[day] = s
	}
	return m
}

// store writes the month into an empty store and counts it.
func (m *month) store(t testing.TB) *sql.Conn {
	db := must.Have(duck.Open("", duck.Options{Threads: 1}))(t)
	t.Cleanup(func() { db.Close() })
	conn := must.Have(db.Conn(t.Context()))(t)
	for _, schema := range store.Schemas() {
		require.NoError(t, duck.Exec(t.Context(), conn, schema))
	}
	rows := map[string][]string{}
	add := func(table, format string, values ...any) {
		rows[table] = append(rows[table], fmt.Sprintf(format, values...))
	}
	for _, day := range m.days {
		s := m.slices[day]
		add("slice (day, source, as_of, extracted_ts, sessions, activities, agents, open_sessions, state, sha256)",
			"('%s', 'test', %d, %d, %d, %d, 0, 0, 'provisional', '%s')", day, s.asOf, s.asOf, len(s.sessions), len(s.activities), day)
		add("slice_span", "('%s', 0, 9999999999)", day)
		for _, one := range s.sessions {
			add("voice_session", "('%s', %d, 0, %d, %d, %d, %t, 1)", day, one.key, one.resource, one.start, one.end, one.open)
		}
		for _, a := range s.activities {
			add("ocs_activity", "('%s', '%s', %d, 0, %d, %d, %d, 0, nullif('%s', ''), 'g', null, 1)", day, a.kind, a.key, a.resource, a.start, a.end, a.name)
		}
		for resource, name := range m.persons {
			add("agent", "('%s', %d, '%s', null)", day, resource, name)
		}
	}
	for table, values := range rows {
		require.NoError(t, must.Err(conn.ExecContext(t.Context(), "insert into _data."+table+" values "+strings.Join(values, ", "))))
	}
	counter := compute.NewCounter(conn, m.tenant, m.month)
	for _, c := range counter.Days(t.Context(), must.Have(compute.Look(t.Context(), conn, m.tenant, m.days...))(t), 1) {
		require.NoError(t, c.Err)
	}
	must.Have(counter.Month(t.Context(), m.month, 1))(t)
	return conn
}

// truth is a reading by its names in words.
type truth []string

func (r truth) says(name string) bool { return slices.Contains(r, name) }

// numbers looks at every session of a region's month under a reading, and counts by hand. The days are missing where it says so.
func (m *month) numbers(region string, r truth, missing calendar.Date) map[report.Series]int64 {
	zone := m.tenant.Regions[slices.IndexFunc(m.tenant.Regions, func(one config.Region) bool { return one.Name == region })].Zone
	numbers, all := map[report.Series]int64{}, map[string]bool{}
	for _, day := range m.month.Days() {
		span, from := day.In(zone), []calendar.Date{day}
		if r.says("UTC days") {
			span, from = day.In(time.UTC), []calendar.Date{day, day.AddDays(1), day.AddDays(-1)}
		}
		spans, seen := map[string][]calendar.Interval{}, map[int64]bool{}
		for _, d := range from {
			if r.says("a day missing") && day == missing {
				break
			}
			for _, s := range m.slices[d].sessions {
				if seen[s.key] {
					continue
				}
				seen[s.key] = true
				for _, iv := range m.seat(s, m.slices[d], region, r) {
					cut, in := shared(iv, span)
					if !in {
						continue
					}
					if r.says("whole minutes") {
						cut = calendar.Interval{Start: cut.Start / 60 * 60, End: (cut.End + 59) / 60 * 60}
					}
					unit := m.persons[s.resource]
					if r.says("sessions") {
						unit = strconv.FormatInt(s.key, 10)
					}
					all[unit] = true
					spans[unit] = append(spans[unit], cut)
				}
			}
		}
		numbers[report.Series{Region: region, Measure: report.Concurrent, Period: day.String()}] = peak(spans)
	}
	numbers[report.Series{Region: region, Measure: report.Enabled, Period: m.month.String()}] = int64(len(all))
	return numbers
}

// seat is when a session counts in a region: never, in one piece, or in the pieces of its activities.
func (m *month) seat(s session, of slice, region string, r truth) (when []calendar.Interval) {
	iv := calendar.Interval{Start: s.start, End: s.end}
	if s.open {
		iv.End = max(of.asOf, s.start+1)
	}
	length := iv.Seconds()
	switch {
	case strings.HasPrefix(m.persons[s.resource], "TEST") && !r.says("excluded agents in"),
		s.open && r.says("open sessions out"), length > 172800 && r.says("long sessions out"), length < 1800 && r.says("30 minutes at least"):
		return nil
	}
	if r.says("end inclusive") {
		iv.End++
	}
	if r.says("long sessions cut") {
		iv.End = min(iv.End, s.start+172800)
	}
	here := func(name string) bool {
		place := map[string]string{"D": "US/dallas", "R": "US/reno", "L": "EU/london"}[name]
		if place == "" {
			place = "US/other"
		}
		return r.says(place+" in") || strings.HasPrefix(place, region+"/") && !r.says(place+" out")
	}
	var mine []activity
	heard := int64(0)
	for _, a := range of.activities {
		if a.resource == s.resource && iv.Start < max(a.end, a.start+1) && a.start < iv.End && !(r.says("legs only") && a.kind == "preview") {
			mine, heard = append(mine, a), max(heard, a.end)
		}
	}
	slices.SortFunc(mine, func(a, b activity) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
	})
	known := slices.DeleteFunc(slices.Clone(mine), func(a activity) bool { return a.name == "" })
	tells := known
	if len(known) > 1 && r.says("login's switch") {
		tells = known[:1]
	}
	is := slices.ContainsFunc(tells, func(a activity) bool { return here(a.name) }) || len(known) == 0 && here("")
	if len(mine) == 0 || !is {
		return nil
	}
	if s.open && r.says("open sessions cut") {
		iv.End = min(iv.End, max(heard, s.start+1))
	}
	if !r.says("activity only") {
		return []calendar.Interval{iv}
	}
	for _, a := range mine {
		if piece, in := shared(iv, calendar.Interval{Start: a.start, End: max(a.end, a.start+1)}); in && (a.name == "" || here(a.name)) {
			when = append(when, piece)
		}
	}
	return when
}

// peak is the most units at once.
func peak(spans map[string][]calendar.Interval) (most int64) {
	change, seconds := map[int64]int64{}, []int64{}
	for _, mine := range spans {
		for _, iv := range calendar.Union(mine) {
			change[iv.Start]++
			change[iv.End]--
			seconds = append(seconds, iv.Start, iv.End)
		}
	}
	slices.Sort(seconds)
	now := int64(0)
	for _, second := range slices.Compact(seconds) {
		now += change[second]
		most = max(most, now)
	}
	return most
}

// drawTruth draws one reading or two, for one of whose numbers a day is missing, such that their numbers differ from ours and from
// those of each of the two: no one could tell them apart.
func (m *month) drawTruth(region string, size int) (r truth, theirs map[report.Series]int64) {
	names := []string{"a day missing", "sessions", "whole minutes", "activity only", "legs only", "login's switch", "30 minutes at least", "open sessions out",
		"open sessions cut", "long sessions out", "long sessions cut", "excluded agents in", "end inclusive"}
	for _, place := range []string{"US/dallas", "US/reno", "US/other", "EU/london"} {
		names = append(names, place+map[bool]string{true: " out", false: " in"}[strings.HasPrefix(place, region)])
	}
	if region == "US" {
		names = append(names, "UTC days")
	}
	missing := m.month.First().AddDays(m.IntN(31))
	for {
		r = nil
		for _, i := range m.Perm(len(names))[:size] {
			r = append(r, names[i])
		}
		first, second := strings.Fields(r[0])[0], strings.Fields(r[size-1])[0]
		if size == 2 && (first == second || strings.HasSuffix(r[0], " in") && strings.HasSuffix(r[1], " in") || strings.HasSuffix(r[0], " out") && strings.HasSuffix(r[1], " out")) {
			continue // they say two things of the same
		}
		theirs = m.numbers(region, r, missing)
		shows := !equal(theirs, m.numbers(region, nil, missing))
		for _, part := range r[:size*(size-1)] {
			shows = shows && !equal(theirs, m.numbers(region, truth{part}, missing))
		}
		if shows {
			return r, theirs
		}
	}
}

func equal(a, b map[report.Series]int64) bool {
	for key, value := range a {
		if b[key] != value {
			return false
		}
	}
	return true
}

// TestTheTruthIsAmongWhatIsNamed simulates another counter's month under one reading, under two, and with errors that no reading
// explains. SEATS_TEST_MONTHS says how many of each.
func TestTheTruthIsAmongWhatIsNamed(t *testing.T) {
	t.Parallel()
	months := 3
	if more := os.Getenv("SEATS_TEST_MONTHS"); more != "" {
		months = must.Have(strconv.Atoi(more))(t)
	}
	for _, kind := range []string{"one", "two", "noise"} {
		tally := map[string]int{}
		for seed := range months {
			m := drawMonth(t, uint64(seed))
			conn := m.store(t)
			region := []string{"US", "EU"}[seed%2]
			r, theirs := m.drawTruth(region, map[string]int{"one": 1, "two": 2, "noise": 1}[kind])
			if kind == "noise" {
				for range 4 { // of several days, by one or two agents
					day := m.month.First().AddDays(m.IntN(31)).String()
					theirs[report.Series{Region: region, Measure: report.Concurrent, Period: day}] += int64(1 + m.IntN(2))
				}
			}
			var said []Number
			for series, value := range theirs {
				said = append(said, Number{series, value})
			}
			result := must.Have(Tenant(t.Context(), conn, m.tenant, said))(t)
			outcome := judge(result, r)
			tally[outcome]++
			if outcome == "not named" || os.Getenv("SEATS_TEST_MONTHS") != "" {
				t.Logf("%s, seed %d, %s: %s %s", kind, seed, region, strings.Join(r, " + "), outcome)
			}
			require.NoError(t, conn.Close())
		}
		t.Logf("%s: %v", kind, tally)
		want := months - months/20 // 95 of 100
		if kind == "noise" {
			require.GreaterOrEqual(t, tally["nothing"], want, "%v", tally)
		} else {
			require.GreaterOrEqual(t, tally["alone"]+tally["ambiguous"], want, "%v", tally)
		}
	}
}

// TestEveryReadingIsWhatLookingSays holds the numbers of each reading and pair, of days and of a month, against those by hand.
func TestEveryReadingIsWhatLookingSays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		m := drawMonth(t, 1000+seed)
		conn := m.store(t)
		for _, region := range m.tenant.Regions {
			stands := must.Have(compute.Look(t.Context(), conn, m.tenant, m.days...))(t)
			last := len(stands) - 1
			require.NoError(t, reading.Stage(t.Context(), conn, region.Name, "", true, stands[1:last], []compute.Standing{stands[0], stands[last]}))
			require.NoError(t, reading.Count(t.Context(), conn))
			require.NoError(t, duck.Exec(t.Context(), conn, "ask/reading_pair"))
			require.NoError(t, reading.Count(t.Context(), conn))
			got := map[string]map[report.Series]int64{}
			rows := must.Have(conn.QueryContext(t.Context(), "select name, measure, period, value from reading_result join reading_kind using (reading) where left_out = ''"))(t)
			for rows.Next() {
				var name string
				n := Number{Series: report.Series{Region: region.Name}}
				require.NoError(t, rows.Scan(&name, &n.Measure, &n.Period, &n.Value))
				if got[name] == nil {
					got[name] = map[report.Series]int64{}
				}
				got[name][n.Series] = n.Value
			}
			require.Greater(t, len(got), 50)
			for name := range got {
				for series, value := range m.numbers(region.Name, strings.Split(name, " + "), calendar.Date{}) {
					assert.Equal(t, value, got[name][series], "seed %d: %s, %s", seed, name, series)
				}
			}
		}
		require.NoError(t, conn.Close())
	}
}

// judge says how a truth is named: in every measure that differs, alone or beside others; or that nothing gives all of the daily numbers.
func judge(result Result, r truth) string {
	named, sets := map[string]bool{}, map[string]int{}
	for _, f := range result.Findings.Rows { // tenant, region, measure, of, verdict, readings
		if series := fmt.Sprint(f[2], f[3]); f[4] == "gives all" {
			set := strings.Split(f[5].(string), " + ")
			slices.Sort(set)
			sets[series]++
			named[series] = named[series] || slices.Equal(set, slices.Sorted(slices.Values(r)))
		}
	}
	differs, alone := map[string]bool{}, true
	for _, row := range result.Numbers.Rows { // tenant, region, measure, period, theirs, ours
		if row[4] != row[5] {
			differs[fmt.Sprint(row[2], map[any]string{"concurrent": "day", "enabled": "month"}[row[2]])] = true
		}
	}
	for series := range differs {
		alone = alone && sets[series] == 1
		if !named[series] {
			return map[bool]string{true: "nothing", false: "not named"}[sets["concurrentday"] == 0]
		}
	}
	return map[bool]string{true: "alone", false: "ambiguous"}[alone]
}

// Months of two days and one number of enabled agents, where ours is 5, more gives 6 everywhere, and first gives 7 on the first of March;
// both gives 6 in February's enabled agents alone.
func TestAMonthMayBeWrongAlone(t *testing.T) {
	t.Parallel()
	conn := drawMonth(t, 1).store(t)
	for what, c := range map[string]struct {
		theirs string // of January, February and March
		pairs  bool
		finds  []string
	}{
		"one month":                 {"5 5, 6 6, 5 5", false, []string{"gives its months|more|2 of 2|4 of 4|2026-02|true"}},
		"an equal day in it":        {"5 5, 6 5, 5 5", true, []string{"gives some|more|1 of 1|5 of 5|2026-02-01|false"}},
		"two months":                {"5 5, 6 6, 6 6", false, []string{"gives its months|more|4 of 4|2 of 2|2026-02, 2026-03|true"}},
		"all":                       {"6 6, 6 6, 6 6", false, []string{"gives all|more|6 of 6|0 of 0|2026-01-01..2026-01-02, 2026-02-01..2026-02-02, 2026-03-01..2026-03-02|true"}},
		"each month another":        {"5 5, 6 6, 7 5", true, []string{"gives some|first|1 of 3|0 of 3|2026-03|false", "gives some|more|2 of 3|3 of 3|2026-02|false"}},
		"a number that none gives":  {"5 5, 6 9, 5 5", true, []string{"gives some|more|1 of 2|4 of 4|2026-02-01|false", "nearest|more|0 of 1|0 of 0|2026-02-02|false"}},
		"one number a month is few": {"5, 6, 5", true, []string{"gives some|more|1 of 1|2 of 2|2026-02-01|false"}},
		"it may be of a month": {"5 5 E5, 6 6 E6, 5 5 E5", false, []string{
			"gives its months|more|1 of 1|2 of 2|2026-02|true", "gives all|both|1 of 1|0 of 2|2026-02|false", "gives its months|more|2 of 2|4 of 4|2026-02|true"}},
	} {
		var rows []string
		for m, days := range strings.Split(c.theirs, ", ") {
			for d, value := range strings.Fields(days) {
				row := fmt.Sprintf("('US', 'concurrent', '2026-%02d-%02d', %s::bigint)", m+1, d+1, value)
				if of, is := strings.CutPrefix(value, "E"); is {
					row = fmt.Sprintf("('US', 'enabled', '2026-%02d', %s::bigint)", m+1, of)
				}
				rows = append(rows, row)
			}
		}
		for _, table := range []string{
			"their_number as select * from (values " + strings.Join(rows, ", ") + ") as n (region, measure, period, value)",
			"our_number as select region, measure, period, 5 as value from their_number",
			"reading_kind as select * from (values (0, 'as counted', ''), (1, 'more', ''), (2, 'first', ''), (3, 'both', '')) as k (reading, name, meaning)",
			`reading_result as select reading, [0, 1, 1, 2][reading + 1] as size, measure, period, '' as left_out,
				case when reading = 1 or reading = 3 and period = '2026-02' then 6 when reading = 2 and period = '2026-03-01' then 7 else 5 end as value
				from their_number cross join reading_kind`,
		} {
			require.NoError(t, must.Err(conn.ExecContext(t.Context(), "create or replace temp table "+table)))
		}
		region := sql.Named("region", "US")
		for statement, args := range map[string][]any{"found": nil, "reading_given": {region}} {
			require.NoError(t, duck.Exec(t.Context(), conn, "ask/"+statement, args...))
		}
		require.NoError(t, duck.Exec(t.Context(), conn, "ask/finding", region))
		assert.Equal(t, c.pairs, must.Have(duck.One[bool](t.Context(), conn, "ask/wants_pairs"))(t), what)
		assert.Equal(t, c.finds, must.Texts(t, conn, `select concat_ws('|', verdict, readings, explains, spoils, periods, is_all_of_region)
			from found where not missing order by turn`), what)
	}
}

// shared are the seconds that both intervals have, and false when there are none.
func shared(a, b calendar.Interval) (calendar.Interval, bool) {
	if !a.Overlaps(b) {
		return calendar.Interval{}, false
	}
	return calendar.Interval{Start: max(a.Start, b.Start), End: min(a.End, b.End)}, true
}
