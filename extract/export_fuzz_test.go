package extract_test

import (
	"encoding/csv"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
)

// FuzzExportRowsInAreRowsStagedOrAnError gives the loader a file of resources (texts and a number) that begins
// with the given header and rows. Whatever they are, it must not panic, and must either refuse the file, naming
// it, or stage exactly the rows that RFC 4180 sees in it, texts and all. Outside of RFC 4180 two liberties are
// known and taken by DuckDB: a quote inside an unquoted field stands for itself, and one empty field too many at
// the end of a row is passed over.
func FuzzExportRowsInAreRowsStagedOrAnError(f *testing.F) {
	header := "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME"
	for _, rows := range []string{
		"", "\n", "\n1,AGENT,a,E1,\n", "\r\n1,AGENT,a,E1,\r\n2,AGENT,b,,\r\n", "\n1,AGENT,\"a\nb\"\"c\",E1,\n",
		"\n1,AGENT,a,E1\n", "\n1,AGENT,a,E1,,\n", "\nx,AGENT,a,E1,\n", "\n1,AGENT,a\"b,E1,\n", "\n\n1,AGENT,a,E1,\n\n\n2,AGENT,b,E2,",
		"\n# no comment,AGENT,a,E1,\n", "\n1,#,a,E1,\n", "\n1;AGENT;a;E1;\n2;AGENT;b;E2;\n", "\n1\tAGENT\ta\tE1\t\n", "\n1,AGENT,'a,E1',\n",
		"\n1,AGENT,a,E1,\n1,2\n3,AGENT,c,E3,\n", "\na,b\nc,d\ne,f\n1,AGENT,a,E1,\n", "\n1,AGENT,a\\,b,E1,\n", "\n1,AGENT,\"a\\\"\",E1,\n",
		"\n 1 ,AGENT, a ,E1,\n", "\n1,AGENT,NULL,null,\\N\n", "\n1,AGENT,\xff,E1,\n", "\n1,AGENT,a\x00b,E1,\n", "\n1,AGENT,a,E1,\r2,AGENT,b,E2,\r",
		"\n1,AGENT,\"\",E1,\n", "\n\"1\",\"AGENT\",\"a\",\"E1\",\"\"\n", "\n,AGENT,a,E1,\n", "\n1.5,AGENT,a,E1,\n", "\n1,AGENT,a,E1,\n\"\n",
		",NOTES\n1,AGENT,a,E1,,\"x\ny\"\n", "\n-1,UNKNOWN,,,\n-2,NO_VALUE,,,\n", "\n" + strings.Repeat("1,AGENT,a,E1,\n", 3000) + "2,AGENT\n",
	} {
		f.Add(header, rows)
		f.Add("\ufeff"+strings.ToLower(header), rows)
	}
	f.Add("RESOURCE_KEY", "\n1\n")
	f.Add("\"RESOURCE_KEY\",RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,\"SWITCH_NAME\"", "\n1,AGENT,a,E1,\n")
	f.Fuzz(func(t *testing.T, header, rows string) {
		dir := exportOf(t, base(files{"resource_": header + rows}))
		src, err := extract.OpenExport(t.Context(), dir, exportOptions(t))
		if err != nil {
			require.Equal(t, fail.Source, fail.CodeOf(err))
			require.ErrorContains(t, err, "resource_.csv")
			return
		}
		if want, readable := recordsOf(header + rows); readable {
			require.Equal(t, want, src.Resources())
		}
	})
}

var resourceColumns = []string{"resource_key", "resource_type_code", "resource_name", "employee_id", "switch_name"}

// recordsOf reads a file of resources with another reader than the product's; readable is false where RFC 4180
// has no word for what it finds. Blank lines are no rows.
func recordsOf(text string) (rows [][]string, readable bool) {
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
		return nil, false // a line end, or a part of a field?
	}
	if regexp.MustCompile(`(?i)\\N|null|none|nan|<NA>|<nil>|undefined`).MatchString(text) {
		return nil, false // a word for nothing, or a text?
	}
	records := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	records.FieldsPerRecord = -1
	header, err := records.Read()
	if err != nil {
		return nil, false
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.ToLower(name)] = i
	}
	rows = [][]string{}
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return rows, true
		}
		if err != nil {
			return nil, false
		}
		row := resourceRow(record, len(header), at)
		if row == nil {
			return [][]string{{"a row that had to be refused"}}, true
		}
		rows = append(rows, row)
	}
}

// resourceRow is nil for a row that must not be staged.
func resourceRow(record []string, columns int, at map[string]int) (row []string) {
	if len(record) != columns && (len(record) != columns+1 || record[columns] != "") {
		return nil
	}
	for _, name := range resourceColumns {
		row = append(row, record[at[name]])
	}
	key, err := strconv.ParseFloat(strings.TrimSpace(row[0]), 64)
	if err != nil {
		return nil
	}
	if _, err := strconv.ParseInt(row[0], 10, 64); err != nil {
		row[0] = strconv.FormatFloat(math.Round(key), 'f', 0, 64) // DuckDB rounds 1.5, and knows 1e3
	}
	return row
}
