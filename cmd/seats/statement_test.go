package main

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
)

// A statement has the store's numbers as numbers, its days as dates, and texts of people as nothing but texts.
func TestAStatementSaysWhatTheStoreDoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seats := scriptedSite(t, dir, "committed: 1, ")
	export := filepath.Join(dir, "exports", "export_1_2026_04_02_00_00_00")
	rewrite(t, filepath.Join(export, "resource_.csv"), ",ann,E1,", ",ann,=1+1,")
	seats("run", "--month", "2026-03")
	rewrite(t, filepath.Join(export, "sm_res_session_fact.csv"), "1773136800,1773144000,0", "1773136800,1773155800,0") // bob stays
	seats("run", "--date", "2026-03-10", "--refresh", "--restate", "@SUM(A1:A9)")
	seats("run", "--month", "2026-03")
	path, again := filepath.Join(dir, "march.xlsx"), filepath.Join(dir, "again.xlsx")
	seats("report", "--statement", path, "--month", "2026-03")
	seats("report", "--statement", again, "--month", "2026-03")
	key, masked := filepath.Join(dir, "key"), filepath.Join(dir, "masked.xlsx")
	require.NoError(t, os.WriteFile(key, []byte(strings.Repeat("k", 64)), 0o600))
	seats("report", "--statement", masked, "--month", "2026-03", "--pseudonymize", key)
	unzip(t, masked, filepath.Join(dir, "masked"))
	require.Equal(t, fs.FileMode(0o600), must.Have(os.Stat(path))(t).Mode())
	require.Equal(t, must.Text(t, path), must.Text(t, again), "equal stores give equal bytes")

	f := must.Have(excelize.OpenFile(path))(t)
	defer f.Close() //nolint:errcheck // only read
	db := must.Have(duck.Open(filepath.Join(dir, "var", "acme.duckdb"), duck.Options{ReadOnly: true}))(t)
	defer db.Close()                                             //nolint:errcheck // only read
	lines := func(sheet string, of ...string) (lines []string) { // of a sheet's columns
		rows := must.Have(f.GetRows(sheet))(t)
		for _, row := range rows[3:] {
			var cells []string
			for _, name := range of {
				at := slices.Index(rows[2], name)
				require.GreaterOrEqual(t, at, 0, "%s: %s of %q", sheet, name, rows[2])
				cells = append(cells, slices.Concat(row, make([]string, len(rows[2])))[at])
			}
			lines = append(lines, strings.Join(cells, " "))
		}
		return lines
	}
	require.Equal(t, []string{"Month", "Daily peaks", "Peak", "Quality", "Restatements", "Files"},
		slices.DeleteFunc(f.GetSheetList(), func(name string) bool { return name == "Contracts" }))
	require.Equal(t, []string{
		"EU 2026-03 final 31 0   0 0   Europe/London",
		"US 2026-03 final 31 3 2026-03-10 11:00:00 1000 1 3 1 2 America/New_York",
	}, lines("Month", "Region", "Period", "State", "Days counted", "Highest second", "Reached first", "Seconds at it", "Days that reach it",
		"Highest daily issued", "Committed", "Above committed", "Time zone"))
	require.Equal(t, must.Texts(t, db, `select concat_ws(' ', region, agents, 1, 'the same') from monthly_enabled order by region`),
		lines("Month", "Region", "Enabled agents", "Revision of enabled", "Issued file and store"))
	require.Equal(t, must.Texts(t, db, `select concat_ws(' ', region, day, agents, coalesce(peak_seconds::varchar, ''), state, if(agents = 3, 2, 1), agents, 'the same')
		from daily_concurrent where location is null order by region, day`),
		lines("Daily peaks", "Region", "Day", "Highest second", "Seconds at it", "State", "Revision", "Issued", "Issued file and store"))
	require.Equal(t, []string{
		"US 2026-03-10 11:00:00 =1+1 1 2026-03-10 04:00:00 2026-03-10 12:00:00 default: switch not listed",
		"US 2026-03-10 11:00:00 E2 2 2026-03-10 06:00:00 2026-03-10 11:16:40 default: switch not listed",
		"US 2026-03-10 11:00:00 E4 4 2026-03-10 11:00:00 2026-03-10 13:00:00 default: switch not listed",
	}, lines("Peak", "Region", "Second", "Agent", "Session", "Login", "Logout", "Why"))
	require.Equal(t, must.Texts(t, db, `select concat_ws(' ', rule, sum(occurrences)::bigint, count(*)) from data_quality
		group by rule order by sum(occurrences) desc, rule`), lines("Quality", "Rule", "Found", "Days looked at"))
	require.NotContains(t, lines("Quality", "What it finds"), "", "each rule is told in words")
	require.Equal(t, []string{"US 2026-03-10 daily_concurrent 2 2 3 yes @SUM(A1:A9) " +
		"CNT_US_PES_SEATS_OUTBOUND_acme_20260310_R2.csv CNT_US_PES_SEATS_OUTBOUND_acme_20260310.csv"},
		lines("Restatements", "Region", "Period", "Measure", "Revision", "Number before", "Number", "Stands", "Reason", "File", "Supersedes"))
	require.ElementsMatch(t, must.Texts(t, db, `select concat_ws(' ', period, arg_max(value, revision), arg_max(value, revision), arg_max(file, revision),
		arg_max(sha256, revision), arg_max(manifest_sha256, revision)) from _data.issued_file group by region, measure, period`),
		lines("Files", "Period", "Number", "In the store", "File", "SHA-256 of the file", "SHA-256 of its manifest"))

	for cell, raw := range map[string]string{"B4": "46082", "C4": "0", "D44": "46091.458333333336"} { // days since 1899-12-30
		require.Equal(t, raw, must.Have(f.GetCellValue("Daily peaks", cell, excelize.Options{RawCellValue: true}))(t), cell)
		require.Equal(t, excelize.CellTypeUnset, must.Have(f.GetCellType("Daily peaks", cell))(t), "%s: a number", cell)
	}
	require.Equal(t, excelize.CellTypeSharedString, must.Have(f.GetCellType("Peak", "C4"))(t))
	parts := must.Have(zip.OpenReader(path))(t)
	defer parts.Close() //nolint:errcheck // only read
	for _, part := range parts.File {
		text := string(must.Have(fs.ReadFile(parts, part.Name))(t))
		switch {
		case strings.HasPrefix(part.Name, "xl/worksheets/sheet"):
			require.NotRegexp(t, `<f[ >]`, text, "%s: a formula", part.Name)
			require.Contains(t, text, `orientation="landscape"`)
			require.Contains(t, text, `Page &amp;P of &amp;N`)
			require.Contains(t, text, `state="frozen"`)
		case strings.HasPrefix(part.Name, "xl/charts/"):
			require.Equal(t, []string{"$C$4:$C$34", "$C$35:$C$65", "$F$35:$F$65"},
				regexp.MustCompile(`\$[CF]\$\d+:\$[CF]\$\d+`).FindAllString(text, -1), "a line for each region, and what is agreed on")
		}
	}
	require.NotNil(t, must.Have(parts.Open("xl/charts/chart1.xml"))(t))

	for _, named := range []string{"=1+1", "E2<", "@SUM"} {
		require.Contains(t, string(must.Have(fs.ReadFile(parts, "xl/sharedStrings.xml"))(t)), named)
		require.NotContains(t, must.Text(t, dir, "masked", "xl", "sharedStrings.xml"), named)
	}
}

// What is counted after a region's last day is none of its month: neither of the statement's, nor of the page's.
func TestAMonthEndsWithItsRegion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seats := scriptedSite(t, dir, "committed: 1, until: 2026-03-09, ")
	seats("run", "--month", "2026-03")
	path, pages := filepath.Join(dir, "march.xlsx"), filepath.Join(dir, "pages")
	seats("report", "--statement", path, "--month", "2026-03")
	seats("report", "--html", pages)

	f := must.Have(excelize.OpenFile(path))(t)
	defer f.Close() //nolint:errcheck // only read
	require.Equal(t, []string{"US", "2026-03", "final", "9", "0"}, must.Have(f.GetRows("Month"))(t)[4][:5])
	require.Len(t, must.Have(f.GetRows("Daily peaks"))(t), 3+31+9)
	require.Equal(t, "none", must.Have(f.GetCellValue("Peak", "A4"))(t))
	require.Equal(t, 2, strings.Count(must.Text(t, pages, "acme", "2026-03.html"), "<dt>Highest peak</dt><dd>0</dd>"))
	require.NotContains(t, must.Text(t, pages, "acme", "2026-03.html"), "days above it")
}
