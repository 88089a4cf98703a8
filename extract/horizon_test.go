package extract_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
	"seats/internal/gimschema"
)

// horizon is what a look at a GIM finds whose histories hold rows: of data sources, type, key, max_ts and extract_end_time; and of
// transformations, start and end.
func horizon(t *testing.T, g *gim, extracted, transformed string) (extract.Horizon, error) {
	g.db.Exec(t, `truncate ctl_extract_history, ctl_transform_history;
		insert into ctl_extract_history (table_name, data_source_type, data_source_key, max_ts, extract_end_time, dap_name, job_id, create_audit_key, created_ts)
		select 't', type, key, max_ts::text::`+g.maxTS()+`, ended::timestamp, 'DAP_' || key, 'j', 1, 1 from (values `+extracted+`) as v (type, key, max_ts, ended);
		insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key)
		select 'j', 1, began::timestamp, ended::timestamp, 1, 1 from (values `+transformed+`) as v (began, ended)`)
	cfg := g.config(1)
	cfg.RetiredAfterDays = 7
	return extract.GIMDBHorizon(t.Context(), cfg)
}

func (g *gim) maxTS() (name string) {
	err := g.db.Conn.QueryRow(g.t.Context(), "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'ctl_extract_history'::regclass and attname = 'max_ts'").Scan(&name)
	require.NoError(g.t, err)
	return name
}

// What is extracted says nothing until a transformation that began afterwards has ended.
func TestR10ExtractedIsNotTransformed(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	const noon, night = 1773144000, 1773196200
	day := fmt.Sprintf("(1, 1, %d, '2026-03-10 07:10'), (3, 1, %[1]d + 60, '2026-03-10 07:10'), (1, 1, %d, '2026-03-10 21:35'), (3, 1, %[2]d, '2026-03-10 21:35'), (1, 2, %[2]d, '2026-03-10 21:35'), (2, 4, 7, null)", noon, night)
	for _, c := range []struct {
		transformed string
		want        int64 // 0: not ready
	}{
		{"(null, null)", 0},
		{"('2026-03-10 07:00', '2026-03-10 23:00')", 0},
		{"('2026-03-10 07:10', '2026-03-10 07:20')", 0}, // nothing of the T-Server that was extracted at night alone
		{"('2026-03-10 07:10', '2026-03-10 07:20'), ('2026-03-10 21:35', null)", 0},
		{"('2026-03-10 21:34:59.999', '2026-03-10 22:00')", 0},
		{"('2026-03-10 21:35', '2026-03-10 22:00')", night},
	} {
		h, err := horizon(t, g, day, c.transformed)
		require.NoError(t, err)
		ready, known := h.Ready(utcDay)
		require.True(t, known, c.transformed)
		require.Equal(t, c.want > 0, ready, c.transformed)
		if c.want > 0 {
			require.Equal(t, c.want, *h.HighWater)
		} else {
			require.Nil(t, h.HighWater, c.transformed)
			require.Contains(t, h.Reach(), "has not transformed yet what it extracted of ")
		}
	}
	h, err := horizon(t, g, fmt.Sprintf("(1, 1, %d, '2026-03-10 07:10'), (3, 1, %[1]d + 60, '2026-03-10 07:10'), (1, 1, %d, '2026-03-10 21:35')", noon, night), "('2026-03-10 07:10', '2026-03-10 07:20')")
	require.NoError(t, err)
	require.EqualValues(t, noon, *h.HighWater)
	require.Equal(t, "is complete up to 2026-03-10T12:00:00Z (data_source_key 1, T-Server DAP_1)", h.Reach())
}

// Whether a data source lives is told by what was extracted of it: one that has just come back is not left out for what is still to be transformed.
func TestR10ADataSourceThatLagsIsLeftOut(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	const mark, week = 1773196200, 7 * 86400
	living := fmt.Sprintf("(1, 1, %d, '2026-03-10 21:35'), (3, 1, %[1]d, '2026-03-10 21:35')", mark)
	for _, c := range []struct {
		other string
		left  int
		want  int64
	}{
		{fmt.Sprintf("(1, 2, %d, '2026-03-03 21:35')", mark-week), 0, mark - week},
		{fmt.Sprintf("(1, 2, %d, '2026-03-03 21:35')", mark-week-1), 1, mark},
		{fmt.Sprintf("(1, 2, %d, null)", mark-week-1), 1, mark},
		{fmt.Sprintf("(1, 2, %d, '2026-03-10 23:00')", mark-week-1), 1, mark},
		{fmt.Sprintf("(1, 2, %d, '2026-03-01 21:35'), (1, 2, %d, '2026-03-10 23:00')", mark-9*86400, mark), 0, mark - 9*86400},
	} {
		h, err := horizon(t, g, living+", "+c.other, "('2026-03-10 22:00', '2026-03-10 22:20')")
		require.NoError(t, err)
		require.Len(t, h.Retired, c.left, c.other)
		require.Equal(t, c.want, *h.HighWater, c.other)
	}
}

// What is no time of seconds, or still to come, is refused, of whatever type it is; of data sources that do not matter nobody asks.
func TestR10AMarkThatIsNoTimeIsRefused(t *testing.T) {
	for _, c := range []struct{ to, maxTS, want string }{
		{"bigint", "1773196200000", "max_ts of data_source_key 1, T-Server DAP_1 is 1773196200000, which is no time in seconds"},
		{"integer", "0", "is 0, which is no time in seconds"},
		{"integer", "-5", "is -5, which is no time in seconds"},
		{"integer", "29553270", "is 29553270, which is no time in seconds"}, // minutes
		{"integer", "extract(epoch from now())::integer + 600", "which lies ahead of the server's clock"},
		{"numeric", "1e30", "which is no time in seconds"},
		{"double precision", "'NaN'", "is NaN, which is no time in seconds"},
		{"integer", "extract(epoch from now())::integer + 60", ""}, // clocks of a site differ
	} {
		g := newGIM(t, gimschema.DDL)
		g.retype([]string{"ctl_extract_history.max_ts"}, c.to)
		_, err := horizon(t, g, "(1, 1, "+c.maxTS+", '2026-03-10 21:35')", "('2026-03-10 22:00', '2026-03-10 22:20')")
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
		require.Equal(t, fail.Source, fail.CodeOf(err))
		require.NotEmpty(t, fail.Hints(err))
		_, err = horizon(t, g, "(4, 1, "+c.maxTS+", '2026-03-10 21:35')", "('2026-03-10 22:00', '2026-03-10 22:20')")
		require.NoError(t, err)
	}
}
