// Package must has tests go on with what a call gave: text := must.Have(os.ReadFile(path))(t).
package must

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
)

// Have gives what a call gave, unless it failed.
func Have[T any](v T, err error) func(require.TestingT) T {
	return func(t require.TestingT) T {
		require.NoError(t, err)
		return v
	}
}

// Now gives what a call gave where there is no test yet: it panics.
func Now[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Err is the error of a call that is to fail.
func Err[T any](_ T, err error) error { return err }

// Fail wants an error of this code that says so, and that has such a hint.
func Fail(t require.TestingT, err error, code fail.Code, says string, hint ...string) {
	require.ErrorContains(t, err, says)
	require.Equal(t, code, fail.CodeOf(err), "%v", err)
	for _, h := range hint {
		require.NotEmpty(t, fail.Hints(err))
		require.Contains(t, fail.Hints(err)[0], h)
	}
}

func Date(t require.TestingT, text string) calendar.Date  { return Have(calendar.ParseDate(text))(t) }
func Zone(t require.TestingT, name string) *time.Location { return Have(time.LoadLocation(name))(t) }
func Text(t require.TestingT, path ...string) string {
	return string(Have(os.ReadFile(filepath.Join(path...)))(t))
}

func Names(t require.TestingT, dir string) []string {
	return list.Of(Have(os.ReadDir(dir))(t), os.DirEntry.Name)
}

// Texts are the rows of a query of one column.
func Texts(t require.TestingT, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, query string) (texts []string) {
	rows := Have(db.QueryContext(context.Background(), query))(t)
	defer rows.Close() //nolint:errcheck // read to the end
	for rows.Next() {
		var text sql.NullString
		require.NoError(t, rows.Scan(&text), query)
		texts = append(texts, text.String)
	}
	require.NoError(t, rows.Err(), query)
	return texts
}

// Quiet is a log that nobody reads, and a progress that nobody sees.
type Quiet struct{}

func (Quiet) Info(string, ...any) {}
func (Quiet) Warn(string, ...any) {}
func (Quiet) Start(string)        {}
func (Quiet) Add(int64)           {}
func (Quiet) Stop()               {}
func (Quiet) Expect(int64)        {}
