package query

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

var joined = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=(.+)$`)

// readers read a file of the user's, by the ending of its name. What a reader could guess is said, as docs/store.md says it: only JSON
// tells its types.
var readers = map[string]string{
	".csv": "read_csv($file, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', comment = '', skip = 0, nullstr = '', " +
		"encoding = 'utf-8', strict_mode = true, ignore_errors = false, null_padding = false, filename = false, hive_partitioning = false)",
	".parquet": "read_parquet($file, filename = false, hive_partitioning = false)",
	".json": "read_json($file, format = 'auto', compression = 'uncompressed', sample_size = -1, ignore_errors = false, convert_strings_to_integers = false, " +
		"filename = false, hive_partitioning = false)",
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
		return fail.New(fail.Usage, "", "--with %s: the name of a file ends with .csv, .parquet or .json, and has none of * ? [ {", with)
	case plain.Check(path) != nil:
		return fail.New(fail.Usage, "", "--with %s: %w", with, plain.Check(path))
	}
	all, err := readCatalog(ctx, conn)
	if err != nil {
		return err
	}
	if _, err := all.describe(name); err == nil {
		return fail.New(fail.Usage, "give it another name", "--with %s: the store has a relation or macro %s", with, name)
	}
	if _, err := conn.ExecContext(ctx, `create temp table "`+name+`" as from `+strings.Replace(reader, "$file", "?", 1), path); err != nil {
		return fmt.Errorf("read %s: %w", told[2], err)
	}
	return nil
}
