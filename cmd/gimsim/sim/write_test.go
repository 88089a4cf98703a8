package sim

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/pgtest"
)

// smaller is a simulation that is written to disk or a database.
func smaller(o *Options) {
	o.From = time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	o.Agents, o.Days, o.Groups = 30, 2, 3
}

func small(t testing.TB) *Simulation { return simulation(t, smaller) }

// write exports and returns the names of the folders, in order.
func write(t testing.TB, l Layout) (dir string, folders []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "exports")
	_, err := small(t).Export(t.Context(), dir, l)
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	return dir, folders
}

func read(t testing.TB, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

func TestFoldersHoldTheIncrements(t *testing.T) {
	dir, folders := write(t, Layout{Increments: 3, Header: "lower"})
	require.Len(t, folders, 3)
	want := text(t, small(t), Layout{Increments: 3})
	for i, folder := range folders {
		require.Regexp(t, regexp.MustCompile(`^export_\d+_2026_03_\d\d_\d\d_\d\d_\d\d$`), folder)
		for table := range tables {
			path := filepath.Join(dir, folder, table.name()+".csv")
			if !table.exported() {
				require.NoFileExists(t, path)
				continue
			}
			require.Equal(t, strings.Join(table.columns(false), ",")+"\n"+want[i][table], read(t, path))
		}
	}
	require.True(t, strings.HasSuffix(folders[2], "_2026_03_09_08_00_00"), "newest data: %s", folders[2])
}

func TestHeaderCaseLineEndsAndExtraColumns(t *testing.T) {
	dir, folders := write(t, Layout{Increments: 1, Header: "UPPER", CRLF: true, ExtraColumns: true})
	text := read(t, dir, folders[0], "resource_.csv")
	require.True(t, strings.HasPrefix(text, "RESOURCE_KEY,TENANT_KEY,RESOURCE_CFG_DBID,"), text[:60])
	header, rows, _ := strings.Cut(text, "\r\n")
	require.NotContains(t, header, "\n")
	people, err := csv.NewReader(strings.NewReader(rows)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "several\nlines, and a \"quote\"", people[1][len(resourceTable.columns(true))-1])

	dir, folders = write(t, Layout{Increments: 1, Header: "Mixed"})
	require.True(t, strings.HasPrefix(read(t, dir, folders[0], "tenant.csv"), "Tenant_key,Tenant_name\n"))
}

func TestZipsHoldTheSameFilesAndMatchTheirSum(t *testing.T) {
	plain, folders := write(t, Layout{Increments: 2, Header: "UPPER"})
	zipped, same := write(t, Layout{Increments: 2, Header: "UPPER", Zip: true})
	again, _ := write(t, Layout{Increments: 2, Header: "UPPER", Zip: true})
	require.Equal(t, folders, same)
	for _, folder := range folders {
		name := folder + ".zip"
		bytes := read(t, zipped, folder, name)
		require.Equal(t, bytes, read(t, again, folder, name), "the same every time")
		sum := sha1.Sum([]byte(bytes))
		require.Equal(t, hex.EncodeToString(sum[:])+"  "+name+"\n", read(t, zipped, folder, name+".sha1"))

		archive, err := zip.OpenReader(filepath.Join(zipped, folder, name))
		require.NoError(t, err)
		defer archive.Close()
		require.Len(t, archive.File, int(tables)-2) // but for what was extracted and transformed
		for _, f := range archive.File {
			r, err := f.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, read(t, plain, folder, f.Name), string(text))
			require.NoFileExists(t, filepath.Join(zipped, folder, f.Name))
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir, _ := write(t, Layout{Increments: 1})
	_, err := small(t).Export(t.Context(), dir, Layout{Increments: 1})
	require.ErrorIs(t, err, os.ErrExist)
}

func TestDatabaseHoldsWhatTheMergedExportHolds(t *testing.T) {
	db, g := pgtest.Schema(t), final(t, smaller)
	counts, err := g.Load(t.Context(), Target{db.ConnString(), db.Schema, true})
	require.NoError(t, err)

	var stored texts
	for table := range tables {
		var columns []string
		require.NoError(t, db.Conn.QueryRow(t.Context(), `
			select array_agg(column_name::text order by ordinal_position)
			from information_schema.columns
			where table_schema = $1 and table_name = $2`, db.Schema, table.name()).Scan(&columns))
		require.Equal(t, columns, table.columns(false), "every column of %s is filled", table.name())

		var rows bytes.Buffer
		_, err := db.Conn.PgConn().CopyTo(t.Context(), &rows,
			fmt.Sprintf("copy (select %s from %s) to stdout (format csv)", strings.Join(columns, ", "), table.name()))
		require.NoError(t, err)
		stored[table] = rows.String()
	}
	g.add("stored", stored)
	g.add("exported", text(t, g.Simulation, Layout{Increments: 4})...)
	for table := range tables {
		require.Equal(t, counts[table], g.number("select count(*) from stored."+table.name()), table.name())
		if table.exported() {
			g.same(table, "stored", "exported", "in the database")
		}
	}
}

func TestRowsAreAddedToTablesThatAreThere(t *testing.T) {
	db, s := pgtest.Schema(t), small(t)
	_, err := s.Load(t.Context(), Target{db.ConnString(), db.Schema, false})
	require.ErrorContains(t, err, "does not exist")

	_, err = s.Load(t.Context(), Target{db.ConnString(), db.Schema, true})
	require.NoError(t, err)
	_, err = s.Load(t.Context(), Target{db.ConnString(), db.Schema, false})
	require.ErrorContains(t, err, "duplicate key", "the same rows again")
}
