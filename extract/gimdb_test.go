package extract_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/gimschema"
	texts "seats/sql"
)

var none = extract.Told{Expect: func(int64) {}, Arrive: func(string, int64) {}}

// A GIM DB without primary keys, as a view or a restored copy may be: of a key that it holds twice the newest
// row counts.
func TestR11DuplicatesOfAGIMDBWithoutPrimaryKeys(t *testing.T) {
	g := newGIM(t, gimschema.Tables)
	g.highWater(day0 + 86400 + 7200)
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
	g, r := newGIM(t, gimschema.DDL), newRig(t)
	g.highWater(day0 + 86400 + 7200)
	g.db.Exec(t, "create table part () inherits (sm_res_session_fact)")
	g.session(1, 1, 1, day0+100, day0+300, 0, 7)
	g.db.Exec(t, "insert into part select * from sm_res_session_fact; update part set end_ts = null, active_flag = 1, update_audit_key = 5")
	r.cutAndClose(t, g) // a snapshot holds locks
	require.Equal(t, []string{"1 300"}, r.strings(t, sessionsSQL))
	require.Equal(t, []string{"sm_res_session_fact 2"}, r.strings(t, duplicatesSQL))

	g.db.Exec(t, `drop table part; alter table sm_res_session_fact rename to whole;
		create table sm_res_session_fact (like whole, primary key (sm_res_session_fact_key, start_date_time_key)) partition by range (start_date_time_key);
		create table part partition of sm_res_session_fact default`)
	var unique bool
	require.NoError(t, g.db.Conn.QueryRow(t.Context(), texts.Text("gim/unique_key"), g.db.Schema, "sm_res_session_fact",
		[]string{"sm_res_session_fact_key", "start_date_time_key"}).Scan(&unique))
	require.True(t, unique)
}

// Sites with several tenants give each reader views in a schema of its own, or one schema and a tenant key.
func TestViewsInAnotherSchemaAndTheTenantKey(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+100, day0+200, 0, 1)
	g.leg(1, 1, 10, day0+110, day0+120, "g1")
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
		_, err := g.db.Conn.Exec(context.Background(), "drop schema "+views+" cascade")
		require.NoError(t, err)
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
	_, err := cutter(r, src).Cut(t.Context(), utcDay)
	require.ErrorContains(t, err, "end_ts is 300000000000, which is no time")
	require.False(t, src.Broken())
	later := utcDay
	later.Day, later.Spans = utcDay.Day.AddDays(3), []calendar.Interval{{Start: day0 + 3*86400, End: day0 + 4*86400}}
	require.EqualValues(t, 1, r.cut(t, src, later).Agents)
}

func TestR10HighWaterMarkIsUnknownWhereNothingTellsIt(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	mark := func() *int64 {
		src, err := extract.OpenGIMDB(t.Context(), g.config(1), nil, none)
		require.NoError(t, err)
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
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+100, day0+200, 0, 1)
	r := newRig(t)
	r.cutAndClose(t, g)
	g.sleeping("sm_res_session_fact", "5")
	cfg := g.config(2)
	cfg.StatementTimeout = 300 * time.Millisecond
	began := time.Now()
	_, err := cutter(r, openDB(t, r, cfg, nil)).Cut(t.Context(), utcDay)
	require.ErrorContains(t, err, "57014")
	require.ErrorContains(t, err, "sql/gim/session")
	require.Equal(t, fail.Source, fail.CodeOf(err))
	require.Less(t, time.Since(began), 4*time.Second)
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
}

func TestABackendThatIsEndedMidwayFailsTheSourceAndKeepsTheSlice(t *testing.T) {
	for _, connections := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d connections", connections), func(t *testing.T) {
			g := newGIM(t, gimschema.DDL)
			g.highWater(day0 + 86400 + 7200)
			g.session(1, 1, 1, day0+100, day0+200, 0, 1)
			g.leg(1, 1, 10, day0+110, day0+120, "g1")
			r := newRig(t)
			r.cutAndClose(t, g)
			g.sleeping("interaction_resource_fact", "30")
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
			}, 10*time.Second, 20*time.Millisecond)
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
		g := newGIM(t, gimschema.DDL)
		g.highWater(day0 + 86400 + 7200)
		g.session(1, 1, 1, day0+100, day0+200, 0, 1)
		g.session(2, 2, 1, day0+100, day0+200, 0, 1)
		g.leg(1, 1, 10, day0+110, day0+120, "g1")
		r := newRig(t)
		src := openDB(t, r, g.config(connections), nil)
		c := cutter(r, meddled{src, func() {
			g.session(3, 2, 1, day0+300, day0+400, 0, 1)
			g.leg(2, 2, 10, day0+110, day0+120, "g2")
			g.db.Exec(t, "delete from sm_res_session_fact where sm_res_session_fact_key = 2; update interaction_resource_fact set end_ts = end_ts + 9")
		}})
		_, err := c.Cut(t.Context(), utcDay)
		require.NoError(t, err)
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
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+100, day0+200, 0, 1)
	r := newRig(t)
	r.cutAndClose(t, g)
	src := openDB(t, r, g.config(2), nil)
	_, err := cutter(r, meddled{src, func() { g.db.Exec(t, "drop table contact_attempt_fact") }}).Cut(t.Context(), utcDay)
	require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "contact_attempt_fact")
	require.NotEmpty(t, fail.Hints(err))
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
}

// cutAndClose gives back the locks that an open snapshot holds on the tables.
func (r *rig) cutAndClose(t *testing.T, g *gim) {
	src, err := extract.OpenGIMDB(t.Context(), g.config(2), nil, none)
	require.NoError(t, err)
	r.cut(t, src, utcDay)
	require.NoError(t, src.Close())
}

func cutter(r *rig, src extract.Source) *extract.Cutter {
	return &extract.Cutter{Stage: r.stage, Source: src, SettleHours: 1, Clock: func() time.Time { return time.Unix(day0+200000, 0) }}
}

// A server that comes up late is waited for.
func TestConnectingIsTriedAgainUntilTheServerListens(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	cfg := g.config(2)
	cfg.Host, cfg.Port = "127.0.0.1", freePort(t)
	go func() {
		time.Sleep(700 * time.Millisecond)
		forward(t.Context(), fmt.Sprintf("127.0.0.1:%d", cfg.Port), net.JoinHostPort(g.db.Host, fmt.Sprint(g.db.Port)))
	}()
	src, err := extract.OpenGIMDB(t.Context(), cfg, nil, none)
	require.NoError(t, err)
	require.NoError(t, src.Close())
}

func TestConnectingIsGivenUpInTheEndOrWhenCancelled(t *testing.T) {
	g := config.GIMDB{Host: "127.0.0.1", Port: freePort(t), Database: "gim", User: "u", Schema: "public", SSLMode: "disable", Connections: 1}
	began := time.Now()
	_, err := extract.OpenGIMDB(t.Context(), g, nil, none)
	require.Equal(t, fail.Source, fail.CodeOf(err))
	require.ErrorContains(t, err, "refused")
	require.Greater(t, time.Since(began), 2*time.Second)

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began = time.Now()
	_, err = extract.OpenGIMDB(ctx, g, nil, none)
	require.Error(t, err)
	require.Less(t, time.Since(began), 2*time.Second)
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// forward carries connections from one address to another until the context ends.
func forward(ctx context.Context, from, to string) {
	l, err := net.Listen("tcp", from)
	if err != nil {
		return // the test fails for want of a server
	}
	context.AfterFunc(ctx, func() { l.Close() })
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer in.Close()
			out, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer out.Close()
			go io.Copy(out, in) //nolint:errcheck // ends with the connection
			io.Copy(in, out)    //nolint:errcheck // likewise
		}()
	}
}

func TestAPasswordIsInNoError(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	for _, change := range []func(*config.GIMDB){
		func(c *config.GIMDB) { c.Port = freePort(t) },
		func(c *config.GIMDB) { c.Database = "nowhere" },
		func(c *config.GIMDB) { c.User = "nobody" },
		func(c *config.GIMDB) { c.Schema = "nowhere" },
	} {
		cfg := g.config(1)
		cfg.Password = config.Secret("sesame")
		change(&cfg)
		_, err := extract.OpenGIMDB(t.Context(), cfg, nil, none)
		require.Error(t, err)
		require.NotContains(t, err.Error()+strings.Join(fail.Hints(err), ""), "sesame")
	}
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
	c := extract.Cutter{Stage: r.stage, Source: src, SettleHours: 1, Clock: time.Now}
	_, err := c.Cut(t.Context(), utcDay)
	require.ErrorContains(t, err, "resource_key")
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
		_, err := g.db.Conn.Prepare(t.Context(), name, texts.InSchema(name, g.db.Schema))
		require.NoError(t, err, name)
	}
}
