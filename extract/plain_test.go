package extract

import (
	"database/sql"
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
// complaint, the same rows in the same order: rows that do not matter are never shown to it. A second look must find the
// same keys, and the same rows of those that are wanted.
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
	conn := connOf(f)
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
		r := newExportReader(conn, ExportOptions{KeyFrom: math.MinInt64, Progress: func(string, int64) {}}, t.TempDir())
		file := exportFile{table: of.Name, path: path, shown: path}
		found, plain, err := r.loadPlain(t.Context(), file, h)
		require.NoError(t, err)
		if !plain {
			return
		}
		var keys, again []rowKey
		text := ""
		_, err = p.look(t.Context(), func(r *plainRow) error {
			keys = append(keys, rowKey(r.numbers[:2]))
			text += string(r.text)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, header+rows, string(p.header)+text)
		chosen := newRows(of)
		is, err := p.lookAgain(t.Context(), func(r *plainRow) bool {
			again = append(again, rowKey(r.numbers[:2]))
			return r.numbers[0]%2 != 0
		}, func(r *plainRow) error {
			chosen.take(r, 0)
			return nil
		})
		require.NoError(t, err)
		require.True(t, is)
		require.Equal(t, keys, again)

		read, err := r.loadOdd(t.Context(), file, h)
		require.NoError(t, err)
		require.Equal(t, read, found)
		read.keep(func(row int) bool { return read.number(0, row)%2 != 0 })
		require.Equal(t, linesOf(read), linesOf(chosen))
	})
}

// linesOf are rows as people see them.
func linesOf(r *Rows) (lines []string) {
	for row := range r.len {
		line := fmt.Sprint(r.has[row])
		for i := range r.of.Columns {
			if r.texts[i] != nil {
				line += "," + r.texts[i][row]
			} else {
				line += fmt.Sprint(",", r.numbers[i][row])
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func connOf(t testing.TB) *sql.Conn {
	db, err := duck.Open("", duck.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	return conn
}
