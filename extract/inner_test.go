package extract

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/golden"
	"seats/internal/pgtest"
	"seats/internal/store"
)

// FuzzPlainRowsAreThoseThatAreReadWithCare reads the same file at once and with care: the same rows, in the same order, or the same
// complaint. A second look must find the same rows of those that are wanted.
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
		read := func(next func(*csvFile) func([]byte, bool, *csvRow) (int, int)) (*csvFile, *Rows, string, error) {
			f, err := openCSV(path, path, of)
			if err != nil {
				return nil, nil, "", err
			}
			all, text := newRows(of), ""
			err = f.through(t.Context(), next(f), func(row *csvRow) {
				all.take(row, 0)
				text += string(row.text)
			})
			return f, all, text, err
		}
		file, fast, text, err := read(func(f *csvFile) func([]byte, bool, *csvRow) (int, int) { return f.next })
		withCare, careful, _, other := read(func(*csvFile) func([]byte, bool, *csvRow) (int, int) {
			return func([]byte, bool, *csvRow) (int, int) { return 0, odd }
		})
		require.Equal(t, err, other)
		if err != nil {
			return
		}
		require.Equal(t, careful, fast)
		require.Equal(t, withCare, file)
		require.Equal(t, strings.ReplaceAll(strings.ReplaceAll((header + rows)[file.begin:], "\r", ""), "\n", ""), strings.ReplaceAll(strings.ReplaceAll(text, "\r", ""), "\n", ""))
		if file.looked = true; file.atFirst != nil {
			return // a word for nothing
		}
		chosen := newRows(of)
		require.NoError(t, file.lookAgain(t.Context(), func(r *csvRow) bool { return r.numbers[0]%2 != 0 }, func(r *csvRow) { chosen.take(r, 0) }))
		fast.keep(func(row int) bool { return fast.number(0, row)%2 != 0 })
		require.Equal(t, linesOf(fast), linesOf(chosen))
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
	w, err := store.Begin(t.Context(), filepath.Join(t.TempDir(), "acme.duckdb"), duck.Options{Threads: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Drop()) })
	day := calendar.Date{Year: 2026, Month: 3, Day: 10}
	byStatement := func() (sum string) {
		err := duck.Each(t.Context(), w.Conn, "slice/slice_sha256", func(scan func(...any) error) error { return scan(&sum) },
			sql.Named("day", day.String()))
		require.NoError(t, err)
		return sum
	}
	check := func() {
		want := byStatement()
		for _, passRows := range []int64{1_000_000, 3000, 700, 10} {
			got, err := sliceSHA256(t.Context(), w.Conn, day, passRows)
			require.NoError(t, err)
			require.Equal(t, want, got, "%d rows a pass", passRows)
		}
	}
	check() // nothing at all
	for _, statement := range []string{
		`insert into _data.voice_session select '2026-03-10', i, i * 900, (i * 7919) % 5000 - 2500, 1, case when i % 3 > 0 then i end, 0, null
			from range(4000) as r (i)`,
		`insert into _data.ocs_activity select '2026-03-10', case when i % 2 > 0 then 'leg' else 'preview' end, i // 2, 900, (i * 104729) % 9000 - 3000,
			i, null, null, case when i % 5 > 0 then 'S|' || i end, case when i % 7 > 0 then '' end, null, 1 from range(4000) as r (i)`,
		`insert into _data.agent select '2026-03-10', i - 500, 'E' || i, null from range(1500) as r (i)`,
		`insert into _data.duplicate_key values ('2026-03-10', 'b', '1/2', 2), ('2026-03-10', 'a', '3/4', 3)`,
		`insert into _data.agent values ('2026-03-11', 1, 'another day', null)`,
	} {
		_, err := w.Conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	check()
}

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
	conn, err := pgx.Connect(ctx, pgtest.Schema(t).ConnString())
	require.NoError(t, err)
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
	db, err := duck.Open("", duck.Options{})
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), `create schema _data; create table _data.agent (day date, resource_key bigint, employee_id varchar, resource_name varchar);
		insert into _data.agent values ('2026-03-10', 9223372036854775807, 'grün', null), ('2026-03-10', 9223372036854775807, null, ''), ('2026-03-10', -5, null, null),
		('2026-03-11', 1, 'x', 'x')`)
	require.NoError(t, err)

	sent := func() *tally {
		s := newTally(3)
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
	for _, name := range []string{"insert", "check"} {
		all += golden.Filled("slice/each_"+name, relations...)
	}
	golden.Equal(t, "testdata/each.golden", all)
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
