package reconcile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/plain"
	"example.com/seats/report"
)

// Number is what another counter says. The measure is Concurrent or Enabled, and the period a day or a month: the most at once of a
// month is its highest second, and a day has its enabled agents, too.
type Number struct {
	report.Series
	Value int64 `json:"value"`
}

// Month is that of the period.
func (n Number) Month() calendar.Month {
	month, _ := calendar.ParseMonth(n.Period[:len("2006-01")]) // a period is one or begins with one
	return month
}

// Written is a row as it stands somewhere: the fields of a data file, path and line, which has the path, too.
type Written map[string]string

// Understand makes numbers of rows, by tenant: of those who are asked for, or of the one there is. older are the files of which
// some number is in a newer one, too. What is wrong with a row is an error of the code.
func Understand(ctx context.Context, rows []Written, tenants []config.Tenant, code fail.Code) (numbers map[string][]Number, older map[string]bool, err error) {
	asked := list.Of(tenants, func(t config.Tenant) map[string]any {
		regions := list.Of(t.Regions, func(r config.Region) string { return r.Name })
		return map[string]any{"tenant": t.Name, "account": t.Account, "regions": regions}
	})
	db, err := duck.Open("", duck.Options{Threads: 1})
	if err != nil {
		return nil, nil, err
	}
	defer db.Close() //nolint:errcheck // in memory
	understood, err := duck.All[struct {
		Problem, Line, Tenant string
		Number
		Older string
	}](ctx, db, "ask/their_row", duck.JSON("rows", rows), duck.JSON("tenants", asked))
	numbers, older = map[string][]Number{}, map[string]bool{}
	for _, u := range understood {
		switch {
		case u.Problem != "":
			return nil, nil, fail.New(code, "", "their numbers: %s%s", u.Line, u.Problem)
		case u.Older != "":
			older[u.Older] = true
		default:
			numbers[u.Tenant] = append(numbers[u.Tenant], u.Number)
		}
	}
	return numbers, older, err
}

// Read takes the rows of files, of folders, in which it looks for *.csv at any depth, and of patterns. Data files of other metrics
// in a folder are passed over.
func Read(paths []string, columns []config.Column) (rows []Written, passed int, err error) {
	for _, path := range paths {
		files, others, err := find(path)
		passed += others
		for _, file := range files {
			if err == nil {
				rows, err = read(file, columns, rows)
			}
		}
		if err != nil {
			return nil, 0, fail.New(fail.Source, "", "their numbers: %w", err)
		}
	}
	return rows, passed, nil
}

func find(path string) (files []string, passed int, err error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		if files, _ = filepath.Glob(path); err == nil || len(files) == 0 {
			return []string{path}, 0, err
		}
		return files, 0, nil
	}
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		upper := strings.ToUpper(entry.Name())
		switch {
		case err != nil || entry.IsDir() || !strings.HasSuffix(upper, ".CSV"):
		case strings.HasPrefix(upper, "CNT_") && !strings.Contains(upper, "_PES_SEATS_OUTBOUND_"):
			passed++
		default:
			files = append(files, name)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("folder %s: no *.csv of seats_outbound is in it", path)
	}
	return files, passed, err
}

// fields are the columns that are read, by the names of data files and of an invoice, or of the vendor's business units.
var fields = [][2]string{
	{"TenantID", "tenant"}, {"Region", "region"}, {"MetricName", "metric"}, {"Period", "period"}, {"AgentGroupName", "measure"},
	{"MessageSize", "quantity"}, {"BusinessUnitName", "Tier3AccountName"}, {"Tier3AccountID"},
}

// fieldOf is what a column of a header is; "" for one that is not read. The configuration may give fields other names.
func fieldOf(name string, columns []config.Column) string {
	for _, f := range fields {
		for _, c := range append([]config.Column{{Name: f[0]}, {Name: f[1], Field: f[0]}}, columns...) {
			if !c.Constant && cmp.Or(c.Field, c.Name) == f[0] && strings.EqualFold(c.Name, strings.TrimSpace(name)) {
				return f[0]
			}
		}
	}
	return ""
}

// read adds the rows of a file.
func read(path string, columns []config.Column, rows []Written) ([]Written, error) {
	text, err := plain.Read(path)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	if head, _, _ := bytes.Cut(text, []byte("\n")); bytes.IndexByte(head, ',') < 0 && bytes.IndexByte(head, ';') >= 0 {
		in.Comma = ';' // as spreadsheets write it where the comma is the decimal one
	}
	header, err := in.Read()
	found := map[string]bool{}
	for i, name := range header {
		header[i] = fieldOf(name, columns)
		found[header[i]] = true
	}
	if err == nil && !(found["Period"] && found["MessageSize"]) {
		return nil, fmt.Errorf("%s:1: the header has no Period or no MessageSize, as data files have them, nor period and quantity, as invoices do", path)
	}
	for err == nil {
		var record []string
		if record, err = in.Read(); err == nil {
			line, _ := in.FieldPos(0)
			row := Written{"path": path, "line": fmt.Sprintf("%s:%d: ", path, line)}
			for i, value := range record {
				row[header[i]] = strings.TrimSpace(value)
			}
			rows = append(rows, row)
		}
	}
	if broken, is := errors.AsType[*csv.ParseError](err); is {
		return nil, fmt.Errorf("%s:%d: %w", path, broken.Line, broken.Err)
	}
	if len(header) == 0 || !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}
