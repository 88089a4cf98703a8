package query

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
	"example.com/seats/report"
)

// anAsker asks a locked database, in which there is nothing.
func anAsker(t *testing.T) *Asker {
	db := must.Have(duck.Open("", duck.Options{Locked: true}))(t)
	conn := must.Have(db.Conn(t.Context()))(t)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		require.NoError(t, db.Close())
	})
	return &Asker{Conn: conn, Clock: time.Now, Out: io.Discard}
}

func TestStatementsEndWhereDuckDBSaysSo(t *testing.T) {
	a := anAsker(t)
	for _, c := range []struct {
		text     string
		complete []string
		rest     string
	}{
		{"", nil, ""},
		{" \n ", nil, " \n "},
		{";;\n;", nil, ""},
		{"select 1", nil, "select 1"},
		{"select 1; select 2;\n", []string{"select 1;", "select 2;"}, "\n"},
		{"select 'a;b'; select 2", []string{"select 'a;b';"}, " select 2"},
		{"select 'it''s;'; x", []string{"select 'it''s;';"}, " x"},
		{`select 1 as "a;""b";`, []string{`select 1 as "a;""b";`}, ""},
		{"select 'a;\n", nil, "select 'a;\n"},
		{"-- no; end\nselect 1;", []string{"-- no; end\nselect 1;"}, ""},
		{"select 1 -- no; end\n + 1;", []string{"select 1 -- no; end\n + 1;"}, ""},
		{"-- only; this", nil, "-- only; this"},
		{"/* no; end */ select /* ; */ 1;", []string{"/* no; end */ select /* ; */ 1;"}, ""},
		{"/* goes on; ", nil, "/* goes on; "},
		{"select $$a;b$$; select $t$;$$;$t$;", []string{"select $$a;b$$;", "select $t$;$$;$t$;"}, ""},
		{`select e'\';'; x`, []string{`select e'\';';`}, " x"},
		{"-- see /* here\nselect 1;", []string{"-- see /* here\nselect 1;"}, ""},
		{"-- ended\rselect 1; x", []string{"-- ended\rselect 1;"}, " x"},
		{"select 1 as a$$; select 2 as b$$;", []string{"select 1 as a$$;", "select 2 as b$$;"}, ""},
		{"select 'ü;ß'; select 'é';", []string{"select 'ü;ß';", "select 'é';"}, ""},
		{"selec 1; select 2;", []string{"selec 1;", "select 2;"}, ""},
		{"select (1; select 2;", []string{"select (1;", "select 2;"}, ""},
		{"copy (select 1) to 'a;b'; attach 'x';", []string{"copy (select 1) to 'a;b';", "attach 'x';"}, ""},
		// A blank of Unicode's parts words, and the texts of one E'' may lie in several lines.
		{"select\u00a0$$ ' $$; select ' ';", []string{"select\u00a0$$ ' $$;", "select ' ';"}, ""},
		{"select E'a'\n'\\'; select 2; select '1';", []string{"select E'a'\n'\\'; select 2; select '1';"}, ""},
	} {
		complete, rest, err := a.split(t.Context(), c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.complete, complete, c.text)
		require.Equal(t, c.rest, rest, c.text)
	}
}

// A text is one statement or none, and of a kind that asks; whatever stands in it, nothing of it is run before that is known.
func TestOneQuestionOrNothing(t *testing.T) {
	a := anAsker(t)
	a.Parquet = filepath.Join(t.TempDir(), "result.parquet")
	target := filepath.Join(t.TempDir(), "x")
	write := "copy (select 1) to '" + target + "' (format csv, use_tmp_file false)"
	for _, text := range []string{
		"select\u00a0$$ ' $$; " + write + "; select ' '", "select E'a'\n'\\''; " + write + "; select '1'", "select 1; select 2", "select 1\x00; select 2", "select '\xff'",
		write, "explain analyze " + write, "explain (format json, analyze) " + write, "explain explain analyze select 1",
		"create temp table t as select 1; " + write, "create temp view v as from enable_logging()", "create temp macro sum(x) as x", "create macro m() as table select 1",
		"create temp table t (a integer)", "create table t as select 1", "create persistent secret s (type http)", "create temp secret s (type http)", "create type e as enum ('a')",
		"set variable v = (from enable_logging() select 1)", "set variable v = 1) from enable_logging() where (true", "set threads = 1", "set timezone = write_log('x')",
		"call enable_logging()", "pragma enable_profiling", "prepare p as " + write, "execute p", "checkpoint", "load json", "install httpfs", "attach ':memory:' as m", "detach m",
		"begin", "vacuum", "analyze", "export database '" + target + "'", "insert into t values (1)", "pivot (select 1 as a, 2 as b) on a using sum(b)",
		"with x as (insert into t values (1)) select 1",
		"select (select 1 from query('select 1'))", "select json_serialize_plan('select 1')", "select system.main.write_log('x')", `from "enable_logging"()`, "from system.main.ENABLE_LOGGING()",
		"select 1 limit (select count(*) from glob('*'))", "select 1 order by write_log('x')", "select count(*) filter (write_log('x') is null)", "select sum(1) over (order by write_log('x'))",
		"select [write_log('x') for i in [1]]", "select list_transform([1], lambda i: write_log('x'))", "with recursive r as (select write_log('x')) from r", "values (write_log('x'))",
		"select 'x'.write_log()", "from (select 1 as a, 2 as b) pivot (sum(write_log('x')) for a in (1))", "explain select write_log('x')", "from (describe select write_log('x'))", "summarize select write_log('x')",
		"select case when write_log('x') then 1 end", "select 1 having write_log('x')", "select 1 from range(1) group by write_log('x')", "from range(1) a join range(1) b on write_log('x')", "select * replace (write_log('x') as range) from range(1)",
		"select columns(c -> write_log(c)) from range(1)", "from range(1) qualify row_number() over (order by write_log('x')) = 1", "from range(write_log('x'))", "select 1 union select write_log('x')", "select exists (select write_log('x'))",
	} {
		for _, file := range []string{"", target + ".parquet"} {
			_, err := a.Ask(context.Background(), text, report.FormatTable, file)
			require.Error(t, err, text)
			require.NotContains(t, err.Error(), "panic", text)
			require.NoFileExists(t, target)
			require.NoFileExists(t, target+".parquet", text)
		}
	}
	for _, text := range []string{
		"select 1", "explain select 1;", "explain analyze select 1", "explain (format json) select 1", "EXPLAIN (select 1)", "-- why\nexplain select 1", "create or replace temp table t as select 1 as a", "create temp view v as (from t)", "from v",
		"set variable v = 1", "set variable v = (select max(a) from t) -- all\n", "select getvariable('v')", "set timezone = 'Europe/Paris'", "-- here\nset TimeZone to 'UTC';", "reset timezone", "use main", "set schema = 'main'",
		"describe t", "summarize t", "show tables", "show all tables", "table t", "values (1)", "pivot t on a in (1) using count(*)", "unpivot t on a", "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) from r",
		"select sum(b) over (), extract(year from current_date), a[1:2], {'function_name': 'x'}, [i + 1 for i in [1]], 'a' like 'b', a is null, try_cast('1' as int), timestamptz '2026-01-01' at time zone 'UTC', list_transform([1], lambda x: x + 1) from (select [1] as a, 1 as b)" +
			" order by all limit 1", "from range(3) r (i) semi join generate_series(1, 3) s (i) using (i)", "select current_date, now(), today(), current_user, current_schema(), random() < 2, not true, 'x' || 1, 2 ** 3, 7 // 2, -1, coalesce(null, 1)",
		"select date '2026-01-01' - interval 1 day, '2026-01-01'::date + 1, 1 between 0 and 2, 1 in (1, 2), case 1 when 1 then 2 end, nullif(1, 2), 'a' ~ 'b', 'a' similar to 'b', 'a' ilike 'b', substring('a' from 1), position('a' in 'b'), trim(both ' ' from 'a')",
		"select map {'a': 1}['a'], struct_pack(a := 1).a, x'00', grouping(a) from t group by cube (a)", "select distinct on (a) a from t", "from t using sample 1", "select cume_dist() over (order by a), lag(a) over (order by a), quantile_cont(a, 0.5) over () from t",
		"select columns('a') from t", "select * exclude (a), a from (select *, 1 as b from t)", "from histogram(t, a)", "select * from duckdb_columns()", "from duckdb_settings()", "from information_schema.tables", "from pg_catalog.pg_class", "from sqlite_master", "select unnest([1, 2])",
		"select strftime(now(), '%H'), date_trunc('day', now()), time_bucket(interval 1 hour, now()), to_timestamp(0), epoch(now()), make_date(2026, 1, 1), age(now())",
	} {
		require.NoError(t, must.Err(a.Ask(t.Context(), text, report.FormatTable, "")), text)
	}
}

// What DuckDB has is on the one list or the other, so that what a new version brings is looked at before it can be called.
func TestEveryFunctionOfDuckDBIsJudged(t *testing.T) {
	a := anAsker(t)
	text := must.Have(os.ReadFile("testdata/refused.txt"))(t)
	refused := map[string]bool{}
	for _, name := range names(string(text)) {
		refused[name] = true
	}
	require.NoError(t, a.readFunctions(t.Context()))
	rows := must.Have(a.Conn.QueryContext(t.Context(), `select distinct lower(function_name), function_type in ('table', 'table_macro') from duckdb_functions() where function_type != 'pragma'`))(t)
	has, tables := map[string]bool{}, []string{}
	for rows.Next() {
		var name string
		var table bool
		require.NoError(t, rows.Scan(&name, &table))
		has[name] = true
		if table && refused[name] {
			tables = append(tables, name)
		}
	}
	require.NoError(t, rows.Err())
	for name := range has {
		require.NotEqual(t, refused[name], slices.Contains(a.functions, name), "functions.txt or testdata/refused.txt must have %q, and not both", name)
	}
	for _, name := range append(names(listed), names(string(text))...) {
		require.True(t, has[name], "DuckDB has no function %q", name)
	}
	require.Greater(t, len(tables), 40)
	for _, name := range tables {
		for _, call := range []string{"from " + name + "()", "from " + name + "('x')", `select 1 from system.main."` + strings.ToUpper(name) + `"('x', 1)`} {
			require.ErrorContains(t, must.Err(a.Ask(t.Context(), call, report.FormatTable, "")), "no function "+name+" can be called here")
		}
	}
}

func TestAFileIsWholeAndNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.csv")
	text := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, text)
			return errors.Join(failed, err)
		}
	}
	require.ErrorContains(t, create(path, text("half", errors.New("torn"))), "write "+path+": torn")
	require.Empty(t, must.Have(os.ReadDir(dir))(t))

	require.NoError(t, create(path, text("whole", nil)))
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(path))(t).Mode())

	// Neither one that was there nor one that came meanwhile is written over.
	require.ErrorContains(t, create(path, text("other", nil)), "it is there already")
	late := filepath.Join(dir, "late.csv")
	require.ErrorContains(t, create(late, func(io.Writer) error { return os.WriteFile(late, []byte("first"), 0o600) }), "it is there already")
	for file, want := range map[string]string{path: "whole", late: "first"} {
		require.Equal(t, want, must.Text(t, file))
	}
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")))
	require.ErrorContains(t, create(filepath.Join(dir, "link"), text("x", nil)), "it is there already")
	require.Len(t, must.Have(os.ReadDir(dir))(t), 3)
}

func TestAFormatByTheNameOfTheFile(t *testing.T) {
	require.Equal(t, "csv", formatFor("table", "x.csv"))
	require.Equal(t, "parquet", formatFor("table", "dir.json/x.parquet"))
	require.Equal(t, "json", formatFor("json", "x.csv"))
	require.Equal(t, "table", formatFor("table", "x.txt"))
	require.Equal(t, "table", formatFor("table", ""))
}

func TestThePagerOfTheUser(t *testing.T) {
	pager := func(env map[string]string) string {
		return DefaultPager(func(name string) (string, bool) { value, is := env[name]; return value, is })
	}
	require.Equal(t, "ours", pager(map[string]string{"SEATS_PAGER": "ours", "PAGER": "theirs"}))
	require.Equal(t, "theirs", pager(map[string]string{"PAGER": "theirs"}))
	require.Equal(t, "", pager(map[string]string{"SEATS_PAGER": "", "PAGER": "theirs"}))
	t.Setenv("PATH", t.TempDir())
	require.Equal(t, "", pager(nil))
	require.NoError(t, os.WriteFile(filepath.Join(os.Getenv("PATH"), "less"), nil, 0o700))
	require.Equal(t, "less -FRSX", pager(nil))
}

func TestWhatIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "seats", "sql_history")
	h := must.Have(openHistory(file))(t)
	for _, typed := range []string{
		"select 1;\n", "select 1;\n", " select 'secret';\n", "\n", "-- nothing\n", "select 'a\nb';\n", ".tables\n",
		"select 'it''s',\n  2 /* of\nlines */;\n", "select 1 -- one\n;\n", "select $$a\nb$$;\n", "select 1;\n",
	} {
		must.Have(h.add(typed))(t)
	}
	want := []string{"select 1;", "-- nothing", ".tables", "select 'it''s',   2 /* of lines */;", "select 1;"}
	require.Equal(t, want, h.entries)
	again := must.Have(openHistory(file))(t)
	require.Equal(t, want, again.entries)

	// What others could read is closed to them.
	require.NoError(t, os.Chmod(file, 0o644))
	must.Have(again.add("select 3;"))(t)
	require.Equal(t, os.FileMode(0o600), must.Have(os.Stat(file))(t).Mode())
}

func TestAHistoryDoesNotGrowForEver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sql_history")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("select 1;\n", 2*kept)+"select 2;\n"), 0o600))
	require.Len(t, must.Have(openHistory(file))(t).entries, kept)
	text := must.Have(os.ReadFile(file))(t)
	require.Equal(t, kept, strings.Count(string(text), "\n"))
	require.True(t, strings.HasSuffix(string(text), "\nselect 2;\n"))
	require.Len(t, must.Have(os.ReadDir(filepath.Dir(file)))(t), 1)
}

func TestWhereTheHistoryIs(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"/state/seats/sql_history":                 {"XDG_STATE_HOME": "/state", "HOME": "/home/ann"},
		"/home/ann/.local/state/seats/sql_history": {"XDG_STATE_HOME": "relative", "HOME": "/home/ann"},
		"": {},
	} {
		require.Equal(t, want, HistoryFile(func(name string) (string, bool) { value, is := env[name]; return value, is }))
	}
}

var aCatalog = catalog{
	columns: map[string][]string{
		"agent": {"agent", "day"}, "daily_concurrent": {"agents", "day", "region"}, "enabled_daily": {"agents", "region"},
	},
	macros: []string{"agents_at"},
}

// The bar is where the cursor stands.
func TestWhatMayStandAtTheCursor(t *testing.T) {
	cases := strings.Split(strings.TrimSpace(must.Text(t, "testdata/complete.txt")), "\n")[1:]
	require.Len(t, cases, 31)
	for _, c := range cases {
		typed, want, _ := strings.Cut(strings.ReplaceAll(c, `\n`, "\n"), " => ")
		before, after, _ := strings.Cut(typed, "|")
		begun, words := aCatalog.complete(before, after)
		require.True(t, strings.HasSuffix(before, begun), typed)
		got := strings.Join(words, " ")
		if len(words) == 1 {
			got = strings.ReplaceAll(words[0], " ", "_")
		}
		require.Equal(t, want, got, typed)
	}
}
