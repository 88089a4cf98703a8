package sim

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
)

// defaults are the options that the command line starts from.
func defaults(t testing.TB) (o Options) {
	must.Have(kong.Must(&o).Parse([]string{"--from", "2026-03-06"}))(t)
	return o
}

func simulation(t testing.TB, change func(*Options)) *Simulation {
	o := defaults(t)
	o.Agents, o.Days = 60, 4
	if change != nil {
		change(&o)
	}
	return must.Have(New(o))(t)
}

// untidy sets all rates so high that each shows among few agents.
func untidy(o *Options) {
	o.Rates = Rates{
		Open: 0.1, Stuck: 0.05, Overlapping: 0.1, Broken: 0.1, ZeroLength: 0.1, Long: 0.05, Corrected: 0.2,
		Late: 0.2, Orphan: 0.1, Stray: 0.1, OtherMedia: 0.2, Transfers: 0.2, NoEmployeeID: 0.1, TwoKeys: 0.2,
		TestAgents: 0.1, Roaming: 0.2, UnknownSwitch: 0.1, UnlistedSwitch: 0.1,
	}
}

// texts are the CSV text of an increment by table.
type texts [tables]string

func text(t testing.TB, s *Simulation, l Layout) []texts {
	l.Increments = max(l.Increments, 1)
	into, to, all := make([][tables]strings.Builder, l.Increments), make([]sinks, l.Increments), make([]texts, l.Increments)
	for i := range to {
		for t := range to[i] {
			to[i][t] = &into[i][t]
		}
	}
	must.Have(s.stream(t.Context(), l, to))(t)
	for i := range all {
		for t := range all[i] {
			all[i][t] = into[i][t].String()
		}
	}
	return all
}

// gim is a database of what simulations wrote. Each has a schema with every table that has rows, of which raw_... has the
// rows of all increments, with part and no, and the other what a reader of an export must make of them: by primary key, the row
// with the higher update_audit_key, then the later one.
type gim struct {
	testing.TB
	*Simulation
	*sql.DB
}

// key is a table's primary key.
func key(of table) string {
	switch of {
	case extractTable:
		return "data_source_key, table_name, created_ts"
	case transformTable:
		return "hwm_name, job_id"
	case combinationTable:
		return "group_combination_key, group_key"
	case sessionTable, legTable, userDataTable, attemptTable, interactionTable:
		return of.columns(false)[0] + ", start_date_time_key"
	}
	return of.columns(false)[0]
}

// final is what a simulation holds in the end, in the schema main.
func final(t testing.TB, change func(*Options)) gim {
	db := must.Have(duck.Open("", duck.Options{Threads: 1}))(t)
	t.Cleanup(func() { _ = db.Close() })
	g := gim{t, simulation(t, change), db}
	g.add("main", text(t, g.Simulation, Layout{})...)
	for table := range tables {
		if g.has(table) {
			g.none(fmt.Sprintf("(select 1 from raw_%s group by %s having count(*) > 1)", table.name(), key(table)), "primary key of "+table.name())
		}
	}
	return g
}

// add makes a schema of increments.
func (g gim) add(schema string, parts ...texts) {
	dir := g.TempDir()
	g.do("create schema if not exists " + schema)
	for t := range tables {
		var files []string
		columns := strings.Join(t.columns(false), "', '")
		for i, part := range parts {
			file := filepath.Join(dir, fmt.Sprint(i, t.name()))
			require.NoError(g, os.WriteFile(file, []byte(part[t]), 0o600))
			if part[t] != "" {
				files = append(files, fmt.Sprintf(`select %d as part, row_number() over () as no, * from read_csv('%s', header = false, names = ['%s'],
					delim = ',', quote = '"', escape = '"', nullstr = '', sample_size = -1)`, i, file, columns))
			}
		}
		if len(files) == 0 {
			continue
		}
		audit := ""
		if strings.Contains(columns, "update_audit_key") {
			audit = "update_audit_key desc, "
		}
		g.do(fmt.Sprintf(`create table %[1]s.raw_%[2]s as %[3]s; create view %[1]s.%[2]s as select * exclude (part, no) from %[1]s.raw_%[2]s
			qualify row_number() over (partition by %[4]s order by %[5]s part desc, no desc) = 1`,
			schema, t.name(), strings.Join(files, " union all by name "), key(t), audit))
	}
}

func (g gim) do(statement string) {
	require.NoError(g, must.Err(g.ExecContext(context.Background(), statement)), statement)
}

// number asks for one.
func (g gim) number(query string, args ...any) (n int64) {
	require.NoError(g, g.QueryRowContext(context.Background(), query, args...).Scan(&n), query)
	return n
}

// none and some hold of rows that there are none, or some: of "TABLE where ...".
func (g gim) none(rows, why string) { require.Zero(g, g.number("select count(*) from "+rows), why) }
func (g gim) some(rows, why string) { require.Positive(g, g.number("select count(*) from "+rows), why) }

// same holds that two schemas have equal rows in a table.
func (g gim) same(t table, one, other, why string) {
	a, b := "from "+one+"."+t.name(), "from "+other+"."+t.name()
	g.none(fmt.Sprintf("((%s except %s) union all (%s except %s))", a, b, b, a), why+": "+t.name())
}

func TestEqualOptionsGiveEqualBytes(t *testing.T) {
	layout := Layout{Increments: 3, ExtraColumns: true}
	one := text(t, simulation(t, untidy), layout)
	require.Equal(t, one, text(t, simulation(t, untidy), layout))

	other := text(t, simulation(t, func(o *Options) { untidy(o); o.Seed = 2 }), layout)
	require.NotEqual(t, one[0][sessionTable], other[0][sessionTable])
}

func TestMoreDaysLeaveEarlierDaysAsTheyWere(t *testing.T) {
	mark := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	short := text(t, simulation(t, func(o *Options) { o.HighWater = mark }), Layout{})[0][sessionTable]
	long := text(t, simulation(t, func(o *Options) { o.HighWater = mark; o.Days = 6 }), Layout{})[0][sessionTable]
	require.Equal(t, short, long[:len(short)])
}

func TestMergedIncrementsAreTheDatabase(t *testing.T) {
	g := final(t, untidy)
	for name, layout := range map[string]Layout{"plain": {Increments: 5}, "resent": {Increments: 5, Resent: 0.3}, "duplicated": {Increments: 5, Duplicated: 0.5}} {
		g.add(name, text(t, g.Simulation, layout)...)
		for table := range tables {
			if table.exported() && g.has(table) {
				g.same(table, "main", name, name)
			}
		}
	}
}

func TestIncrementsCorrectEarlierRows(t *testing.T) {
	g := final(t, untidy)
	g.add("parts", text(t, g.Simulation, Layout{Increments: 6})...)
	g.do(`create table change as select *, lag(columns(* exclude (part, no))) over (partition by sm_res_session_fact_key, start_date_time_key order by part, no) as 'was_\0'
		from parts.raw_sm_res_session_fact qualify was_sm_res_session_fact_key is not null`)
	g.none("change where update_audit_key <= was_update_audit_key or create_audit_key <> was_create_audit_key", "audit keys")
	g.some("change where was_active_flag = 1 and active_flag = 0", "open sessions closed later")
	g.some("change where not (was_active_flag = 1 and active_flag = 0) and end_ts is distinct from was_end_ts", "ends corrected later")
	g.some("parts.raw_resource_ where agent_last_name = 'Smith-Jones'", "people renamed later")
}

func TestDuplicatesAreInOneIncrement(t *testing.T) {
	g := final(t, nil)
	g.add("one", text(t, g.Simulation, Layout{Duplicated: 0.5})...)
	require.Greater(t, g.number("select count(*) from one.raw_sm_res_session_fact"), g.number("select count(*) from one.sm_res_session_fact")*5/4)
}

// sink is a writer that is a function.
type sink func() error

func (s sink) Write(text []byte) (int, error) { return len(text), s() }

func TestWritingStopsAtAnErrorAndWhenCancelled(t *testing.T) {
	s := simulation(t, nil)
	full := os.ErrInvalid // whatever it says
	_, err := s.stream(t.Context(), Layout{Increments: 1}, []sinks{{sessionTable: sink(func() error { return full })}})
	require.ErrorIs(t, err, full)

	ctx, cancel := context.WithCancel(t.Context())
	_, err = s.stream(ctx, Layout{Increments: 1}, []sinks{{tenantTable: sink(func() error { cancel(); return nil })}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no agents":       func(o *Options) { o.Agents = 0 },
		"no days":         func(o *Options) { o.Days = 0 },
		"no switches":     func(o *Options) { o.Switches = nil },
		"unknown zone":    func(o *Options) { o.Switches = []Switch{{Name: "SIP", Zone: "Mars/Olympus"}} },
		"early high mark": func(o *Options) { o.HighWater = time.Unix(0, 0) },
		"no such rate":    func(o *Options) { o.Rates.Broken = 1.5 },
		"negative share":  func(o *Options) { o.OCSShare = -0.1 },
	} {
		o := defaults(t)
		change(&o)
		require.Error(t, must.Err(New(o)), name)
	}
}

func TestTimeKeysAreTheQuarterOfTheStart(t *testing.T) {
	g := final(t, untidy)
	for _, table := range []table{sessionTable, legTable, attemptTable, interactionTable} {
		g.none(table.name()+" where start_date_time_key % 900 <> 0 or start_date_time_key <> start_ts - start_ts % 900", "the quarter of the start")
	}
	for _, table := range []table{sessionTable, legTable} {
		g.none(fmt.Sprintf("%s where active_flag = 1 and end_date_time_key <= %d", table.name(), g.HighWater.Unix()+10*365*86400), "an end that is not known")
	}
}

func TestNothingIsKnownThatBeginsAfterTheHighWaterMark(t *testing.T) {
	g := final(t, func(o *Options) { o.HighWater, o.Rates = time.Date(2026, 3, 8, 16, 0, 0, 0, time.UTC), Rates{} })
	g.none(fmt.Sprintf("sm_res_session_fact where start_ts > %[1]d or active_flag = 0 and end_ts > %[1]d", g.HighWater.Unix()), "the future")
	g.some("sm_res_session_fact where active_flag = 1", "somebody is at work at the high-water mark")
}

func TestHighWaterMarkIsTheSlowestTransformedSourceThatMatters(t *testing.T) {
	g := final(t, nil)
	g.some("ctl_transform_history where transform_end_time is null", "a transformation that runs")
	const transformed = "(select max(transform_start_time) from ctl_transform_history where transform_end_time is not null)"
	g.some("ctl_extract_history where extract_end_time > "+transformed, "an extraction ahead of it")
	const newest = " from (select max(max_ts) as mark from ctl_extract_history where data_source_type in (1, 3) and extract_end_time <= " + transformed + " group by data_source_key)"
	require.EqualValues(t, len(g.Switches)+1, g.number("select count(*)"+newest))
	require.Equal(t, g.HighWater.Unix(), g.number("select min(mark)"+newest))
}

// views name what is asked for often. A leg has its GUID by both columns, as GIM says.
const views = `
	create view leg as select f.*, u.gsw_call_attempt_guid as guid, r.resource_type_code as kind, d.resource_key as dn, d.switch_name
	from interaction_resource_fact as f
	left join irf_user_data_gen_1 as u on (u.interaction_resource_id, u.start_date_time_key) = (f.interaction_resource_id, f.start_date_time_key)
	left join resource_ as r on r.resource_key = f.resource_key
	left join resource_ as d on d.resource_key = f.media_resource_key;
	create view session as select f.*, r.resource_type_code as kind, r.employee_id, media_type_key = 1 as is_voice
	from sm_res_session_fact as f left join resource_ as r using (resource_key);
	create view attempt as select f.*, r.resource_type_code as kind, m.dialing_mode_code in ('PREVIEW', 'PUSH_PREVIEW') as is_preview,
	       call_attempt_id in (select guid from leg where guid is not null) as is_called
	from contact_attempt_fact as f join dialing_mode as m using (dialing_mode_key) left join resource_ as r on r.resource_key = f.resource_key`

func TestAttemptsAndLegsMeetInTheGUID(t *testing.T) {
	g := final(t, func(o *Options) { o.Rates = Rates{Transfers: 0.1} })
	g.do(views)
	g.some("(select 1 from attempt group by call_attempt_id having count(*) > 1)", "call_attempt_id repeats now and then")
	g.none("leg where guid is not null and guid not in (select call_attempt_id from attempt where call_attempt_id is not null)", "a leg without an attempt")
	g.some("(select 1 from leg where kind = 'AGENT' and guid is not null group by guid having count(*) > 1)", "two agents have legs of one attempt")
	g.some("attempt where call_attempt_id not in (select guid from leg where kind = 'AGENT' and guid is not null)", "attempts without an agent's leg")
}

func TestPreviewsNameTheirAgentAndOthersNeedNot(t *testing.T) {
	g := final(t, func(o *Options) { o.Rates = Rates{} })
	g.do(views)
	g.none("attempt where is_preview and kind is distinct from 'AGENT'", "a preview without an agent")
	g.some("attempt where not is_preview and kind = 'NONE'", "others")
	g.some("attempt where is_preview and is_called", "previews with a call")
	g.some("attempt where is_preview and not is_called", "previews without a call")
}

// TestDecoys are rows that look like OCS activity, or like a voice session, to
// a reader who misses a condition.
func TestDecoys(t *testing.T) {
	g := final(t, untidy)
	g.do(views)
	g.some("leg where guid is not null and kind = 'QUEUE'", "GUID on a queue's IRF")
	const segments = `irf_user_data_gen_1 anti join interaction_resource_fact using (interaction_resource_id, start_date_time_key)
		where gsw_call_attempt_guid is not null`
	g.some(segments, "GUID of a mediation segment")
	g.some(segments+" and interaction_resource_id in (select interaction_resource_id from leg)", "GUID that agrees with an IRF in half of the key")
	g.some("session where not is_voice", "of other media")
	g.some("session where kind is distinct from 'AGENT'", "of no agent")
	g.some("irf_user_data_gen_1 where gsw_call_attempt_guid is null", "of no campaign")
}

// Groups are put beside what is simulated without them, and change nothing of it but the sessions' combination, which is
// always one that is there.
func TestGroupsChangeNothingElse(t *testing.T) {
	g := final(t, nil)
	with := simulation(t, func(o *Options) { o.Groups = 3 })
	g.add("grouped", text(t, with, Layout{})...)
	require.EqualValues(t, 2+3+3, g.number("select count(distinct group_combination_key) from grouped.resource_group_combination"))
	for table := range tables {
		switch {
		case !g.has(table):
			require.Empty(t, text(t, g.Simulation, Layout{})[0][table])
		case table == sessionTable:
			g.none("sm_res_session_fact where resource_group_combination_key <> -2", "in no group")
			g.none("grouped.sm_res_session_fact where resource_group_combination_key not in (select group_combination_key from grouped.resource_group_combination)", "is there")
			const combinations = "select count(distinct resource_group_combination_key) from grouped.sm_res_session_fact"
			require.EqualValues(t, 1+3+3, g.number(combinations), "in none, in one, and in two groups")
			g.do(`create schema ungrouped;
				create view ungrouped.sm_res_session_fact as select * replace (-2 as resource_group_combination_key) from grouped.sm_res_session_fact`)
			g.same(table, "main", "ungrouped", "but for the groups")
		default:
			require.Equal(t, text(t, g.Simulation, Layout{})[0][table], text(t, with, Layout{})[0][table], table.name())
		}
	}
}

// TestRatesShow sets one rate at a time: the rows that it stands for are there
// then, and none are without it.
func TestRatesShow(t *testing.T) {
	recent := fmt.Sprintf("start_ts > %d", simulation(t, nil).HighWater.Unix()-24*3600)
	clean := final(t, func(o *Options) { o.Rates = Rates{} })
	clean.do(views)
	for name, c := range map[string]struct {
		with Rates
		rows string
	}{
		"stuck":              {Rates{Stuck: 0.1}, "session where active_flag <> 0 and not " + recent},
		"zero length":        {Rates{ZeroLength: 0.1}, "session where active_flag = 0 and start_ts = end_ts"},
		"broken, no start":   {Rates{Broken: 0.1}, "session where start_ts is null"},
		"broken, ends first": {Rates{Broken: 0.1}, "session where active_flag = 0 and end_ts < start_ts"},
		"broken leg":         {Rates{Broken: 0.1}, "leg where kind = 'AGENT' and (start_ts is null or end_ts < start_ts)"},
		"long":               {Rates{Long: 0.1}, "session where active_flag = 0 and end_ts - start_ts > 24 * 3600"},
		"other media":        {Rates{OtherMedia: 0.1}, "session where not is_voice"},
		"stray":              {Rates{Stray: 0.1}, "session where is_voice and kind is distinct from 'AGENT'"},
		"overlapping": {Rates{Overlapping: 0.1}, `session as a join session as b using (resource_key)
			where a.is_voice and b.is_voice and a.active_flag = 0 and b.active_flag = 0 and a.start_ts < b.end_ts and b.start_ts < a.end_ts
			  and a.sm_res_session_fact_key < b.sm_res_session_fact_key`},
		"orphan": {Rates{Orphan: 0.2}, `leg as l where guid is not null and end_ts is not null and kind = 'AGENT' and not exists (
			from session as s where s.resource_key = l.resource_key and s.start_ts <= l.start_ts and (l.start_ts < s.end_ts or s.active_flag = 1))`},
		"no employee id":   {Rates{NoEmployeeID: 0.2}, "resource_ where resource_type_code = 'AGENT' and employee_id is null"},
		"test agents":      {Rates{TestAgents: 0.2}, "resource_ where resource_type_code = 'AGENT' and employee_id like 'TEST%'"},
		"two keys":         {Rates{TwoKeys: 0.2}, "(select 1 from session group by employee_id having count(distinct resource_key) > 1)"},
		"roaming":          {Rates{Roaming: 0.3}, "(select 1 from leg where kind = 'AGENT' group by resource_key having count(distinct coalesce(switch_name, '')) > 1)"},
		"unlisted switch":  {Rates{UnlistedSwitch: 0.1}, "leg where kind = 'AGENT' and switch_name = 'SIP_LAB'"},
		"unknown, no row":  {Rates{UnknownSwitch: 0.2}, "leg where kind = 'AGENT' and media_resource_key is not null and dn is null"},
		"unknown, no key":  {Rates{UnknownSwitch: 0.2}, "leg where kind = 'AGENT' and media_resource_key is null"},
		"unknown, no name": {Rates{UnknownSwitch: 0.2}, "leg where kind = 'AGENT' and dn is not null and switch_name is null"},
	} {
		clean.none(c.rows, name+" with all rates at 0")
		g := final(t, func(o *Options) { o.Rates = c.with })
		g.do(views)
		g.some(c.rows, name)
	}
	const open = "sm_res_session_fact where active_flag = 1 and "
	opened := final(t, func(o *Options) { o.Rates = Rates{Open: 0.5} })
	require.Greater(t, opened.number("select count(*) from "+open+recent), clean.number("select count(*) from "+open+recent), "open sessions")
	opened.none(open+"not "+recent, "are those of the last day")
	late := final(t, func(o *Options) { o.Rates = Rates{Late: 0.2} })
	late.some(fmt.Sprintf("interaction_resource_fact where update_audit_key - %d - end_ts >= 3600", AuditKey(0)), "late rows come late")
}

// smaller is a simulation that is written to disk or a database.
func smaller(o *Options) {
	o.From = time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	o.Agents, o.Days, o.Groups = 30, 2, 3
}

func small(t testing.TB) *Simulation { return simulation(t, smaller) }

// write exports and returns the names of the folders, in order.
func write(t testing.TB, l Layout) (dir string, folders []string) {
	dir = filepath.Join(t.TempDir(), "exports")
	must.Have(small(t).Export(t.Context(), dir, l))(t)
	return dir, must.Names(t, dir)
}

func TestFoldersHoldTheIncrements(t *testing.T) {
	dir, folders := write(t, Layout{Increments: 3, Header: "lower"})
	require.Len(t, folders, 3)
	want := text(t, small(t), Layout{Increments: 3})
	for i, folder := range folders {
		require.Regexp(t, `^export_\d+_2026_03_\d\d_\d\d_\d\d_\d\d$`, folder)
		for table := range tables {
			path := filepath.Join(dir, folder, table.name()+".csv")
			if !table.exported() {
				require.NoFileExists(t, path)
				continue
			}
			require.Equal(t, strings.Join(table.columns(false), ",")+"\n"+want[i][table], must.Text(t, path))
		}
	}
	require.True(t, strings.HasSuffix(folders[2], "_2026_03_09_08_00_00"), "newest data: %s", folders[2])
}

func TestHeaderCaseLineEndsAndExtraColumns(t *testing.T) {
	dir, folders := write(t, Layout{Increments: 1, Header: "UPPER", CRLF: true, ExtraColumns: true})
	text := must.Text(t, dir, folders[0], "resource_.csv")
	require.True(t, strings.HasPrefix(text, "RESOURCE_KEY,TENANT_KEY,RESOURCE_CFG_DBID,"), text[:60])
	header, rows, _ := strings.Cut(text, "\r\n")
	require.NotContains(t, header, "\n")
	people := must.Have(csv.NewReader(strings.NewReader(rows)).ReadAll())(t)
	require.Equal(t, "several\nlines, and a \"quote\"", people[1][len(resourceTable.columns(true))-1])

	dir, folders = write(t, Layout{Increments: 1, Header: "Mixed"})
	require.True(t, strings.HasPrefix(must.Text(t, dir, folders[0], "tenant.csv"), "Tenant_key,Tenant_name\n"))
}

func TestZipsHoldTheSameFilesAndMatchTheirSum(t *testing.T) {
	plain, folders := write(t, Layout{Increments: 2, Header: "UPPER"})
	zipped, same := write(t, Layout{Increments: 2, Header: "UPPER", Zip: true})
	again, _ := write(t, Layout{Increments: 2, Header: "UPPER", Zip: true})
	require.Equal(t, folders, same)
	for _, folder := range folders {
		name := folder + ".zip"
		bytes := must.Text(t, zipped, folder, name)
		require.Equal(t, bytes, must.Text(t, again, folder, name), "the same every time")
		require.Equal(t, fmt.Sprintf("%x  %s\n", sha1.Sum([]byte(bytes)), name), must.Text(t, zipped, folder, name+".sha1"))

		archive := must.Have(zip.OpenReader(filepath.Join(zipped, folder, name)))(t)
		defer archive.Close()
		require.Len(t, archive.File, int(tables)-2) // but for what was extracted and transformed
		for _, f := range archive.File {
			require.Equal(t, must.Text(t, plain, folder, f.Name), string(must.Have(fs.ReadFile(archive, f.Name))(t)))
			require.NoFileExists(t, filepath.Join(zipped, folder, f.Name))
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir, _ := write(t, Layout{Increments: 1})
	require.ErrorIs(t, must.Err(small(t).Export(t.Context(), dir, Layout{Increments: 1})), os.ErrExist)
}

func TestDatabaseHoldsWhatTheMergedExportHolds(t *testing.T) {
	db, g := pgtest.Schema(t), final(t, smaller)
	counts := must.Have(g.Load(t.Context(), Target{db.ConnString(), db.Schema, true}))(t)

	var stored texts
	for table := range tables {
		var columns []string
		require.NoError(t, db.Conn.QueryRow(t.Context(), `
			select array_agg(column_name::text order by ordinal_position)
			from information_schema.columns
			where table_schema = $1 and table_name = $2`, db.Schema, table.name()).Scan(&columns))
		require.Equal(t, columns, table.columns(false), "every column of %s is filled", table.name())

		var rows bytes.Buffer
		must.Have(db.Conn.PgConn().CopyTo(t.Context(), &rows,
			fmt.Sprintf("copy (select %s from %s) to stdout (format csv)", strings.Join(columns, ", "), table.name())))(t)
		stored[table] = rows.String()
	}
	g.add("stored", stored)
	g.add("exported", text(t, g.Simulation, Layout{Increments: 4})...)
	for table := range tables {
		require.Equal(t, counts[table], g.number("select count(*) from stored."+table.name()), table.name())
		if table.exported() {
			g.same(table, "stored", "exported", "in the database")
		}
	}
}

func TestRowsAreAddedToTablesThatAreThere(t *testing.T) {
	db, s := pgtest.Schema(t), small(t)
	require.ErrorContains(t, must.Err(s.Load(t.Context(), Target{db.ConnString(), db.Schema, false})), "does not exist")

	must.Have(s.Load(t.Context(), Target{db.ConnString(), db.Schema, true}))(t)
	_, err := s.Load(t.Context(), Target{db.ConnString(), db.Schema, false})
	require.ErrorContains(t, err, "duplicate key", "the same rows again")
}
