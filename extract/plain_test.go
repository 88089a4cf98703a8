package extract

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
)

// FuzzRowsOfAPlainFileAreThoseThatDuckDBReads gives both the same file. Whatever is called plain, DuckDB must read without a
// complaint, the same numbers in the same order: rows that do not matter are never shown to it. A second look must find the
// same keys, and the same bytes in all.
func FuzzRowsOfAPlainFileAreThoseThatDuckDBReads(f *testing.F) {
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
	stage := stageOf(f)
	f.Fuzz(func(t *testing.T, header, rows string) {
		path := filepath.Join(t.TempDir(), "contact_attempt_fact.csv")
		require.NoError(t, os.WriteFile(path, []byte(header+rows), 0o600))
		of := table("contact_attempt_fact")
		h, err := checkHeader(path, path, of)
		if err != nil {
			return
		}
		p, err := newPlainFile(path, h, of)
		require.NoError(t, err)
		if p == nil {
			return
		}
		var found, keys, again []string
		text := ""
		plain, err := p.look(t.Context(), func(r *plainRow) error {
			line := ""
			for i, c := range of.Columns {
				if v, has := r.number(i); c.Type != typeText && has {
					line += fmt.Sprint(v)
				}
				line += ","
			}
			found = append(found, line)
			keys = append(keys, fmt.Sprint(r.numbers[0], r.numbers[1]))
			text += string(r.text)
			return nil
		})
		require.NoError(t, err)
		if !plain {
			return
		}
		require.Equal(t, header+rows, string(p.header)+text)
		is, err := p.lookAgain(t.Context(), func(r *plainRow) error {
			again = append(again, fmt.Sprint(r.numbers[0], r.numbers[1]))
			return nil
		})
		require.NoError(t, err)
		require.True(t, is)
		require.Equal(t, keys, again)

		require.NoError(t, stage.create(t.Context(), of.Name))
		r := &exportReader{stage: stage, ExportOptions: ExportOptions{KeyFrom: math.MinInt64, Progress: func(string, int64) {}}}
		require.NoError(t, r.load(t.Context(), exportFile{table: of.Name, path: path, shown: path}, h))
		require.Equal(t, found, numbersOf(t, stage))
	})
}

func stageOf(t testing.TB) *Stage {
	db, err := duck.Open("", duck.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	stage, err := NewStage(t.Context(), db, conn)
	require.NoError(t, err)
	return stage
}

// numbersOf are the numbers of the staged attempts, a line each.
func numbersOf(t *testing.T, stage *Stage) (lines []string) {
	rows, err := stage.Conn.QueryContext(t.Context(), `
		select concat(contact_attempt_fact_key, ',', start_date_time_key, ',', dialing_mode_key, ',', resource_key, ',,', start_ts, ',', end_ts, ',', update_audit_key, ',', tenant_key, ',')
		from _stage.gim.contact_attempt_fact order by rowid`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		lines = append(lines, line)
	}
	require.NoError(t, rows.Err())
	return lines
}
