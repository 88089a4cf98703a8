package extract

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
				line += "," + r.texts[i][row]
			} else {
				line += fmt.Sprint(",", r.numbers[i][row])
			}
		}
		lines = append(lines, line)
	}
	return lines
}
