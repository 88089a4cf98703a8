package extract_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/gimschema"
)

var groupTables = []string{"group_", "resource_group_combination"}

const groupRows = "select sm_res_session_fact_key || ' ' || start_date_time_key || ' ' || coalesce(group_name, '-') from _data.session_group order by all"

// grouped is a GIM whose agents are in groups: session 1 in two, 2 in one, 3 in none, 4 in an unknown one, 5 in a combination
// that is no row, 6 in a group that is none.
func grouped(t *testing.T) *gim {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.db.Exec(t, `
		insert into group_ (group_key, group_name) values (-1, 'UNKNOWN'), (-2, 'NO_VALUE'), (1, 'Sales'), (2, 'Équipe, Paris'), (3, null);
		insert into resource_group_combination (group_combination_key, group_key) values (-1, -1), (-2, -2), (10, 1), (10, 2), (11, 2), (12, 3), (13, -1)`)
	for i, combination := range []int64{10, 11, -2, -1, 99, 12, 13} {
		id := int64(i + 1)
		g.session(id, 1+id%3, 1, day0+id*1000, day0+id*1000+500, 0, 1)
		g.leg(id, 1+id%3, 10, day0+id*1000, day0+id*1000+50, fmt.Sprint("g", id))
		g.db.Exec(t, fmt.Sprintf("update sm_res_session_fact set resource_group_combination_key = %d where sm_res_session_fact_key = %d", combination, id))
	}
	g.session(8, 1, 2, day0+100, day0+200, 0, 1) // no voice
	g.db.Exec(t, "update sm_res_session_fact set resource_group_combination_key = 10 where sm_res_session_fact_key = 8")
	return g
}

var wantGroups = []string{
	fmt.Sprintf("1 %d Sales", key(day0+1000)), fmt.Sprintf("1 %d Équipe, Paris", key(day0+1000)),
	fmt.Sprintf("2 %d Équipe, Paris", key(day0+2000)), fmt.Sprintf("3 %d -", key(day0+3000)), fmt.Sprintf("4 %d -", key(day0+4000)),
	fmt.Sprintf("5 %d -", key(day0+5000)), fmt.Sprintf("6 %d -", key(day0+6000)), fmt.Sprintf("7 %d -", key(day0+7000)),
}

func withGroups(t *testing.T, src *extract.GIMDB) string {
	why, err := src.WithGroups(t.Context())
	require.NoError(t, err)
	return why
}

// openGroups opens an export and gives what was warned of.
func openGroups(t *testing.T, r *rig, dir string) (src *extract.Export, warned string) {
	o := exportOptions(t)
	o.Groups, o.Warn = true, func(msg string) { warned += msg + "\n" }
	src, err := extract.OpenExport(t.Context(), dir, o)
	require.NoError(t, err)
	return src, warned
}

func TestGroupsAreTheSameFromBothSourcesAndNoPartOfTheSlice(t *testing.T) {
	g := grouped(t)
	plain := newRig(t)
	want := plain.cut(t, openDB(t, plain, g.config(2), nil), utcDay)
	require.Empty(t, plain.strings(t, groupRows), "nobody asked")

	db := newRig(t)
	src := openDB(t, db, g.config(2), nil)
	require.Empty(t, withGroups(t, src))
	require.Equal(t, want.SHA256, db.cut(t, src, utcDay).SHA256)
	require.Equal(t, wantGroups, db.strings(t, groupRows))
	require.Equal(t, want.SHA256, db.cut(t, src, utcDay).SHA256)
	require.Equal(t, wantGroups, db.strings(t, groupRows), "read anew, not beside the old ones")

	export := newRig(t)
	exported, warned := openGroups(t, export, g.export("2026_03_11_02_00_00", groupTables...))
	require.Empty(t, warned)
	require.Equal(t, want.SHA256, export.cut(t, exported, utcDay).SHA256)
	require.Equal(t, wantGroups, export.strings(t, groupRows))

	again := newRig(t)
	again.cut(t, openExport(t, again, g.export("2026_03_11_02_00_00", groupTables...)), utcDay)
	require.Empty(t, again.strings(t, groupRows))
}

// Where a row may come in several copies, the newest one says which groups they are.
func TestTheNewestCopyOfASessionTellsItsGroups(t *testing.T) {
	g := grouped(t)
	g.db.Exec(t, `
		alter table sm_res_session_fact drop constraint sm_res_session_fact_pkey;
		insert into sm_res_session_fact select sm_res_session_fact_key, start_date_time_key, end_date_time_key, tenant_key, media_type_key, resource_key,
			11, create_audit_key, update_audit_key + 1, start_ts, end_ts, total_duration, lead_clip_duration, trail_clip_duration, active_flag
		from sm_res_session_fact where sm_res_session_fact_key = 1`)
	r := newRig(t)
	src := openDB(t, r, g.config(1), nil)
	require.Empty(t, withGroups(t, src))
	r.cut(t, src, utcDay)
	require.Equal(t, wantGroups[1:], r.strings(t, groupRows))
}

// A GIM without groups, or one that does not show them, has slices all the same, and says what is missing.
func TestWithoutGroupsThereAreSlices(t *testing.T) {
	for name, c := range map[string]struct{ spoil, why string }{
		"no table":  {"drop table group_", "missing: table group_"},
		"no column": {"alter table sm_res_session_fact drop column resource_group_combination_key", "missing: column sm_res_session_fact.resource_group_combination_key"},
		"type":      {"alter table group_ alter group_key type text", "wrong type: group_.group_key is text"},
	} {
		t.Run(name, func(t *testing.T) {
			g := grouped(t)
			g.db.Exec(t, c.spoil)
			r := newRig(t)
			src := openDB(t, r, g.config(2), nil)
			require.Contains(t, withGroups(t, src), c.why)
			require.EqualValues(t, 7, r.cut(t, src, utcDay).Sessions)
			require.Empty(t, r.strings(t, groupRows))
			f, err := extract.InspectGIMDB(t.Context(), g.config(1), time.UTC)
			require.NoError(t, err)
			require.Contains(t, f.NoGroups, c.why)
		})
	}
}

func TestAnExportWithoutGroupsHasSlices(t *testing.T) {
	g := grouped(t)
	all := g.export("2026_03_11_02_00_00", groupTables...)
	for file, why := range map[string]string{
		"GROUP_.csv":                     "no file for group_",
		"RESOURCE_GROUP_COMBINATION.csv": "no file for resource_group_combination",
		"":                               "no file for sm_res_session_fact with column resource_group_combination_key",
	} {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(all)))
		chunk := filepath.Join(dir, "export_42_2026_03_11_02_00_00")
		if file != "" {
			require.NoError(t, os.Remove(filepath.Join(chunk, file)))
		} else {
			path := filepath.Join(chunk, "SM_RES_SESSION_FACT.csv")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "resource_group_combination_key", "other", 1)), 0o600))
		}
		r := newRig(t)
		src, warned := openGroups(t, r, dir)
		require.Contains(t, warned, "the agent groups cannot be told: export "+dir+": "+why)
		require.EqualValues(t, 7, r.cut(t, src, utcDay).Sessions)
		require.Empty(t, r.strings(t, groupRows))
		f, err := extract.InspectExport(t.Context(), dir, "", t.TempDir(), 0, true, readerClock)
		require.NoError(t, err)
		require.Equal(t, why, f.NoGroups)
		require.Equal(t, "7 tables in 1 chunks, the newest export_42_2026_03_11_02_00_00", f.Detail)
	}
}

// Where the column came with a later chunk, of sessions that are not in it nothing is known: they are not in no group.
func TestSessionsOfChunksWithoutGroupsHaveNone(t *testing.T) {
	g := grouped(t)
	dir := g.export("2026_03_11_02_00_00", groupTables...)
	path := filepath.Join(dir, "export_42_2026_03_11_02_00_00", "SM_RES_SESSION_FACT.csv")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "resource_group_combination_key", "other", 1)), 0o600))
	g.db.Exec(t, "delete from sm_res_session_fact where sm_res_session_fact_key not in (2, 3)")
	later := "export_43_2026_03_11_03_00_00"
	require.NoError(t, os.Rename(filepath.Join(g.export("2026_03_11_03_00_00"), "export_42_2026_03_11_03_00_00"), filepath.Join(dir, later)))
	r := newRig(t)
	src, warned := openGroups(t, r, dir)
	require.Empty(t, warned)
	require.EqualValues(t, 7, r.cut(t, src, utcDay).Sessions)
	require.Equal(t, wantGroups[2:4], r.strings(t, groupRows))
}

// The groups of a slice that could not be replaced come back with it.
func TestASourceThatFailsMidwayLeavesTheOldGroups(t *testing.T) {
	g := grouped(t)
	r := newRig(t)
	src := openDB(t, r, g.config(1), nil)
	require.Empty(t, withGroups(t, src))
	r.cut(t, src, utcDay)
	c := cutter(r, faulty{src, func() {}})
	_, err := c.Cut(t.Context(), utcDay)
	require.ErrorIs(t, err, errFaulty)
	require.Equal(t, wantGroups, r.strings(t, groupRows))
}
