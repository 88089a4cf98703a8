package query

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

var joined = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=(.+)$`)

// readers read a file of the user's, by the ending of its name. Nothing is left to them to guess: a column of a CSV file is text.
var readers = map[string]string{
	".csv": "read_csv($file, auto_detect = false, columns = {$columns}, header = true, delim = ',', quote = '\"', escape = '\"', comment = '', " +
		"skip = 0, nullstr = '', allow_quoted_nulls = false, encoding = 'utf-8', strict_mode = true, ignore_errors = false, null_padding = false, " +
		"filename = false, hive_partitioning = false)",
	".parquet": "read_parquet($file, filename = false, hive_partitioning = false)",
}

// Join reads a file, told as NAME=FILE, into a temporary table of a connection that is not locked yet.
func Join(ctx context.Context, conn *duck.Conn, with string) error {
	told := joined.FindStringSubmatch(with)
	if told == nil {
		return fail.New(fail.Usage, "a name has letters, digits and _: --with team=team.csv", "--with %q is not NAME=FILE", with)
	}
	name := told[1]
	path, err := filepath.Abs(told[2])
	if err != nil {
		return err
	}
	reader, known := readers[strings.ToLower(filepath.Ext(path))]
	switch {
	case !known || strings.ContainsAny(path, "*?[{"):
		return fail.New(fail.Usage, "", "--with %s: the name of a file ends with .csv or .parquet, and has none of * ? [ {", with)
	case plain.Check(path) != nil:
		return fail.New(fail.Usage, "", "--with %s: %w", with, plain.Check(path))
	}
	if _, err := describe(ctx, conn, name); err == nil {
		return fail.New(fail.Usage, "give it another name", "--with %s: the store has a relation or macro %s", with, name)
	}
	columns, err := columnsOf(path, reader)
	if err == nil {
		_, err = conn.ExecContext(ctx, `create temp table "`+name+`" as from `+strings.NewReplacer("$file", "?", "$columns", columns).Replace(reader), path)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", told[2], err)
	}
	return nil
}

// columnsOf gives the columns that a CSV file names in its first record, as read_csv wants them.
func columnsOf(path, reader string) (string, error) {
	if !strings.Contains(reader, "$columns") {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	header, err := csv.NewReader(f).Read()
	for i, name := range header {
		header[i] = duck.Literal(strings.TrimPrefix(name, "\ufeff")) + ": 'varchar'"
	}
	return strings.Join(header, ", "), err
}
