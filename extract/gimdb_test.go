package extract_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

var none = extract.Told{Expect: func(int64) {}, Arrive: func(string, int64) {}}

// A GIM DB without primary keys, as a view or a restored copy may be: of a key that it holds twice the newest
// row counts.
func TestR11DuplicatesOfAGIMDBWithoutPrimaryKeys(t *testing.T) {
	g := complete(t, gimschema.Tables)
	g.session(1, 1, 1, day0+100, day0+200, 0, 5)
	g.session(1, 1, 1, day0+100, day0+300, 0, 7)
	g.session(1, 1, 1, day0+100, day0+250, 0, 6)
	g.session(2, 2, 1, day0-7200, day0-3600, 0, 9) // newest: ended the day before
	g.session(2, 2, 1, day0-7200, day0+3600, 0, 5)
	legs := func(id, start int64, audits ...int) {
		for _, audit := range audits {
			g.db.Exec(t, fmt.Sprintf(`insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key,
				resource_key, media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
				values (%d, %d, 1, 1, 1, 10, %d, %d, 0, 1, %d)`, id, key(start), start, start+int64(audit), audit))
		}
	}
	data := func(id, start int64, guid string, audit int) {
		g.db.Exec(t, fmt.Sprintf(`insert into irf_user_data_gen_1 (interaction_resource_id, start_date_time_key, tenant_key, gsw_call_attempt_guid, update_audit_key)
			values (%d, %d, 1, nullif('%s', ''), %d)`, id, key(start), guid, audit))
	}
	legs(1, day0+110, 5, 6)
	data(1, day0+110, "g1", 5)
	legs(2, day0+120, 5) // its GUID was taken back by a newer row
	data(2, day0+120, "g2", 5)
	data(2, day0+120, "", 6)
	legs(3, day0+130, 5) // an older row had none
	data(3, day0+130, "g3", 6)
	data(3, day0+130, "", 5)
	legs(4, day0-7200, 6) // the evening before; an older copy has not ended, and would last into the day
	g.db.Exec(t, `insert into interaction_resource_fact
		select interaction_resource_id, start_date_time_key, 0, 1, 1, 1, 0, 0, resource_key, 10, 0, start_ts, null, 1, 1, 5
		from interaction_resource_fact where interaction_resource_id = 4`)
	data(4, day0-7200, "g4", 5)
	for _, connections := range []int{1, 2} {
		r := newRig(t)
		r.cut(t, openDB(t, r, g.config(connections), nil), utcDay)
		require.Equal(t, []string{"1 300"}, r.strings(t, sessionsSQL))
		require.Equal(t, []string{"leg 1 116 g1", "leg 3 135 g3"}, r.strings(t, activitiesSQL))
		require.Equal(t, []string{"interaction_resource_fact 2", "irf_user_data_gen_1 2", "sm_res_session_fact 3"}, r.strings(t, duplicatesSQL))
	}
}

// A key of a table says nothing of the tables that inherit from it, as partitions of old do; one of a partitioned table does.
func TestR11DuplicatesOfATableThatOthersInheritFrom(t *testing.T) {
	g, r := complete(t, gimschema.DDL), newRig(t)
	g.db.Exec(t, "create table part () inherits (sm_res_session_fact)")
	g.session(1, 1, 1, day0+100, day0+300, 0, 7)
	g.db.Exec(t, "insert into part select * from sm_res_session_fact; update part set end_ts = null, active_flag = 1, update_audit_key = 5")
	r.cutAgain(t, g) // a snapshot holds locks
	require.Equal(t, []string{"1 300"}, r.strings(t, sessionsSQL))
	require.Equal(t, []string{"sm_res_session_fact 2"}, r.strings(t, duplicatesSQL))

	g.db.Exec(t, `drop table part; alter table sm_res_session_fact rename to whole;
		create table sm_res_session_fact (like whole, primary key (sm_res_session_fact_key, start_date_time_key)) partition by range (start_date_time_key);
		create table part partition of sm_res_session_fact default`)
	var unique string
	require.NoError(t, g.db.Conn.QueryRow(t.Context(), texts.Text("gim/unique_key"), g.db.Schema, []string{"sm_res_session_fact"},
		[]string{"sm_res_session_fact.sm_res_session_fact_key", "sm_res_session_fact.start_date_time_key"}).Scan(&unique))
	require.Equal(t, "sm_res_session_fact", unique)
}

// Sites with several tenants give each reader views in a schema of its own, or one schema and a tenant key.
func TestViewsInAnotherSchemaAndTheTenantKey(t *testing.T) {
	g := small(t, pgtest.Schema(t))
	g.db.Exec(t, fmt.Sprintf(`insert into sm_res_session_fact values (2, %d, 0, 2, 1, 2, 0, 1, 1, %d, %d, 0, 0, 0, 0)`, day0, day0+100, day0+200))
	want := newRig(t)
	tenant := int64(1)
	sum := want.cut(t, openDB(t, want, g.config(2), &tenant), utcDay).SHA256
	require.Equal(t, []string{"1 200"}, want.strings(t, sessionsSQL))

	views := g.db.Schema + "_views"
	text := "create schema " + views + ";"
	for _, table := range append([]string{"ctl_extract_history", "ctl_transform_history"}, tables...) {
		text += fmt.Sprintf("create view %s.%s as select * from %s.%s;", views, table, g.db.Schema, table)
	}
	g.db.Exec(t, text)
	t.Cleanup(func() {
		must.Have(g.db.Conn.Exec(context.Background(), "drop schema "+views+" cascade"))(t)
	})
	for name, tenantKey := range map[string]*int64{"of one tenant": &tenant, "of all": nil} {
		r := newRig(t)
		cfg := g.config(2)
		cfg.Schema = views
		s := r.cut(t, openDB(t, r, cfg, tenantKey), utcDay)
		if tenantKey != nil {
			require.Equal(t, sum, s.SHA256, name)
		} else {
			require.EqualValues(t, 2, s.Sessions, name)
		}
	}
}

// What fails on the first day, as one bad row does, keeps no other day from being read: the resources, which come with the
// first, are there.
func TestADayBehindOneThatFailedHasItsAgents(t *testing.T) {
	g, r := newGIM(t, gimschema.DDL), newRig(t)
	g.highWater(day0 + 5*86400)
	g.db.Exec(t, "alter table sm_res_session_fact alter column end_ts type bigint")
	g.session(1, 1, 1, day0+100, 300_000_000_000, 0, 1)
	g.session(2, 2, 1, day0+3*86400+100, day0+3*86400+200, 0, 1)
	src := openDB(t, r, g.config(2), nil)
	require.ErrorContains(t, must.Err(cutter(r, src).Cut(t.Context(), utcDay)), "end_ts is 300000000000, which is no time")
	require.False(t, src.Broken())
	later := utcDay
	later.Day, later.Spans = utcDay.Day.AddDays(3), []calendar.Interval{{Start: day0 + 3*86400, End: day0 + 4*86400}}
	require.EqualValues(t, 1, r.cut(t, src, later).Agents)
}

func TestR10HighWaterMarkIsUnknownWhereNothingTellsIt(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	mark := func() *int64 {
		src := must.Have(extract.OpenGIMDB(t.Context(), g.config(1), nil, none))(t)
		require.NoError(t, src.Close()) // a snapshot holds locks
		require.NotNil(t, src.Horizon().Clock)
		require.Equal(t, *src.Horizon().Clock, extract.Horizon{Clock: src.Horizon().Clock}.AsOf(utcDay))
		return src.Horizon().HighWater
	}
	require.Nil(t, mark(), "an empty history")
	g.highWater(day0)
	require.EqualValues(t, day0, *mark())
	g.db.Exec(t, "delete from ctl_extract_history where data_source_type in (1, 3)")
	require.Nil(t, mark(), "only sources that do not count")
	g.db.Exec(t, "alter table ctl_extract_history drop column max_ts")
	require.Nil(t, mark(), "no such column")
	g.db.Exec(t, "drop table ctl_extract_history")
	require.Nil(t, mark(), "no such table")
}

// sleeping puts a view that takes its time before a table.
func (g *gim) sleeping(table, seconds string) {
	g.db.Exec(g.t, fmt.Sprintf("alter table %[1]s rename to real_%[1]s; create view %[1]s as select r.* from real_%[1]s as r cross join lateral (select pg_sleep(%[2]s) offset 0) as s", table, seconds))
}

func TestStatementTimeoutFailsTheSourceAndKeepsTheSlice(t *testing.T) {
	g, r := small(t, pgtest.Schema(t)), newRig(t)
	r.cutAgain(t, g)
	g.sleeping("sm_res_session_fact", "600")
	cfg := g.config(2)
	cfg.StatementTimeout = 3 * time.Second
	began := time.Now()
	_, err := cutter(r, openDB(t, r, cfg, nil)).Cut(t.Context(), utcDay)
	must.Fail(t, err, fail.Source, "57014")
	require.ErrorContains(t, err, "sql/gim/session")
	require.Less(t, time.Since(began), 500*time.Second)
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
}

func TestABackendThatIsEndedMidwayFailsTheSourceAndKeepsTheSlice(t *testing.T) {
	for _, connections := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d connections", connections), func(t *testing.T) {
			g, r := small(t, pgtest.Schema(t)), newRig(t)
			r.cutAgain(t, g)
			g.sleeping("interaction_resource_fact", "600")
			src := openDB(t, r, g.config(connections), nil)
			ended := make(chan error, 1)
			go func() {
				_, err := cutter(r, src).Cut(context.Background(), utcDay)
				ended <- err
			}()
			require.Eventually(t, func() bool {
				var n int
				err := g.db.Conn.QueryRow(t.Context(), `select count(pg_terminate_backend(a.pid)) from pg_stat_activity as a
					where a.wait_event = 'PgSleep' and exists (select from pg_locks as l join pg_class as c on c.oid = l.relation
						where l.pid = a.pid and c.relnamespace = to_regnamespace($1))`, g.db.Schema).Scan(&n)
				return err == nil && n > 0
			}, forever, 20*time.Millisecond)
			err := <-ended
			require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
			require.NotEmpty(t, fail.Hints(err))
			require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
			require.Equal(t, []string{"leg 1 120 g1"}, r.strings(t, activitiesSQL))

			_, err = cutter(r, src).Cut(t.Context(), utcDay)
			require.Equal(t, fail.Source, fail.CodeOf(err), "the next day of the run: %v", err)
		})
	}
}

// What others write while a run reads is not in it: neither rows that come, nor ones that change or go.
func TestRowsThatChangeWhileTheyAreReadAreThoseOfTheSnapshot(t *testing.T) {
	for _, connections := range []int{1, 2} {
		g, r := small(t, pgtest.Schema(t)), newRig(t)
		g.session(2, 2, 1, day0+100, day0+200, 0, 1)
		src := openDB(t, r, g.config(connections), nil)
		c := cutter(r, meddled{src, func() {
			g.session(3, 2, 1, day0+300, day0+400, 0, 1)
			g.leg(2, 2, 10, day0+110, day0+120, "g2")
			g.db.Exec(t, "delete from sm_res_session_fact where sm_res_session_fact_key = 2; update interaction_resource_fact set end_ts = end_ts + 9")
		}})
		must.Have(c.Cut(t.Context(), utcDay))(t)
		require.Equal(t, []string{"1 200", "2 200"}, r.strings(t, sessionsSQL))
		require.Equal(t, []string{"leg 1 120 g1"}, r.strings(t, activitiesSQL))
	}
}

// meddled is a source in which something happens between the sessions and the activities.
type meddled struct {
	extract.Source
	meddle func()
}

func (m meddled) Activities(ctx context.Context, w extract.Window, reach calendar.Interval, logins extract.Logins, take func(extract.Part) error) error {
	m.meddle()
	return m.Source.Activities(ctx, w, reach, logins, take)
}

// A table that was there when the run looked is gone when it is read.
func TestATableThatIsDroppedMidwayFailsTheSourceAndKeepsTheSlice(t *testing.T) {
	g, r := small(t, pgtest.Schema(t)), newRig(t)
	r.cutAgain(t, g)
	src := openDB(t, r, g.config(2), nil)
	_, err := cutter(r, meddled{src, func() { g.db.Exec(t, "drop table contact_attempt_fact") }}).Cut(t.Context(), utcDay)
	must.Fail(t, err, fail.Source, "contact_attempt_fact", "")
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
}

// fails is the error of reading the day over one connection.
func (g *gim) fails() error {
	src, err := extract.OpenGIMDB(g.t.Context(), g.config(1), nil, none)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it failed, or the test does
	return must.Err(cutter(newRig(g.t), src).Cut(g.t.Context(), utcDay))
}

func cutter(r *rig, src extract.Source) *extract.Cutter {
	return &extract.Cutter{Stage: r.stage, Source: src, SettleHours: 1, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
}

// What cannot be stored ends the statement that sends it: nobody reads on to the end of a table that nobody wants. Every
// row that the server makes leaves a lock, to be counted afterwards.
func TestARowThatCannotBeStoredCancelsTheStatement(t *testing.T) {
	g := newGIM(t, gimschema.Tables)
	const rows, class = 3000, 1773100800
	g.db.Exec(t, fmt.Sprintf(`
		drop table resource_;
		create view resource_ as
		select case when i = 1 then 1e30 else i end as resource_key, 'AGENT' as resource_type_code, repeat('x', 8000) as resource_name,
			pg_try_advisory_lock(%d, i)::text || pg_sleep(case when i < 10 then 0 else 0.01 end)::text as employee_id, null::text as switch_name
		from generate_series(1, %d) as i`, class, rows))
	r := newRig(t)
	src := openDB(t, r, g.config(1), nil)
	require.ErrorContains(t, must.Err(cutter(r, src).Cut(t.Context(), utcDay)), "resource_key")
	require.True(t, src.Broken())
	var made int
	require.NoError(t, g.db.Conn.QueryRow(t.Context(), "select count(*) from pg_locks where locktype = 'advisory' and classid = $1", class).Scan(&made))
	require.Positive(t, made)
	require.Less(t, made, rows, "the statement went on to its end")
}

// Every statement names the schema of the tables that it reads: with none in the search_path it is understood all the same.
func TestEveryStatementOnAGIMNamesTheSchema(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.db.Exec(t, "create table if not exists ctl_ud_to_ude_mapping (ud_key_name text, active_flag integer, default_value text); set search_path to ''")
	for _, name := range texts.Names("gim/") {
		require.NoError(t, must.Err(g.db.Conn.Prepare(t.Context(), name, texts.InSchema(name, g.db.Schema))), name)
	}
}

// columnsOf are the columns that the program reads: numbers, or texts.
func columnsOf(texts bool) (columns []string) {
	for table, names := range map[string]string{
		"media_type":                "media_type_key media_name_code",
		"dialing_mode":              "dialing_mode_key dialing_mode_code",
		"resource_":                 "resource_key resource_type_code resource_name employee_id switch_name",
		"sm_res_session_fact":       "sm_res_session_fact_key start_date_time_key tenant_key media_type_key resource_key start_ts end_ts active_flag update_audit_key",
		"interaction_resource_fact": "interaction_resource_id start_date_time_key tenant_key resource_key media_resource_key start_ts end_ts active_flag update_audit_key",
		"irf_user_data_gen_1":       "interaction_resource_id start_date_time_key gsw_call_attempt_guid update_audit_key",
		"contact_attempt_fact":      "contact_attempt_fact_key start_date_time_key tenant_key dialing_mode_key resource_key call_attempt_id start_ts end_ts update_audit_key",
		"ctl_extract_history":       "data_source_key data_source_type max_ts dap_name",
	} {
		for name := range strings.FieldsSeq(names) {
			isText := strings.HasSuffix(name, "_code") || strings.HasSuffix(name, "_name") || name == "employee_id" || strings.HasPrefix(name, "gsw_") || name == "call_attempt_id"
			if isText == texts {
				columns = append(columns, table+"."+name)
			}
		}
	}
	slices.Sort(columns)
	return columns
}

// retype gives columns another type.
func (g *gim) retype(columns []string, to string) {
	for _, column := range columns {
		table, name, _ := strings.Cut(column, ".")
		g.db.Exec(g.t, fmt.Sprintf("alter table %s alter column %s type %s using %[2]s::%[3]s", table, name, to))
	}
}

// A real holds numbers of 24 bits: these times lie where it holds them too.
func roundTimes(t *testing.T, ddl string) *gim {
	g := newGIM(t, ddl)
	g.highWater(day0 + 86400 + 7168)
	g.session(1, 1, 1, day0-2048, day0+256, 0, 3)
	g.session(2, 2, 1, day0+86400-1024, day0+86400+1024, 0, 3)
	g.session(3, 3, 1, day0+1024, -1, 1, 3)
	g.leg(1, 1, 10, day0-1920, day0-1792, "g1")
	g.leg(2, 1, 10, day0+128, day0+256, "g2")
	g.leg(3, 2, 11, day0+86400+128, day0+86400+256, "g3")
	g.leg(4, 1, 10, day0+128, day0+256, "")
	g.attempt(1, 2, 3, day0+86400+128, day0+86400+256)
	g.attempt(2, 1, 4, day0+128, -1)
	g.db.Exec(g.t, "update sm_res_session_fact set start_date_time_key = start_date_time_key / 128 * 128")
	for _, table := range []string{"interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"} {
		g.db.Exec(g.t, "update "+table+" set start_date_time_key = start_date_time_key / 128 * 128")
	}
	g.db.Exec(g.t, "update ctl_extract_history set max_ts = max_ts / 128 * 128")
	return g
}

// Whatever a column is made of, the numbers in it are the same, through a view too.
func TestWholeNumbersAreReadFromEveryType(t *testing.T) {
	t.Parallel()
	want, summary := roundTimes(t, gimschema.DDL).cut(2)
	require.Len(t, want.strings(t, "select activity_key from ocs_activity"), 5)
	for _, to := range []string{"bigint", "numeric", "numeric(19)", "numeric(18,3)", "double precision", "real", "whole_number"} {
		t.Run(to, func(t *testing.T) {
			g := roundTimes(t, gimschema.DDL)
			g.db.Exec(t, "create domain a_number as numeric(20,2); create domain whole_number as a_number")
			g.retype(columnsOf(false), to)
			r, s := g.cut(2)
			require.Equal(t, want.strings(t, activitiesSQL), r.strings(t, activitiesSQL))
			require.Equal(t, summary.SHA256, s.SHA256)
			require.Equal(t, want.strings(t, "select high_water from _data.slice"), r.strings(t, "select high_water from _data.slice"))
			for _, table := range tables {
				g.db.Exec(t, fmt.Sprintf("alter table %[1]s rename to real_%[1]s; create view %[1]s as select * from real_%[1]s", table))
			}
			_, s = g.cut(2)
			require.Equal(t, summary.SHA256, s.SHA256, "through views")
		})
	}
	t.Run("smallint", func(t *testing.T) {
		g := roundTimes(t, gimschema.DDL)
		g.retype(slices.DeleteFunc(columnsOf(false), func(c string) bool {
			return strings.HasSuffix(c, "_ts") || strings.HasSuffix(c, "date_time_key")
		}), "smallint")
		_, s := g.cut(2)
		require.Equal(t, summary.SHA256, s.SHA256)
	})
}

// The mark is a second up to which all is there: of a part of the next one nothing is known.
func TestR10HighWaterMarkIsAWholeSecond(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0)
	g.retype([]string{"ctl_extract_history.max_ts"}, "numeric")
	g.db.Exec(t, "update ctl_extract_history set max_ts = max_ts + 0.75")
	require.EqualValues(t, day0, *openDB(t, newRig(t), g.config(1), nil).Horizon().HighWater)
}

// A char(n) fills up with blanks, which are no part of the text; those of the other types are.
func TestTextsAreReadFromEveryType(t *testing.T) {
	t.Parallel()
	_, summary := roundTimes(t, gimschema.DDL).cut(2)
	for _, to := range []string{"text", "varchar", "varchar(80)", "char(80)", "a_text", "a_char"} {
		t.Run(to, func(t *testing.T) {
			g := roundTimes(t, gimschema.DDL)
			g.db.Exec(t, "create domain a_text as text; create domain some_char as char(70); create domain a_char as some_char")
			g.retype(columnsOf(true), to)
			_, s := g.cut(2)
			require.Equal(t, summary.SHA256, s.SHA256)
		})
	}
	g := roundTimes(t, gimschema.DDL)
	g.db.Exec(t, "update resource_ set employee_id = employee_id || ' '")
	_, s := g.cut(2)
	require.NotEqual(t, summary.SHA256, s.SHA256, "a blank that somebody wrote into a varchar")
}

// Columns of other types are told before anything is read, all at once.
func TestColumnsOfAnotherTypeAreNamedAtOnce(t *testing.T) {
	g := roundTimes(t, gimschema.DDL)
	g.db.Exec(t, `
		create type colour as enum ('red'); create domain moment as timestamptz;
		alter table sm_res_session_fact alter column start_ts type timestamp using to_timestamp(start_ts), alter column active_flag type boolean using active_flag <> 0;
		alter table interaction_resource_fact alter column end_ts type moment using to_timestamp(end_ts);
		alter table contact_attempt_fact alter column contact_attempt_fact_key type varchar(20);
		alter table irf_user_data_gen_1 alter column gsw_call_attempt_guid type bytea using ''::bytea;
		alter table resource_ alter column employee_id type integer using 1, alter column switch_name type colour using 'red', alter column resource_name type name, alter column resource_type_code type varchar(32)[] using null;
		alter table ctl_extract_history alter column max_ts type timestamp(3) using now();
		alter table dialing_mode drop column dialing_mode_code`)
	_, read := extract.OpenGIMDB(t.Context(), g.config(2), nil, none)
	_, looked := extract.InspectGIMDB(t.Context(), g.config(1), nil, time.UTC)
	for _, err := range []error{read, looked} {
		require.ErrorContains(t, err, "wrong type: contact_attempt_fact.contact_attempt_fact_key is character varying(20), "+
			"ctl_extract_history.max_ts is timestamp(3) without time zone, interaction_resource_fact.end_ts is moment, "+
			"irf_user_data_gen_1.gsw_call_attempt_guid is bytea, resource_.employee_id is integer, resource_.resource_name is name, "+
			"resource_.resource_type_code is character varying(32)[], resource_.switch_name is colour, "+
			"sm_res_session_fact.active_flag is boolean, sm_res_session_fact.start_ts is timestamp without time zone; "+
			"numbers may be smallint, integer, bigint, numeric, real or double precision, texts text, varchar or char")
		must.Fail(t, err, fail.Source, "missing: column dialing_mode.dialing_mode_code")
		require.Contains(t, strings.Join(fail.Hints(err), "\n"), "views of the same names")
	}
}

// A number that is not whole is told with its table, column and row wherever it stands, and is never made whole. A view may give rows
// without a key, as an outer join does: that is told so too.
func TestNumbersThatAreNotWholeAreNamed(t *testing.T) {
	t.Parallel()
	first := map[string]string{"media_type": "media_type_key = 1", "dialing_mode": "dialing_mode_key = 3", "resource_": "resource_key = 1",
		"sm_res_session_fact": "sm_res_session_fact_key = 1", "interaction_resource_fact": "interaction_resource_id = 2",
		"irf_user_data_gen_1": "interaction_resource_id = 2", "contact_attempt_fact": "contact_attempt_fact_key = 2"}
	for _, column := range columnsOf(false) {
		table, name, _ := strings.Cut(column, ".")
		if table == "ctl_extract_history" {
			continue // the server computes with it
		}
		t.Run(column, func(t *testing.T) {
			g := roundTimes(t, gimschema.Tables) // where keys may repeat, every column is read
			g.retype([]string{column}, "numeric")
			g.db.Exec(t, fmt.Sprintf("update %s set %s = coalesce(%[2]s, 0) + 0.75 where %s", table, name, first[table]))
			err := g.fails()
			must.Fail(t, err, fail.Source, table+", row with ", "correct that row")
			require.ErrorContains(t, err, ": "+name+" is ")
			require.ErrorContains(t, err, ".75, not a whole number of ")
		})
		// Not a key, or a row without it is none that is asked for.
		if !strings.HasPrefix(first[table], name) || table == "interaction_resource_fact" {
			continue
		}
		t.Run(column+" null", func(t *testing.T) {
			g := roundTimes(t, gimschema.Tables)
			g.db.Exec(t, fmt.Sprintf("alter table %s alter %s drop not null; update %[1]s set %[2]s = null where %[3]s", table, name, first[table]))
			err := g.fails()
			must.Fail(t, err, fail.Source, table+", row with "+name+" null")
			require.ErrorContains(t, err, ": "+name+" is null, not a whole number of 64 bits")
		})
	}
}

func TestWhatIsNoNumberOf64BitsIsNamedWithItsRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ column, to, value, want string }{
		{"sm_res_session_fact.end_ts", "double precision", "'NaN'", "row with sm_res_session_fact_key 1, start_date_time_key 1773097984: end_ts is NaN, not a whole number of 64 bits"},
		{"sm_res_session_fact.end_ts", "double precision", "'Infinity'", "end_ts is +Inf, not"},
		{"sm_res_session_fact.end_ts", "double precision", "1773100800.5", "end_ts is 1773100800.5, not"},
		{"sm_res_session_fact.end_ts", "double precision", "9223372036854775808", "end_ts is 9.223372036854776e+18, not"},
		{"sm_res_session_fact.end_ts", "real", "1e30", "not a whole number of 64 bits"},
		{"sm_res_session_fact.end_ts", "numeric", "'NaN'", "end_ts is NaN, not"},
		{"sm_res_session_fact.end_ts", "numeric", "'Infinity'", "not a whole number of 64 bits"},
		{"sm_res_session_fact.end_ts", "numeric", "9223372036854775808", "end_ts is 9223372036854775808, not"},
		{"sm_res_session_fact.update_audit_key", "numeric(19)", "-9223372036854775809", "update_audit_key is -9223372036854775809, not"},
		{"sm_res_session_fact.start_ts", "numeric(60,40)", "1773100800.0000000000000000000000000000000000000001", "start_ts is 1773100800.0000000000000000000000000000000000000001, not"},
		{"sm_res_session_fact.active_flag", "integer", "65536", "active_flag is 65536, not a whole number of 16 bits"},
		{"interaction_resource_fact.interaction_resource_id", "numeric(19)", "9223372036854775808", "interaction_resource_fact, row with interaction_resource_id 9223372036854775808, "},
		{"interaction_resource_fact.interaction_resource_id", "numeric(19)", "'NaN'", "interaction_resource_id is NaN, not"},
		{"interaction_resource_fact.start_ts", "numeric", "9223372036854775808", "start_ts is 9223372036854775808, not"},
		{"interaction_resource_fact.resource_key", "double precision", "'-Infinity'", "resource_key is -Inf, not"},
	} {
		t.Run(c.column+" "+c.to+" "+c.value, func(t *testing.T) {
			g := roundTimes(t, gimschema.DDL)
			g.retype([]string{c.column}, c.to)
			table, name, _ := strings.Cut(c.column, ".")
			row := "sm_res_session_fact_key = 1"
			if table == "interaction_resource_fact" {
				row = "interaction_resource_id = 1" // before the day
			}
			if name == "interaction_resource_id" {
				row = "interaction_resource_id = 2" // in the day
			}
			g.db.Exec(t, fmt.Sprintf("update %s set %s = %s where %s", table, name, c.value, row))
			must.Fail(t, g.fails(), fail.Source, c.want)
		})
	}
}

// horizon is what a look at a GIM finds whose histories hold rows: of data sources, type, key, max_ts and extract_end_time; and of
// transformations, start and end.
func horizon(t *testing.T, g *gim, extracted, transformed string) (extract.Horizon, error) {
	g.db.Exec(t, `truncate ctl_extract_history, ctl_transform_history;
		insert into ctl_extract_history (table_name, data_source_type, data_source_key, max_ts, extract_end_time, dap_name, job_id, create_audit_key, created_ts)
		select 't', type, key, max_ts::text::`+g.maxTS()+`, ended::timestamp, 'DAP_' || key, 'j', 1, 1 from (values `+extracted+`) as v (type, key, max_ts, ended);
		insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key)
		select 'j', 1, began::timestamp, ended::timestamp, 1, 1 from (values `+transformed+`) as v (began, ended)`)
	cfg := g.config(1)
	cfg.RetiredAfterDays = 7
	return extract.GIMDBHorizon(t.Context(), cfg)
}

func (g *gim) maxTS() (name string) {
	require.NoError(g.t, g.db.Conn.QueryRow(g.t.Context(), "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'ctl_extract_history'::regclass and attname = 'max_ts'").Scan(&name))
	return name
}

// What is extracted says nothing until a transformation that began afterwards has ended.
func TestR10ExtractedIsNotTransformed(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	const noon, night = 1773144000, 1773196200
	day := fmt.Sprintf("(1, 1, %d, '2026-03-10 07:10'), (3, 1, %[1]d + 60, '2026-03-10 07:10'), (1, 1, %d, '2026-03-10 21:35'), (3, 1, %[2]d, '2026-03-10 21:35'), (1, 2, %[2]d, '2026-03-10 21:35'), (2, 4, 7, null)", noon, night)
	for _, c := range []struct {
		transformed string
		want        int64 // 0: not ready
	}{
		{"(null, null)", 0},
		{"('2026-03-10 07:00', '2026-03-10 23:00')", 0},
		{"('2026-03-10 07:10', '2026-03-10 07:20')", 0}, // nothing of the T-Server that was extracted at night alone
		{"('2026-03-10 07:10', '2026-03-10 07:20'), ('2026-03-10 21:35', null)", 0},
		{"('2026-03-10 21:34:59.999', '2026-03-10 22:00')", 0},
		{"('2026-03-10 21:35', '2026-03-10 22:00')", night},
	} {
		h := must.Have(horizon(t, g, day, c.transformed))(t)
		ready, known := h.Ready(utcDay)
		require.True(t, known, c.transformed)
		require.Equal(t, c.want > 0, ready, c.transformed)
		if c.want > 0 {
			require.Equal(t, c.want, *h.HighWater)
		} else {
			require.Nil(t, h.HighWater, c.transformed)
			require.Contains(t, h.Reach(), "has not transformed yet what it extracted of ")
		}
	}
	h := must.Have(horizon(t, g, fmt.Sprintf("(1, 1, %d, '2026-03-10 07:10'), (3, 1, %[1]d + 60, '2026-03-10 07:10'), (1, 1, %d, '2026-03-10 21:35')", noon, night), "('2026-03-10 07:10', '2026-03-10 07:20')"))(t)
	require.EqualValues(t, noon, *h.HighWater)
	require.Equal(t, "is complete up to 2026-03-10T12:00:00Z (data_source_key 1, T-Server DAP_1)", h.Reach())
}

// Whether a data source lives is told by what was extracted of it: one that has just come back is not left out for what is still to be transformed.
func TestR10ADataSourceThatLagsIsLeftOut(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	const mark, week = 1773196200, 7 * 86400
	living := fmt.Sprintf("(1, 1, %d, '2026-03-10 21:35'), (3, 1, %[1]d, '2026-03-10 21:35')", mark)
	for _, c := range []struct {
		other string
		left  int
		want  int64
	}{
		{fmt.Sprintf("(1, 2, %d, '2026-03-03 21:35')", mark-week), 0, mark - week},
		{fmt.Sprintf("(1, 2, %d, '2026-03-03 21:35')", mark-week-1), 1, mark},
		{fmt.Sprintf("(1, 2, %d, null)", mark-week-1), 1, mark},
		{fmt.Sprintf("(1, 2, %d, '2026-03-10 23:00')", mark-week-1), 1, mark},
		{fmt.Sprintf("(1, 2, %d, '2026-03-01 21:35'), (1, 2, %d, '2026-03-10 23:00')", mark-9*86400, mark), 0, mark - 9*86400},
	} {
		h := must.Have(horizon(t, g, living+", "+c.other, "('2026-03-10 22:00', '2026-03-10 22:20')"))(t)
		require.Len(t, h.Retired, c.left, c.other)
		require.Equal(t, c.want, *h.HighWater, c.other)
	}
}

// What is no time of seconds, or still to come, is refused, of whatever type it is; of data sources that do not matter nobody asks.
func TestR10AMarkThatIsNoTimeIsRefused(t *testing.T) {
	for _, c := range []struct{ to, maxTS, want string }{
		{"bigint", "1773196200000", "max_ts of data_source_key 1, T-Server DAP_1 is 1773196200000, which is no time in seconds"},
		{"integer", "0", "is 0, which is no time in seconds"},
		{"integer", "-5", "is -5, which is no time in seconds"},
		{"integer", "29553270", "is 29553270, which is no time in seconds"}, // minutes
		{"integer", "extract(epoch from now())::integer + 600", "which lies ahead of the server's clock"},
		{"numeric", "1e30", "which is no time in seconds"},
		{"double precision", "'NaN'", "is NaN, which is no time in seconds"},
		{"integer", "extract(epoch from now())::integer + 60", ""}, // clocks of a site differ
	} {
		g := newGIM(t, gimschema.DDL)
		g.retype([]string{"ctl_extract_history.max_ts"}, c.to)
		_, err := horizon(t, g, "(1, 1, "+c.maxTS+", '2026-03-10 21:35')", "('2026-03-10 22:00', '2026-03-10 22:20')")
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		must.Fail(t, err, fail.Source, c.want, "")
		must.Have(horizon(t, g, "(4, 1, "+c.maxTS+", '2026-03-10 21:35')", "('2026-03-10 22:00', '2026-03-10 22:20')"))(t)
	}
}

// A day that ends before a source's first session of any medium was purged, or was never there; a day after it without a session
// is one on which nobody was there.
func TestADayBeforeTheFirstSessionOfASourceIsRefused(t *testing.T) {
	window := func(day int) extract.Window {
		d := utcDay.Day.AddDays(day)
		return extract.Window{Day: d, Spans: []calendar.Interval{d.In(time.UTC)}, Lookback: utcDay.Lookback}
	}
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 5*86400)
	g.session(7, 1, 1, day0+10, day0+8000, 0, 1)
	r := newRig(t)
	sources := map[string]extract.Source{"GIM DB": openDB(t, r, g.config(1), nil)}
	check := func(name string, src extract.Source, oldest *int64) {
		c := extract.Cutter{Stage: r.stage, Source: src, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
		_, err := c.Cut(t.Context(), window(-1))
		want := src.Name() + " has no session at all: purged, or never there"
		if oldest != nil {
			want = fmt.Sprintf("the oldest session of %s began at %s, after the day's end: purged, or never there", src.Name(), time.Unix(*oldest, 0).UTC().Format(time.RFC3339))
		}
		require.EqualError(t, err, "extract "+window(-1).Day.String()+": "+want, name)
		require.Equal(t, fail.Source, fail.CodeOf(err), name)
		require.Empty(t, r.strings(t, everyRow), name)
		c.AcceptLoss = true
		s, err := c.Cut(t.Context(), window(-1))
		require.NoError(t, err, name)
		require.Contains(t, s.Accepted(), "never there", name)
		r.forget(t)
	}
	first := int64(day0)
	for name, src := range sources {
		check(name, src, &first)
		require.Zero(t, r.cut(t, src, window(1)).Sessions, name)
		r.forget(t)
	}
	oldest := func() *int64 {
		return must.Have(extract.InspectGIMDB(t.Context(), g.config(1), nil, time.UTC))(t).Oldest
	}
	require.Equal(t, &first, oldest())
	g.db.Exec(t, "delete from sm_res_session_fact")
	require.Nil(t, oldest())
	check("empty GIM DB", openDB(t, r, g.config(1), nil), nil)
	check("export", openExport(t, r, exportOf(t, base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 10, 8000, 1)}))), &first)
	check("empty export", openExport(t, r, exportOf(t, base(nil))), nil)
}

// forget empties the store of the day's slice.
func (r *rig) forget(t *testing.T) {
	require.NoError(t, store.DropSlice(t.Context(), r.work.Conn, utcDay.Day))
	must.Have(r.work.Conn.ExecContext(t.Context(), "delete from _data.slice; delete from _data.slice_span"))(t)
}
