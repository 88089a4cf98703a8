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
	const resources = "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n"
	session := sessionHeader + sessionRow(1, 1, 100, 200, 5)
	for name, c := range map[string]struct{ table, text, want string }{
		"sqlcmd's line of dashes":  {"sm_res_session_fact", sessionHeader + strings.Repeat("-----------,", 8) + "------\n" + sessionRow(1, 1, 100, 200, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: the line of dashes under a header has to be left out"},
		"sqlcmd's count of rows":   {"sm_res_session_fact", session + "\n(1 rows affected)\n", ".csv:4: "},
		"SQL*Plus's count of rows": {"sm_res_session_fact", session + "\n1 row selected.\n", ".csv:4: "},
		"an error in the spool":    {"sm_res_session_fact", session + "ERROR:\nORA-01555: snapshot too old\n", ".csv:3: "},
		"the word NULL, a number":  {"sm_res_session_fact", sessionHeader + row(1, day0, 1, 1, 1, day0, "NULL", 1, 5), ".csv:2: column END_TS: it is the word NULL: where there is no number, the field has to be empty"},
		"the word NULL, a GUID":    {"irf_user_data_gen_1", dataHeader + dataRow(1, 110, "NULL", 5), ".csv: column GSW_CALL_ATTEMPT_GUID is the word NULL"},
		"the word NULL, a person":  {"resource_", resources + "1,AGENT,a,NULL,\n", ".csv: column EMPLOYEE_ID is the word NULL"},
		"the word NULL, a switch":  {"resource_", resources + "1,ENDPOINT,a,,NULL\n", ".csv: column SWITCH_NAME is the word NULL"},
		"bcp's empty text":         {"irf_user_data_gen_1", dataHeader + dataRow(1, 110, "\x00", 5), ".csv: column GSW_CALL_ATTEMPT_GUID is the character NUL"},
		"bcp without a header":     {"sm_res_session_fact", sessionRow(1, 1, 100, 200, 5), ".csv:1: no column sm_res_session_fact_key: the first line has to name the columns"},
		"blanks behind texts":      {"resource_", resources + "1,AGENT     ,a,E1,\n", `.csv: column RESOURCE_TYPE_CODE is filled up with blanks: "AGENT     "`},
		"SQL*Plus's numwidth":      {"sm_res_session_fact", sessionHeader + row("1.0000E+10", day0, 1, 1, 1, day0, day0, 1, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: 1.0000E+10 may have been rounded"},
		"an exponent":              {"sm_res_session_fact", sessionHeader + row("1E10", day0, 1, 1, 1, day0, day0, 1, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: 1E10 may have been rounded"},
		"SQL*Plus's fraction":      {"sm_res_session_fact", sessionHeader + row(1, day0, 1, 1, 1, ".5", day0, 1, 5), ".csv:2: column START_TS: .5 is not a whole number"},
		"a decimal comma":          {"sm_res_session_fact", sessionHeader + row(1, day0, 1, 1, 1, `"1773100800,00"`, day0, 1, 5), ".csv:2: column START_TS: "},
		"thousands":                {"sm_res_session_fact", sessionHeader + row(`"10,000,000,001"`, day0, 1, 1, 1, day0, day0, 1, 5), ".csv:2: column SM_RES_SESSION_FACT_KEY: "},
		"a date":                   {"sm_res_session_fact", sessionHeader + row(1, "10-MAR-26", 1, 1, 1, day0, day0, 1, 5), ".csv:2: column START_DATE_TIME_KEY: "},
		"semicolons":               {"sm_res_session_fact", strings.ReplaceAll(session, ",", ";"), ".csv:1: no column sm_res_session_fact_key: fields have to be separated by commas"},
		"UTF-16":                   {"sm_res_session_fact", utf16LE(session), ".csv:1: no column sm_res_session_fact_key: is the file UTF-16? It has to be UTF-8"},
		"Export-Csv's types":       {"sm_res_session_fact", "#TYPE System.Data.DataRow\n" + session, ".csv:1: no column sm_res_session_fact_key: PowerShell's -NoTypeInformation leaves this line out"},
	} {
		t.Run(name, func(t *testing.T) {
			f := base(files{
				"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5), "irf_user_data_gen_1": dataHeader + dataRow(1, 110, "g1", 5), c.table: c.text,
			})
			_, err := extract.OpenExport(t.Context(), exportOf(t, f), newRig(t).stage, exportOptions(t))
			require.ErrorContains(t, err, c.table+c.want)
			require.Equal(t, fail.Source, fail.CodeOf(err))
			require.NotEmpty(t, fail.Hints(err))
		})
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
