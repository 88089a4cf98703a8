package extract

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
)

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
