package extract

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	shell "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
	"pgregory.net/rapid"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/gimschema"
	"example.com/seats/internal/must"
	"example.com/seats/internal/pgtest"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

// FuzzPlainRowsAreThoseThatAreReadWithCare reads fields at once and with care: they give the same, in the same order. A second look must
// find the same rows.
func FuzzPlainRowsAreThoseThatAreReadWithCare(f *testing.F) {
	header := "CONTACT_ATTEMPT_FACT_KEY,NOTES,START_DATE_TIME_KEY,TENANT_KEY,DIALING_MODE_KEY,RESOURCE_KEY,CALL_ATTEMPT_ID,START_TS,END_TS,UPDATE_AUDIT_KEY"
	for _, rows := range []string{
		"\n", "", "\n1,n,900,1,3,7,p7,1000,2000,5\n", "\n1,n,900,1,3,7,p7,1000,2000,5", "\r\n1,n,900,1,3,7,p7,1000,2000,5\r\n2,,1800,1,3,7,,1000,,5\r\n",
		"\n1,\"a, \"\"b\"\"\nc\",900,1,3,7,p7,1000,2000,5\n", "\n\"1\",n,\"900\",1,3,\"7\",\"p7\",1000,2000,5\n", "\n1,n,900,1,3,7,p7,1000,\"\",5\n",
		"\n1,n,,1,3,7,p7,1000,2000,5\n", "\n,n,900,1,3,7,p7,1000,2000,5", "\n1,n,900,1,3,7,p7,1000,2000\n", "\n1,n,900,1,3,7,p7,1000,2000,5,\n", "\n1,n,900,1,3,7,p7,1e3,2000,5\n",
		"\n1,n,900,1,3,7,p7,1000.5,2000,5\n", "\n1,n,900,1,3,7,p7,-1000,-,5\n", "\n1,n,900,1,3,7,p\xff,1000,2000,5\n", "\n1,\xff,900,1,3,7,p,1000,2000,5\n",
		"\n1,n\",900,1,3,7,p\"7,1000,2000,5\n", "\n1,n,900,1,3,7,p7,1000,2000,5\n\n", "\n1,n,900,1,3,7,p7,1000,2000,5\r\n", "\n1,\r,900,1,3,7,p7,1000,2000,5\n",
		"\n123456789012345678,n,900,1,3,7,p7,1000,2000,5\n", "\n1234567890123456789,n,900,1,3,7,p7,1000,2000,5\n", "\n1,\x00,900,1,3,7,\x00,1000,2000,5\n",
		"\n 1,n,900,1,3,7,p7,1000,2000,5\n", "\n1,'n,900,1,3,7,p7',1000,2000,5\n", "\n1,\\,900,1,3,7,\"\\\",1000,2000,5\n", "\n1,#,900,1,3,7,#,1000,2000,5\n# 1\n",
		"\n1,NULL,900,1,3,NULL,p7,1000,2000,5\n", "\n1,n,900,1,3,7,\"p7\" ,1000,2000,5\n", "\n" + strings.Repeat("1,n,900,1,3,7,p7,1000,2000,5\n", 3000) + "x",
	} {
		f.Add(header, rows)
	}
	f.Add("\ufeff\""+strings.ToLower(header)+"\"", "\n1,n,900,1,3,7,p7,1000,2000,5\n")
	f.Fuzz(func(t *testing.T, header, rows string) {
		path := filepath.Join(t.TempDir(), "contact_attempt_fact.csv")
		require.NoError(t, os.WriteFile(path, []byte(header+rows), 0o600))
		of := table("contact_attempt_fact")
		file, err := openCSV(path, path, of)
		if err != nil {
			return
		}
		all, at := newRows(of), file.begin
		err = file.through(t.Context(), nil, func(row *csvRow) {
			all.take(row, 0)
			text := []byte(strings.TrimLeft((header + rows)[at:file.at], "\n")) // behind empty lines
			at = file.at
			fields := csv.NewReader(bytes.NewReader(text))
			fields.LazyQuotes, fields.FieldsPerRecord = true, -1
			values, err := fields.Read()
			if err != nil || len(values) < len(file.columns) || bytes.ContainsAny(text, "\r\"") {
				return // which that reader takes otherwise
			}
			careful, columns := csvRow{}, *file
			for field, column := range file.columns {
				if column >= 0 {
					require.Nil(t, columns.takeCarefully(&careful, field, 0, values[field]))
				}
			}
			require.Equal(t, careful.present, row.present)
			one, other := newRows(of), newRows(of)
			one.take(row, 0)
			other.take(&careful, 0)
			require.Equal(t, linesOf(one), linesOf(other))
		})
		if err != nil {
			return
		}
		require.Empty(t, strings.Trim((header + rows)[at:], "\r\n"), "every row was handed out")
		if file.looked = true; file.atFirst != nil {
			return // a word for nothing
		}
		again, some := newRows(of), newRows(of)
		require.NoError(t, file.through(t.Context(), nil, func(r *csvRow) { again.take(r, 0) }))
		require.Equal(t, linesOf(all), linesOf(again))
		odd := func(id int64) bool { return id%2 != 0 }
		require.NoError(t, file.through(t.Context(), odd, func(r *csvRow) { some.take(r, 0) }))
		all.keep(func(row int) bool { return odd(all.number(0, row)) })
		require.Equal(t, linesOf(all), linesOf(some))
	})
}

// linesOf are rows as people see them.
func linesOf(r *Rows) (lines []string) {
	for row := range r.len {
		line := fmt.Sprint(r.has[row])
		for i := range r.of.Columns {
			if r.texts[i] != nil {
				line += "," + r.text(i, row)
			} else {
				line += fmt.Sprint(",", r.numbers[i][row])
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// However many passes it takes, the hash is the one that the statement gives which an auditor repeats.
func TestASliceHashedInPassesHasTheHashOfTheStatement(t *testing.T) {
	w := must.Have(store.Begin(t.Context(), filepath.Join(t.TempDir(), "acme.duckdb"), duck.Options{Threads: 2}))(t)
	t.Cleanup(func() { require.NoError(t, w.Drop()) })
	day := calendar.Date{Year: 2026, Month: 3, Day: 10}
	byStatement := func() string {
		return must.Have(duck.One[string](t.Context(), w.Conn, "slice/slice_sha256", sql.Named("day", day.String())))(t)
	}
	check := func() {
		want := byStatement()
		for _, passRows = range []int64{1_000_000, 3000, 700, 10} {
			require.Equal(t, want, must.Have(SliceSHA256(t.Context(), w.Conn, day))(t), "%d rows a pass", passRows)
		}
	}
	check() // nothing at all
	must.Have(w.Conn.ExecContext(t.Context(), `create temp macro maybe(v) as if(random() < 0.3, null, v);
		create temp macro of_some(n) as (random() * n)::bigint - n // 3;
		create temp macro words() as ['', 'S|1', '|', 'grün', 'twelve bytes', 'some text that is longer than twelve bytes, and' || chr(10) || 'a line'][(random() * 6)::bigint + 1];
		insert into _data.agent values ('2026-03-11', 1, 'another day', null)`))(t)
	for from := range 3 {
		for _, statement := range []string{
			`voice_session select '2026-03-10', i, of_some(9), of_some(5000), maybe(i), maybe(i * i), maybe(i % 2), maybe(-i)`,
			`ocs_activity select '2026-03-10', if(i % 2 > 0, 'leg', 'preview'), i // 4, i // 2 % 2, of_some(40), maybe(i), maybe(-i), maybe(i % 2), maybe(words()),
				maybe(words()), maybe(words()), maybe(i)`,
			`agent select '2026-03-10', i - 2500, maybe(words()), maybe(words())`,
			`other_leg select '2026-03-10', i, of_some(9), of_some(5000), i, maybe(i), maybe(i % 2), coalesce(words(), ''), maybe(i)`,
			`other_session select '2026-03-10', i // 3, i % 3, of_some(40), i, maybe(i), maybe(i % 2), maybe(i)`,
			`duplicate_key select '2026-03-10', if(i % 2 > 0, 'b', 'a'), (i // 2) || '/' || i % 7, i`,
		} {
			must.Have(w.Conn.ExecContext(t.Context(), "insert into _data."+statement+" from range($1, $1 + 1700) as r (i)", 2000*from))(t)
		}
		check()
	}
}

func init() { statementGrace = time.Second }

// Limit makes a source cut days into pieces, and look-ups into batches, that are small enough for a test, and read hours
// beside a day whole in which one session runs, as if the tables lay in the order of time.
func (g *GIMDB) Limit(partRows int64, probeBatch int) {
	g.partRows, g.fewRows, g.probeBatch, g.crowd, g.inOrder = partRows, 0, probeBatch, 1, true
}

// Resources are those of the export, in the order of its files.
func (e *Export) Resources() [][]string {
	all, r := [][]string{}, e.rows["resource_"]
	for row := range r.len {
		line := []string{fmt.Sprint(r.numbers[0][row])}
		for column := range 4 {
			line = append(line, r.text(column+1, row))
		}
		all = append(all, line)
	}
	return all
}

// The server must read the sieve as it is written: every key of it passes, and few of the others, also where keys
// are given out in strides.
func TestPostgreSQLLetsEveryKeyOfASieveThroughAndFewOthers(t *testing.T) {
	ctx := context.Background()
	conn := must.Have(pgx.Connect(ctx, pgtest.Schema(t).ConnString()))(t)
	defer conn.Close(ctx) //nolint:errcheck // nothing was written
	passing := func(t require.TestingT, s sieve, keys []int64) (n int) {
		require.NoError(t, conn.QueryRow(ctx,
			"select count(*) from unnest($3::bigint[]) as k (id) where get_bit($1::bytea, abs(id % $2::bigint)::integer) = 1",
			s.bits, s.prime, keys).Scan(&n))
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		ours := rapid.SliceOfN(rapid.Int64(), 0, 50).Draw(t, "keys")
		require.Equal(t, len(ours), passing(t, newSieve(ours, 16), ours))
	})
	for _, stride := range []int64{1, 2, 1000, 2048, 1 << 20, 900 * 1024} {
		var ours, others []int64
		for i := range int64(10_000) {
			ours, others = append(ours, 10_000_000_001+stride*i), append(others, 20_000_000_003+stride*i)
		}
		s := newSieve(ours, 16)
		require.Equal(t, len(ours), passing(t, s, ours), "stride %d", stride)
		require.Less(t, passing(t, s, others), len(others)/4, "stride %d", stride)
		require.LessOrEqual(t, len(s.bits), 2*len(ours)+100)
	}
}

// What arrives must be what was sent: a row less, a value less, another sum, or a shorter text is an error.
func TestStageVerifiesWhatArrived(t *testing.T) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close()
	conn := must.Have(db.Conn(t.Context()))(t)
	defer conn.Close()
	must.Have(conn.ExecContext(t.Context(), `create schema _data; create table _data.agent (day date, resource_key bigint, employee_id varchar, resource_name varchar);
		insert into _data.agent values ('2026-03-10', 9223372036854775807, 'grün', null), ('2026-03-10', 9223372036854775807, null, ''), ('2026-03-10', -5, null, null),
		('2026-03-11', 1, 'x', 'x')`))(t)

	sent := func() *tally {
		s := &tally{columns: make([]columnTally, 3)}
		s.rows = 3
		for i, values := range [][]int64{{math.MaxInt64, math.MaxInt64, -5}, {5}, {0}} { // "grün" has 5 bytes
			for _, v := range values {
				s.columns[i].add(v)
			}
		}
		return s
	}
	day := calendar.Date{Year: 2026, Month: 3, Day: 10}
	require.NoError(t, verify(t.Context(), conn, day, agentOf, sent()))
	for what, spoil := range map[string]func(*tally){
		"a row":            func(s *tally) { s.rows++ },
		"a value":          func(s *tally) { s.columns[2].add(0) },
		"a sum":            func(s *tally) { s.columns[0].lo++ },
		"a length":         func(s *tally) { s.columns[1].lo-- },
		"a sum of 128 bit": func(s *tally) { s.columns[0].hi++ },
	} {
		s := sent()
		spoil(s)
		require.ErrorContains(t, verify(t.Context(), conn, day, agentOf, s), "verify agent", what)
	}
}

// The statements that are the same for every relation of a slice, as they are run.
func TestStatementsOnEveryTable(t *testing.T) {
	var all string
	for _, name := range []string{"slice/each_insert", "slice/each_check"} {
		for _, of := range relations {
			all += "-- sql/" + name + " on " + of.Name + "\n" + texts.Fill(name, of) + "\n"
		}
	}
	golden.Assert(t, all, "each.golden")
}

// Two names are one only where their bytes are: who is counted and which switch it was hang on it.
func TestPropertyDifferentBytesGiveDifferentTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.SampledFrom([]byte("\x00aäx4\xfc\xed\xa0\x80\xf0\x9f\x98\xff")))
		one, other := raw.Draw(t, "one"), raw.Draw(t, "other")
		var utf alphabet
		require.Equal(t, string(one) == string(other), utf.text(one) == utf.text(other))
		require.True(t, utf8.ValidString(utf.text(one)))
		require.Equal(t, utf8.Valid(one), !strings.Contains(utf.text(one), "\ufffdx"))
	})
}

// The scripts that make an export from other databases ask for the columns that are read, of every table that is read, and so
// does no other statement in them.
func TestScriptsForOtherDatabasesSelectWhatIsRead(t *testing.T) {
	for _, name := range []string{"oracle.sql", "sqlserver.sql", "postgresql.sql"} {
		t.Run(name, func(t *testing.T) {
			found := selects(t, name)
			require.Len(t, found, len(tables))
			for _, of := range tables {
				var columns []string
				for _, c := range of.Columns {
					columns = append(columns, c.Name)
				}
				require.Equal(t, strings.Join(columns, ", "), found[of.Name].columns)
				require.Equal(t, isFact(of), strings.Contains(found[of.Name].text, "where start_date_time_key >= "))
			}
		})
	}
}

type selectOf struct{ columns, text string }

// selects are the statements of a script on GIM's tables, by table.
func selects(t *testing.T, name string) map[string]selectOf {
	script := must.Have(os.ReadFile(filepath.Join("../docs/exports", name)))(t)
	found := map[string]selectOf{}
	for _, m := range regexp.MustCompile(`(?m)^select (.*)\nfrom (\w+)(\nwhere start_date_time_key >= [&:@]from_key)?[;\n]`).FindAllSubmatch(script, -1) {
		require.NotContains(t, found, string(m[2]))
		found[string(m[2])] = selectOf{columns: string(m[1]), text: strings.TrimRight(string(m[0]), ";\n")}
	}
	return found
}

// What the statements for Oracle and SQL Server have in common with PostgreSQL's is run on it: all but the mark's.
func TestStatementsForOtherDatabasesRun(t *testing.T) {
	db := pgtest.Schema(t)
	db.Exec(t, gimschema.DDL)
	for _, name := range []string{"oracle.sql", "sqlserver.sql"} {
		for _, s := range selects(t, name) {
			db.Exec(t, regexp.MustCompile(`[&@]from_key`).ReplaceAllString(s.text, "1773100800"))
		}
	}
}

// The three scripts find the mark by the same words; those for SQL Server run on PostgreSQL.
func TestScriptsForOtherDatabasesFindTheMarkAlike(t *testing.T) {
	var found []string
	for _, name := range []string{"oracle.sql", "sqlserver.sql", "postgresql.sql"} {
		script := must.Have(os.ReadFile(filepath.Join("../docs/exports", name)))(t)
		found = append(found, regexp.MustCompile(`(?s)\nwith transformation as .*?\n\)\nselect`).FindString(string(script)))
	}
	require.NotEmpty(t, found[0])
	require.Equal(t, []string{found[0], found[0], found[0]}, found)
	require.Contains(t, markOfSQLServer(t), found[0])
}

// markOfSQLServer is what sqlserver.ps1 takes for the statement of the mark.
func markOfSQLServer(t *testing.T) string {
	script := must.Have(os.ReadFile("../docs/exports/sqlserver.sql"))(t)
	text := regexp.MustCompile(`(?ms)^-- mark\b[^\r\n]*\r?(\n(select|with) .*?);`).FindSubmatch(script)
	require.NotEmpty(t, text)
	return string(text[1])
}

// letReadNew has another user read what comes into a folder, where its file system knows such: setfacl -m d:u:1:rX,d:g::-,d:o::-.
// It gives the mode of a folder that is made there.
func letReadNew(t *testing.T, dir string) (mode string) {
	acl := []byte{2, 0, 0, 0}
	for _, entry := range [][3]uint32{{1, 7, math.MaxUint32}, {2, 5, 1}, {4, 0, math.MaxUint32}, {16, 5, math.MaxUint32}, {32, 0, math.MaxUint32}} {
		acl = binary.LittleEndian.AppendUint32(acl, entry[0]|entry[1]<<16)
		acl = binary.LittleEndian.AppendUint32(acl, entry[2])
	}
	err := syscall.Setxattr(dir, "system.posix_acl_default", acl, 0)
	if errors.Is(err, syscall.ENOTSUP) {
		return "drwx------"
	}
	require.NoError(t, err)
	return "drwxr-x---"
}

// SQL*Plus begins a new page now and then: headings that stand there again are no rows.
func TestTheScriptForOracleWritesHeadingsOnce(t *testing.T) {
	file := must.Have(filepath.Abs("../docs/exports/export.sh"))(t)
	bin, dir := t.TempDir(), t.TempDir()
	const sqlplus = `#!/bin/sh
for table in media_type dialing_mode resource_ sm_res_session_fact interaction_resource_fact irf_user_data_gen_1 contact_attempt_fact; do
	printf '"A","B"\n1,"x"\n"A","B"\n2,"A"\n' >$table.csv
done
echo 2026_03_11_02_30_45 >mark.txt
`
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sqlplus"), []byte(sqlplus), 0o700))
	cmd := shell.Command(file, "oracle", "/@GIM", dir)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, table := range []string{"media_type", "contact_attempt_fact"} {
		text := must.Have(os.ReadFile(filepath.Join(dir, "export_2026_03_11_02_30_45", table+".csv")))(t)
		require.Equal(t, "\"A\",\"B\"\n1,\"x\"\n2,\"A\"\n", string(text))
	}
}

// export.sh makes a chunk of a GIM on PostgreSQL that holds the same slice; a second one of the same moment it does not make, and
// what fails leaves nothing behind.
func TestTheScriptForPostgreSQLMakesAChunk(t *testing.T) {
	db := pgtest.Schema(t)
	db.Exec(t, gimschema.DDL)
	db.Exec(t, `
		insert into media_type (media_type_key, media_name_code) values (1, 'VOICE');
		insert into dialing_mode (dialing_mode_key, dialing_mode_code) values (3, 'PREVIEW');
		insert into resource_ (resource_key, resource_type_code, resource_name, employee_id) values (1, 'AGENT', E'a, "b"\nc', 'E1'), (2, 'AGENT', 'ü', '');
		insert into sm_res_session_fact (sm_res_session_fact_key, start_date_time_key, end_date_time_key, tenant_key, media_type_key, resource_key,
			resource_group_combination_key, create_audit_key, update_audit_key, start_ts, end_ts, active_flag)
		values (10000000001, 1773100800, 0, 1, 1, 1, 0, 1, 1, 1773100900, 1773101000, 0), (10000000002, 1772000100, 0, 1, 1, 1, 0, 1, 1, 1772000100, 1772000200, 0);
		insert into ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts) values
			('a', 1, 1, 1773190000, '2026-03-11 01:00', 'j', 1, 1), ('a', 1, 1, 1773196245, '2026-03-11 02:40', 'j', 1, 1), ('a', 3, 3, 1773199999, '2026-03-11 02:40', 'j', 1, 1),
			('a', 4, 4, 1000, '2026-03-11 02:40', 'j', 1, 1), ('a', 3, 1, 1772000000, '2026-02-25 07:00', 'j', 1, 1), ('a', 1, 1, 1773197145, '2026-03-11 02:55', 'j', 1, 1);
		insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key) values
			('j', 1, '2026-03-11 02:40', '2026-03-11 02:59', 1, 1), ('j', 1, '2026-03-11 02:58', null, 1, 1)`)
	dir, connect := t.TempDir(), fmt.Sprintf("host=%s port=%d dbname=%s user=%s", db.Host, db.Port, db.Database, db.User)
	file := must.Have(filepath.Abs("../docs/exports/export.sh"))(t)
	script := func(args ...string) (string, error) {
		cmd := shell.Command(file, args...)
		cmd.Dir = filepath.Dir(dir)
		cmd.Env = append(os.Environ(), "PGOPTIONS=-c search_path="+db.Schema)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	mode := letReadNew(t, dir)
	out, err := script("postgresql", connect, filepath.Base(dir), "7")
	require.NoError(t, err, out)
	require.Equal(t, "export_2026_03_11_02_30_45\n", out)
	info := must.Have(os.Stat(filepath.Join(dir, "export_2026_03_11_02_30_45")))(t)
	require.Equal(t, mode, info.Mode().String(), "whom the folder's ACL lets in, and nobody else")
	out, err = script("postgresql", connect, dir)
	require.NoError(t, err, out)
	require.Contains(t, out, "the GIM has read nothing since")
	require.Equal(t, []string{"export_2026_03_11_02_30_45"}, must.Names(t, dir))
	sessions := must.Have(os.ReadFile(filepath.Join(dir, "export_2026_03_11_02_30_45", "sm_res_session_fact.csv")))(t)
	require.Equal(t, "sm_res_session_fact_key,start_date_time_key,media_type_key,resource_key,start_ts,end_ts,active_flag,update_audit_key,tenant_key\n"+
		"10000000001,1773100800,1,1,1773100900,1773101000,0,1,1\n", string(sessions), "seven days, and the columns that are read")
	require.Equal(t, int64(1773196245), *must.Have(ExportHorizon(dir, "", testClock))(t).HighWater)
	must.Have(InspectExport(t.Context(), dir, "", t.TempDir(), 0, false, testClock))(t)

	db.Exec(t, "alter table contact_attempt_fact rename to gone")
	out, err = script("postgresql", connect, dir)
	require.Error(t, err)
	require.Contains(t, out, `relation "contact_attempt_fact" does not exist`)
	require.Equal(t, []string{"export_2026_03_11_02_30_45"}, must.Names(t, dir))
	db.Exec(t, "alter table gone rename to contact_attempt_fact")
	var mark, from int64
	require.NoError(t, db.Conn.QueryRow(t.Context(), strings.ReplaceAll(markOfSQLServer(t), "@days", "7")).Scan(&mark, &from))
	require.Equal(t, []int64{1773196245, 1773196245 - 7*86400}, []int64{mark, from})
	for _, lack := range []string{"update ctl_extract_history set extract_end_time = null where data_source_type = 3", "update ctl_transform_history set transform_end_time = null", "truncate ctl_extract_history"} {
		db.Exec(t, lack)
		out, err = script("postgresql", connect, dir)
		require.Error(t, err, lack)
		require.Contains(t, out, "no high-water mark")
	}
	out, err = script("postgresql", connect, dir, "7d")
	require.Error(t, err)
	require.Contains(t, out, "DAYS is not a number")
	require.Equal(t, []string{"export_2026_03_11_02_30_45"}, must.Names(t, dir))
}

func TestResourcesAndKeysAreFoundWhereverTheyLie(t *testing.T) {
	for name, keys := range map[string][]int64{"in a row": {7, 5, 6, -1}, "far apart": {7, math.MaxInt64, math.MinInt64, -1, 0}} {
		rows, facts := newRows(table("resource_")), newRows(table(sessionTable))
		for number, key := range keys {
			rows.addRow(key, [...]string{"AGENT", "QUEUE"}[number%2], nil, nil, fmt.Sprint("S", number))
			facts.addRow(key, -key)
		}
		r := &Reference{}
		r.takeResources(rows)
		for number, key := range keys {
			at, known := facts.find(rowKey{key, -key})
			require.Equal(t, []any{number, true}, []any{at, known}, name)
			require.Equal(t, [...]int{number, -1}[number%2], r.agent(key), name)
			require.Equal(t, fmt.Sprint("S", number), string(r.switchOf(key)), name)
		}
		_, known := facts.find(rowKey{keys[1], 1})
		require.Equal(t, []any{-1, false}, []any{r.agent(42), known}, name)
		require.Empty(t, r.switchOf(42), name)
	}
}
