package extract_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
)

// testdata/exports holds one small GIM as the tools of docs/exports.md write it: marks, line ends, quotes, empty lines. Every
// one of them gives the same slice.
func TestWhatTheToolsOfOtherDatabasesWriteIsReadAlike(t *testing.T) {
	tools, err := os.ReadDir("testdata/exports")
	require.NoError(t, err)
	require.Len(t, tools, 6)
	var first string
	for _, tool := range tools {
		t.Run(tool.Name(), func(t *testing.T) {
			r := newRig(t)
			s := r.cut(t, openExport(t, r, filepath.Join("testdata/exports", tool.Name())), utcDay)
			require.Equal(t, []string{"10000000001 200", ""}, r.strings(t, sessionsSQL))
			require.Equal(t, []string{"leg 20000000001 120 0F1E2D3C4B5A69788796A5B4C3D2E1F0", "leg 20000000002 320 00AB6O1E4K9H3E11", "preview 30000000001 140 00AB6O1E4K9H3E12"},
				r.strings(t, activitiesSQL))
			require.Equal(t, []string{`E1 Müller, "Jo"`, "007 a\nb"}, r.strings(t, "select employee_id || ' ' || resource_name from agent order by resource_key"))
			if first == "" {
				first = s.SHA256
			}
			require.Equal(t, first, s.SHA256)
		})
	}
}

// What a tool writes where its options are not those of docs/exports.md is refused where it would be taken for something else,
// with words that say what it is.
func TestWhatToolsWriteThatMeansSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	const resources = "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n"
	session := sessionHeader + sessionRow(1, 1, 100, 200, 5)
	for name, c := range map[string]struct{ table, text, want string }{
		"sqlcmd's line of dashes":  {"sm_res_session_fact", sessionHeader + strings.Repeat("-----------,", 8) + "------\n" + sessionRow(1, 1, 100, 200, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: the line of dashes under a header has to be left out"},
		"sqlcmd's count of rows":   {"sm_res_session_fact", session + "\n(1 rows affected)\n", ".csv:4: "},
		"SQL*Plus's count of rows": {"sm_res_session_fact", session + "\n1 row selected.\n", ".csv:4: "},
		"an error in the spool":    {"sm_res_session_fact", session + "ERROR:\nORA-01555: snapshot too old\n", ".csv:3: "},
		"the word NULL, a number":  {"sm_res_session_fact", sessionHeader + row(1, day0, 1, 1, 1, day0, "NULL", 1, -1), ".csv:2: column END_TS: it is the word NULL: where there is no value, the field has to be empty, or that word has to stand in all of the file"},
		"the word NULL, a GUID":    {"irf_user_data_gen_1", dataHeader + dataRow(1, 110, "", 5) + dataRow(2, 110, "NULL", 5), ".csv:3: column GSW_CALL_ATTEMPT_GUID: it is the word NULL: "},
		"the word NULL, a person":  {"resource_", resources + "1,AGENT,a,NULL,\n", ".csv:2: column EMPLOYEE_ID: it is the word NULL: "},
		"the word NULL, a switch":  {"resource_", resources + "1,ENDPOINT,a,,NULL\n", ".csv:2: column SWITCH_NAME: it is the word NULL: "},
		"a padded word NULL":       {"resource_", resources + "1,AGENT,a,NULL    ,S\n", ".csv:2: column EMPLOYEE_ID: it is the word NULL, filled up with blanks"},
		"a word and another":       {"irf_user_data_gen_1", dataHeader + dataRow(1, 110, `\N`, 5) + dataRow(2, 110, "null", 5), `.csv:2: column GSW_CALL_ATTEMPT_GUID: it is the word \N: `},
		"a word for a key":         {"sm_res_session_fact", sessionHeader + row(1, `\N`, 1, 1, 1, day0, day0, 1, 5), `.csv:2: column START_DATE_TIME_KEY: it is the word \N, and a key`},
		"a word behind many rows":  {"irf_user_data_gen_1", dataHeader + dataRow(9, 110, "", 5) + strings.Repeat(dataRow(1, 110, "g", 5), 5000) + dataRow(2, 110, "(null)", 5), ".csv:5003: column GSW_CALL_ATTEMPT_GUID: it is the word (null): "},
		"bcp's empty text":         {"irf_user_data_gen_1", dataHeader + dataRow(1, 110, "\x00", 5), ".csv:2: column GSW_CALL_ATTEMPT_GUID: it is the character NUL"},
		"bcp without a header":     {"sm_res_session_fact", sessionRow(1, 1, 100, 200, 5), ".csv:1: no column sm_res_session_fact_key: the first line has to name the columns"},
		"blanks behind texts":      {"resource_", resources + "1,AGENT     ,a,E1,\n", `.csv:2: column RESOURCE_TYPE_CODE: it is filled up with blanks: "AGENT     "`},
		"SQL*Plus's numwidth":      {"sm_res_session_fact", sessionHeader + row("1.0000E+10", day0, 1, 1, 1, day0, day0, 1, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: 1.0000E+10 may have been rounded"},
		"an exponent":              {"sm_res_session_fact", sessionHeader + row("1E10", day0, 1, 1, 1, day0, day0, 1, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: 1E10 may have been rounded"},
		"SQL*Plus's fraction":      {"sm_res_session_fact", sessionHeader + row(1, day0, 1, 1, 1, ".5", day0, 1, 5), ".csv:2: column START_TS: .5 is not a whole number"},
		"a decimal comma":          {"sm_res_session_fact", sessionHeader + row(1, day0, 1, 1, 1, `"1773100800,00"`, day0, 1, 5), ".csv:2: column START_TS: "},
		"thousands":                {"sm_res_session_fact", sessionHeader + row(`"10,000,000,001"`, day0, 1, 1, 1, day0, day0, 1, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: "},
		"a date":                   {"sm_res_session_fact", sessionHeader + row(1, "10-MAR-26", 1, 1, 1, day0, day0, 1, 5), ".csv:2: column START_DATE_TIME_KEY: "},
		"semicolons":               {"sm_res_session_fact", strings.ReplaceAll(session, ",", ";"), ".csv:1: no column sm_res_session_fact_key: fields have to be separated by commas"},
		"CR alone":                 {"sm_res_session_fact", strings.ReplaceAll(session, "\n", "\r"), ".csv:1: no column update_audit_key: line ends have to be LF or CR LF, and not CR alone"},
		"CR alone, once":           {"sm_res_session_fact", session + strings.TrimSuffix(sessionRow(2, 1, 100, 200, 5), "\n") + "\r" + sessionRow(3, 1, 100, 200, 5), ".csv:3: the line ends with CR alone: line ends have to be LF or CR LF"},
		"UTF-16":                   {"sm_res_session_fact", utf16LE(session), ".csv:1: no column sm_res_session_fact_key: is the file UTF-16? It has to be UTF-8"},
		"Export-Csv's types":       {"sm_res_session_fact", "#TYPE System.Data.DataRow\n" + session, ".csv:1: no column sm_res_session_fact_key: PowerShell's -NoTypeInformation leaves this line out"},
	} {
		t.Run(name, func(t *testing.T) {
			f := base(files{
				"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5), "irf_user_data_gen_1": dataHeader + dataRow(1, 110, "g1", 5), c.table: c.text,
			})
			_, err := extract.OpenExport(t.Context(), exportOf(t, f), exportOptions(t))
			require.ErrorContains(t, err, c.table+c.want)
			require.Equal(t, fail.Source, fail.CodeOf(err))
			require.NotEmpty(t, fail.Hints(err))
		})
	}
}

// The word by which a tool says that there is nothing is read so where it stands in all of a file.
func TestAWordForNothingIsReadWhereAllOfTheFileSpellsItSo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, word := range []string{`\N`, "NULL", "null", "(null)", "<null>", "None", "nan", "NaN"} {
		f := base(files{
			"resource_":                 "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,a1,E1,-\n2,AGENT,a2,-,-\n10,ENDPOINT,-,-,SIP_A\n",
			"sm_res_session_fact":       sessionHeader + sessionRow(1, 1, 0, 1000, 5) + strings.Replace(sessionRow(2, 2, 0, 1000, 5), ",0,5", ",-,5", 1),
			"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5) + legRow(2, 2, 10, 110, 120, 5),
			"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "g1", 5) + dataRow(2, 110, "-", 5),
			"contact_attempt_fact":      attemptHeader + row(7, key(day0+130), 1, 3, 1, "-", day0+130, day0+140, 5),
		})
		words, empties := files{}, files{}
		for table, text := range f {
			words[table] = strings.NewReplacer(",-,", ","+word+",", ",-\n", ","+word+"\n").Replace(strings.ReplaceAll(text, ",-,-", ","+word+",-"))
			empties[table] = strings.NewReplacer(",-,", ",,", ",-\n", ",\n").Replace(strings.ReplaceAll(text, ",-,-", ",,-"))
		}
		sum := func(f files) string {
			summary := r.cut(t, openExport(t, r, exportOf(t, f)), utcDay)
			require.Equal(t, []string{"leg 1 120 g1", "preview 7 140 "}, r.strings(t, activitiesSQL), word)
			return summary.SHA256
		}
		require.Equal(t, sum(empties), sum(words), word)
	}
}

// What people choose for a mapping to store where there is no GUID is a GUID of the export, as it is one of the GIM DB.
func TestAWordThatPeopleChooseIsAValue(t *testing.T) {
	r := cutExport(t, base(files{
		"sm_res_session_fact":       sessionHeader + sessionRow(1, 1, 0, 1000, 5),
		"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5),
		"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "none", 5),
		"resource_":                 "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,NULL,E1,\n",
	}))
	require.Equal(t, []string{"leg 1 120 none"}, r.strings(t, activitiesSQL))
	require.Equal(t, []string{"NULL"}, r.strings(t, "select resource_name from agent"), "nothing is counted by it")
}

// Headers by `echo` before rows of a tool of Windows, and the other way round: lines are lines, and texts stay as they are.
func TestLineEndsMayBeMixed(t *testing.T) {
	f := base(files{
		"sm_res_session_fact":       sessionHeader + sessionRow(1, 1, 0, 1000, 5) + sessionRow(2, 2, 0, 1000, 5),
		"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5) + legRow(2, 2, 10, 110, 120, 5),
		"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "g1", 5) + dataRow(2, 110, "g2", 5),
		"resource_": "RESOURCE_KEY,RESOURCE_NAME,RESOURCE_TYPE_CODE,EMPLOYEE_ID,SWITCH_NAME\n1,\"a\rb\",AGENT,E1,\n2,\"c\"\"\r\nd, \"\"\",AGENT,E2,\n" +
			"3,5\" x,AGENT,E3,\n4,\"\"\"\",AGENT,E4,\n10,dn,ENDPOINT,,SIP_A\n",
	})
	ends := map[string]func(line int) string{
		"LF":                func(int) string { return "\n" },
		"CR LF":             func(int) string { return "\r\n" },
		"header LF":         func(line int) string { return []string{"\n", "\r\n"}[min(line, 1)] },
		"header CR LF":      func(line int) string { return []string{"\r\n", "\n"}[min(line, 1)] },
		"every second":      func(line int) string { return []string{"\n", "\r\n"}[line%2] },
		"header and a mark": func(line int) string { return []string{"\n", "\r\n"}[min(line, 1)] },
	}
	sums, r := map[string][]string{}, newRig(t)
	for name, end := range ends {
		changed := files{}
		for table, text := range f {
			line := 0
			for _, l := range strings.SplitAfter(text, "\n") {
				if whole, is := strings.CutSuffix(l, "\n"); is && strings.Count(l, `"`)%2 == 0 || strings.HasPrefix(l, "d, ") || strings.HasPrefix(l, "3,") {
					l = strings.TrimSuffix(whole, "\n") + end(line)
					line++
				}
				changed[table] += l
			}
			if name == "header and a mark" {
				changed[table] = "\ufeff" + changed[table]
			}
		}
		sums[r.cut(t, openExport(t, r, exportOf(t, changed)), utcDay).SHA256] = r.strings(t, "select resource_name from agent order by resource_key")
	}
	require.Len(t, sums, 1)
	for _, names := range sums {
		require.Equal(t, []string{"a\rb", "c\"\r\nd, \""}, names)
	}
}

// Names of folders are no data: not what stands for a column in them, nor what would be a pattern, an address or a compression.
func TestNamesOfFoldersAreNoData(t *testing.T) {
	t.Parallel()
	chunk := func(odd string) files {
		return base(files{
			"sm_res_session_fact":       sessionHeader + sessionRow(1, 1, 0, 1000, 5) + odd,
			"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5) + odd,
			"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "g1", 5) + odd,
		})
	}
	r := newRig(t)
	for _, odd := range []string{"", "\n"} { // DuckDB reads files with an empty line
		for _, name := range []string{
			"active_flag=1", "resource_key=2/start_ts=7", "gsw_call_attempt_guid=__HIVE_DEFAULT_PARTITION__", "region=EU", "[a]*?'x", "[[]", "**", "*", "{a,b}", "s3:", "file:",
			"https:/x", "a.gz", "~", "%41", "#", "a b;c", `x\y`, `x\y*`, "$file", "(null)", "select", "csv.zst",
		} {
			outside := t.TempDir()
			dir := filepath.Join(outside, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o700))
			require.NoError(t, os.Rename(exportOf(t, chunk(odd)), dir))
			if strings.ContainsAny(name, "*?[") { // and what a pattern would find beside it
				require.NoError(t, os.CopyFS(filepath.Join(outside, "a"), os.DirFS(dir)))
			}
			o := exportOptions(t)
			o.TempDir = filepath.Join(outside, "temp "+filepath.Base(name))
			require.NoError(t, os.Mkdir(o.TempDir, 0o700))
			src, err := extract.OpenExport(t.Context(), dir, o)
			require.NoError(t, err, name)
			r.cut(t, src, utcDay)
			require.Equal(t, []string{"1 1000"}, r.strings(t, sessionsSQL), name)
			require.Equal(t, []string{"leg 1 120 g1"}, r.strings(t, activitiesSQL), name)
		}
	}
}

// utf16LE is a text as Windows PowerShell's > writes it.
func utf16LE(text string) string {
	out := "\xff\xfe"
	for _, u := range utf16.Encode([]rune(text)) {
		out += fmt.Sprintf("%c%c", rune(u&0xff), rune(u>>8))
	}
	return out
}
