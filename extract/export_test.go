package extract_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"example.com/seats/extract"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
)

// files are the tables of a chunk: name to text, header line included.
type files map[string]string

const (
	sessionHeader = "SM_RES_SESSION_FACT_KEY,START_DATE_TIME_KEY,TENANT_KEY,MEDIA_TYPE_KEY,RESOURCE_KEY,START_TS,END_TS,ACTIVE_FLAG,UPDATE_AUDIT_KEY\n"
	legHeader     = "INTERACTION_RESOURCE_ID,START_DATE_TIME_KEY,TENANT_KEY,RESOURCE_KEY,MEDIA_RESOURCE_KEY,START_TS,END_TS,ACTIVE_FLAG,UPDATE_AUDIT_KEY\n"
	dataHeader    = "INTERACTION_RESOURCE_ID,START_DATE_TIME_KEY,GSW_CALL_ATTEMPT_GUID,UPDATE_AUDIT_KEY\n"
	attemptHeader = "CONTACT_ATTEMPT_FACT_KEY,START_DATE_TIME_KEY,TENANT_KEY,DIALING_MODE_KEY,RESOURCE_KEY,CALL_ATTEMPT_ID,START_TS,END_TS,UPDATE_AUDIT_KEY\n"
)

// base is a chunk with the dimensions and with fact tables of a header alone, changed as told.
func base(changes files) files {
	f := files{
		"media_type":   "MEDIA_TYPE_KEY,MEDIA_NAME_CODE\n1,VOICE\n2,EMAIL\n",
		"dialing_mode": "DIALING_MODE_KEY,DIALING_MODE_CODE\n1,PREDICTIVE\n3,PREVIEW\n",
		"resource_": "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n" +
			"1,AGENT,a1,E1,\n2,AGENT,a2,E2,\n10,ENDPOINT,dn,,SIP_A\n11,ENDPOINT,dn,,SIP_B\n",
	}
	maps.Copy(f, increment(changes))
	return f
}

// increment is a chunk with fact tables of a header alone, changed as told.
func increment(changes files) files {
	f := files{
		"sm_res_session_fact": sessionHeader, "interaction_resource_fact": legHeader,
		"irf_user_data_gen_1": dataHeader, "contact_attempt_fact": attemptHeader,
	}
	maps.Copy(f, changes)
	return f
}

// exportOf writes chunks, an hour apart from 2026-03-11 00:00 on.
func exportOf(t testing.TB, chunks ...files) string {
	dir := t.TempDir()
	for i, c := range chunks {
		chunk := filepath.Join(dir, fmt.Sprintf("export_%d_2026_03_11_%02d_00_00", i+1, i))
		require.NoError(t, os.Mkdir(chunk, 0o700))
		for table, text := range c {
			require.NoError(t, os.WriteFile(filepath.Join(chunk, table+".csv"), []byte(text), 0o600))
		}
	}
	return dir
}

// row joins fields; times are seconds of the day, and -1 is NULL.
func row(fields ...any) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		if texts[i] = fmt.Sprint(f); f == -1 {
			texts[i] = ""
		}
	}
	return strings.Join(texts, ",") + "\n"
}

func sessionRow(id, resource, start, end, audit int) string {
	return row(id, key(day0+int64(start)), 1, 1, resource, day0+start, day0+end, 0, audit)
}

func legRow(id, resource, dn, start, end, audit int) string {
	return row(id, key(day0+int64(start)), 1, resource, dn, day0+start, day0+end, 0, audit)
}

func dataRow(id, start int, guid string, audit int) string {
	return row(id, key(day0+int64(start)), guid, audit)
}

const sessionsSQL = "select sm_res_session_fact_key || ' ' || (epoch(ends_at)::bigint - 1773100800) from voice_session order by 1"
const activitiesSQL = "select kind || ' ' || activity_key || ' ' || (epoch(ends_at)::bigint - 1773100800) || ' ' || coalesce(call_attempt_guid, '') from ocs_activity order by 1"
const duplicatesSQL = "select relation || ' ' || copies from _data.duplicate_key order by 1"

func cutExport(t *testing.T, chunks ...files) *rig {
	r := newRig(t)
	r.cut(t, openExport(t, r, exportOf(t, chunks...)), utcDay)
	return r
}

func TestLaterChunksReplaceRowsByAuditKeyThenByOrder(t *testing.T) {
	r := cutExport(t,
		base(files{
			"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5) + sessionRow(2, 1, 300, 400, 5) +
				sessionRow(3, 2, 100, 200, 9) + sessionRow(4, 2, 300, 400, 5),
			"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5),
			"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "g1", 5),
			"contact_attempt_fact":      attemptHeader + row(7, key(day0+130), 1, 3, 1, "p7", day0+130, day0+140, 5),
		}),
		increment(files{
			"sm_res_session_fact": sessionHeader +
				sessionRow(1, 1, 100, 250, 6) + // newer
				sessionRow(2, 1, 300, 450, 5) + // as new, but later
				sessionRow(3, 2, 100, 250, 8), // older state, sent late
			"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 125, 6),
			"contact_attempt_fact":      attemptHeader + row(7, key(day0+130), 1, 3, 1, "p7", day0+130, day0+145, 6),
		}),
	)
	require.Equal(t, []string{"1 250", "2 450", "3 200", "4 400"}, r.strings(t, sessionsSQL))
	require.Equal(t, []string{"leg 1 125 g1", "preview 7 145 p7"}, r.strings(t, activitiesSQL))
	require.Empty(t, r.strings(t, duplicatesSQL), "a row seen again in a later chunk is a correction, no fault")
}

func TestLateAttachedDataMakesALegAndTakesItBack(t *testing.T) {
	first := base(files{
		"sm_res_session_fact":       sessionHeader + sessionRow(1, 1, 0, 1000, 5),
		"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5) + legRow(2, 1, 10, 210, 220, 5) + legRow(3, 1, 10, 310, 320, 5),
		"irf_user_data_gen_1":       dataHeader + dataRow(2, 210, "g2", 5) + dataRow(3, 310, "g3", 5),
	})
	second := increment(files{"irf_user_data_gen_1": dataHeader +
		dataRow(1, 110, "g1", 6) + // late
		dataRow(2, 210, "", 6) + // taken back
		dataRow(3, 310, "g3b", 6)}) // changed
	require.Equal(t, []string{"leg 2 220 g2", "leg 3 320 g3"}, cutExport(t, first).strings(t, activitiesSQL))
	require.Equal(t, []string{"leg 1 120 g1", "leg 3 320 g3b"}, cutExport(t, first, second).strings(t, activitiesSQL))
}

func TestR11DuplicateKeyIsAKeyTwiceInOneChunk(t *testing.T) {
	r := cutExport(t,
		base(files{
			"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5) + sessionRow(1, 1, 100, 300, 7) + sessionRow(1, 1, 100, 250, 6) +
				sessionRow(2, 2, 100, 200, 5),
			"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5) + legRow(1, 1, 10, 110, 130, 5),
			"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "old", 5) + dataRow(1, 110, "new", 6),
			"contact_attempt_fact": attemptHeader + row(7, key(day0+130), 1, 3, 1, "p7", day0+130, day0+145, 6) +
				row(7, key(day0+130), 1, 3, 1, "p7", day0+130, day0+140, 5),
		}),
		increment(files{"sm_res_session_fact": sessionHeader + sessionRow(2, 2, 100, 210, 6)}),
	)
	require.Equal(t, []string{"1 300", "2 210"}, r.strings(t, sessionsSQL))
	require.Equal(t, []string{"leg 1 130 new", "preview 7 145 p7"}, r.strings(t, activitiesSQL))
	require.Equal(t, []string{"contact_attempt_fact 2", "interaction_resource_fact 2", "irf_user_data_gen_1 2", "sm_res_session_fact 3"},
		r.strings(t, duplicatesSQL))
}

func TestTheSameIdUnderAnotherTimeKeyIsAnotherRow(t *testing.T) {
	r := cutExport(t, base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5) + sessionRow(1, 1, 2000, 2100, 5)}))
	require.Equal(t, []string{"1 200", "1 2100"}, r.strings(t, sessionsSQL))
	require.Empty(t, r.strings(t, duplicatesSQL))
}

func TestR2TenantKeyKeepsOtherTenantsOut(t *testing.T) {
	dir := exportOf(t, base(files{
		"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5) + row(2, day0, 2, 1, 2, day0+100, day0+200, 0, 5) + row(3, day0, -1, 1, 2, day0+100, day0+200, 0, 5),
		"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5) +
			row(2, key(day0+110), 2, 1, 10, day0+110, day0+120, 0, 5),
		"irf_user_data_gen_1": dataHeader + dataRow(1, 110, "g1", 5) + dataRow(2, 110, "g2", 5),
		"contact_attempt_fact": "CONTACT_ATTEMPT_FACT_KEY,TENANT_KEY,UPDATE_AUDIT_KEY,MEDIA_TYPE_KEY,END_DATE_TIME_KEY,START_DATE_TIME_KEY,DIALING_MODE_KEY," +
			"RESOURCE_KEY,CALL_ATTEMPT_ID,START_TS,END_TS\n" +
			row(7, 2, 6, 1, day0, key(day0+130), 3, 1, "p7", day0+130, day0+145) + row(8, 1, 6, 1, day0, day0, 1, -1, -1, -1, -1),
	}))
	r := newRig(t)
	o, tenant := exportOptions(t), int64(1)
	o.TenantKey = &tenant
	r.cut(t, must.Have(extract.OpenExport(t.Context(), dir, o))(t), utcDay)
	require.Equal(t, []string{"1 200"}, r.strings(t, sessionsSQL))
	require.Equal(t, []string{"leg 1 120 g1"}, r.strings(t, activitiesSQL))
}

func TestExportsAreReadHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	plain := base(files{
		"sm_res_session_fact":       sessionHeader + sessionRow(1, 1, 0, 1000, 5),
		"interaction_resource_fact": legHeader + legRow(1, 1, 10, 110, 120, 5),
		"irf_user_data_gen_1":       dataHeader + dataRow(1, 110, "g1", 5),
	})
	want := newRig(t)
	sum := want.cut(t, openExport(t, want, exportOf(t, plain)), utcDay).SHA256
	each := func(change func(table, text string) string) files {
		changed := files{}
		for table, text := range plain {
			changed[table] = change(table, text)
		}
		return changed
	}
	for name, f := range map[string]files{
		"lower case": each(func(_, text string) string {
			h, rows, _ := strings.Cut(text, "\n")
			return strings.ToLower(h) + "\n" + rows
		}),
		"mixed case": each(func(_, text string) string {
			h, rows, _ := strings.Cut(text, "\n")
			return h[:1] + strings.ToLower(h[1:]) + "\n" + rows
		}),
		"CRLF":                       each(func(_, text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }),
		"byte-order mark":            each(func(_, text string) string { return "\ufeff" + text }),
		"byte-order mark and quotes": each(func(_, text string) string { return "\ufeff" + quoted(text) }),
		"all quoted":                 each(func(_, text string) string { return quoted(text) }),
		"no newline at the end":      each(func(_, text string) string { return strings.TrimSuffix(text, "\n") }),
		"another order of columns":   each(func(_, text string) string { return reversed(text) }),
		"further columns": each(func(_, text string) string {
			h, rows, _ := strings.Cut(text, "\n")
			out := h + ",NOTES,EXTRA\n"
			for line := range strings.Lines(rows) {
				out += strings.TrimSuffix(line, "\n") + ",\"several\nlines, \"\"quoted\"\" #\",12\n"
			}
			return out
		}),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			require.Equal(t, sum, r.cut(t, openExport(t, r, exportOf(t, f)), utcDay).SHA256)
		})
	}
}

// quoted puts every field that is not empty into quotes: an empty one is NULL.
func quoted(text string) (out string) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ",")
		for i, f := range fields {
			if f != "" {
				fields[i] = `"` + f + `"`
			}
		}
		out += strings.Join(fields, ",") + "\n"
	}
	return out
}

func reversed(text string) (out string) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ",")
		for i, j := 0, len(fields)-1; i < j; i, j = i+1, j-1 {
			fields[i], fields[j] = fields[j], fields[i]
		}
		out += strings.Join(fields, ",") + "\n"
	}
	return out
}

// A reader that guesses types from the first rows fails, or rounds, here.
func TestTypesAreNotGuessedFromTheFirstRows(t *testing.T) {
	var rows, people strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&rows, "%d,%d,1,1,1,%d,%d,0,5,%d\n", i+1, day0, day0+10, day0+20, i)
		fmt.Fprintf(&people, "%d,AGENT,%d,%d,\n", i+100, i, i+100)
	}
	r := cutExport(t, base(files{
		"sm_res_session_fact": strings.TrimSuffix(sessionHeader, "\n") + ",NOTES\n" + rows.String() +
			fmt.Sprintf("30001,%d,1,1,2,%d,%d,0,5,a text at last\n30002,%d,1,1,30100,%d,%d,0,5,3.5\n", day0, day0+10, day0+20, day0, day0+10, day0+20) +
			fmt.Sprintf("30003,%d,1,1,30101,%d,%d,0,5,\n", day0, day0+10, day0+20),
		"resource_": "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,1,7,\n2,AGENT,2,8,\n" + people.String() +
			"30100,AGENT,name,E-9,\n30101,AGENT,1.50,007,\n",
	}))
	require.Equal(t, []string{"30003"}, r.strings(t, "select count(*) from voice_session"))
	require.Equal(t, []string{"7 1", "8 2", "E-9 name", "007 1.50"},
		r.strings(t, "select employee_id || ' ' || resource_name from agent order by resource_key"), "zeros are part of a name")
}

// An export is UTF-8 by contract: a byte that is not is told with its place, unless nobody reads it.
func TestTextsThatAreNotUTF8AreRefusedWithFileLineAndColumn(t *testing.T) {
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, "%d,AGENT,nä,E%d,,x\n", i, i)
	}
	for name, c := range map[string]struct{ row, column string }{
		"read":     {"10001,AGENT,n,J\xfcrgen,,x\n", "EMPLOYEE_ID"},
		"quoted":   {"10001,AGENT,n,\"J\xfc,\"\"rgen\",,x\n", "EMPLOYEE_ID"},
		"not read": {"10001,AGENT,n,E,,J\xfcrgen\n", ""},
		"cut off":  {"10001,AGENT,n,E,SIP_\xc3,x\n", "SWITCH_NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := exportOf(t, base(files{"resource_": "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME,NOTES\n" + many.String() + c.row + "10002,AGENT,n,E,,\n"}))
			_, err := extract.OpenExport(t.Context(), dir, exportOptions(t))
			if c.column == "" {
				require.NoError(t, err)
				return
			}
			must.Fail(t, err, fail.Source, "resource_.csv:10002: column "+c.column+": ")
			require.ErrorContains(t, err, "utf-8")
		})
	}
}

// What is unusual in UTF-8 is none the less a text: NUL, and characters of four bytes.
func TestUnusualTextsArriveAsTheyAre(t *testing.T) {
	r := cutExport(t, base(files{
		"resource_":           "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,\U0001F600,E\x001,\n2,AGENT,\ufffe,E\U0010FFFF1,\n",
		"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5) + sessionRow(2, 2, 100, 200, 5),
	}))
	require.Equal(t, []string{"E\x001 \U0001F600", "E\U0010FFFF1 \ufffe"}, r.strings(t, "select employee_id || ' ' || resource_name from agent order by resource_key"))
}

// A fraction is an error wherever it stands in a file, and nothing else with a point is.
func TestPointsAreNoFractionsUnlessNumbersHaveThem(t *testing.T) {
	header := strings.TrimSuffix(sessionHeader, "\n") + ",NOTES\n"
	rows := func(last string) string {
		var text strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&text, "%d,%d,1,1,1,%d,%d,0,5,\n", i+10, day0, day0+10, day0+20)
		}
		return header + text.String() + last
	}
	resources := "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,1.5,2.5,\n2.,AGENT,3e-1,4.,\n3,AGENT,a\"b,,\n"
	r := cutExport(t, base(files{"resource_": resources, "sm_res_session_fact": rows(fmt.Sprintf("2.00,%d,1,1.0,2,%d,%d.,0,5,7.5\n", day0, day0+10, day0+20))}))
	require.Equal(t, []string{"20001"}, r.strings(t, "select count(*) from voice_session"))
	require.Equal(t, []string{"2.5 1.5", "4. 3e-1"}, r.strings(t, "select employee_id || ' ' || resource_name from agent order by resource_key"))
	for _, fraction := range []string{"5.5", "5e-1", "55E-1"} {
		dir := exportOf(t, base(files{"sm_res_session_fact": rows(fmt.Sprintf("2,%d,1,1,2,%d,%d,0,%s,\n", day0, day0+10, day0+20, fraction))}))
		_, err := extract.OpenExport(t.Context(), dir, exportOptions(t))
		require.ErrorContains(t, err, "sm_res_session_fact.csv:20002: column UPDATE_AUDIT_KEY: "+fraction+" is not a whole number")
	}
}

// A dimension may be left out where it has no news; if it had, its rows are missing, and the chunk is refused.
func TestAChunkMayLackADimensionThatFactsDoNotAskFor(t *testing.T) {
	first := base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 0, 1000, 5)})
	for want, second := range map[string]files{
		"": {"sm_res_session_fact": sessionHeader + sessionRow(2, 2, 0, 1000, 5) + row(3, day0, 1, 1, -2, day0, day0+9, 0, 5)},
		"RESOURCE_KEY 3, of row 2 of sm_res_session_fact":              {"sm_res_session_fact": sessionHeader + sessionRow(2, 3, 0, 1000, 5)},
		"MEDIA_TYPE_KEY 9, of row 2 of sm_res_session_fact":            {"sm_res_session_fact": sessionHeader + row(2, day0, 1, 9, 2, day0, day0+9, 0, 5)},
		"MEDIA_RESOURCE_KEY 12, of row 5 of interaction_resource_fact": {"interaction_resource_fact": legHeader + legRow(5, 2, 12, 110, 120, 5), "irf_user_data_gen_1": dataHeader + dataRow(5, 110, "g", 5)},
	} {
		_, err := extract.OpenExport(t.Context(), exportOf(t, first, increment(second)), exportOptions(t))
		if want == "" {
			require.NoError(t, err)
			continue
		}
		must.Fail(t, err, fail.Source, "export_2_2026_03_11_01_00_00 has no dialing_mode, media_type, resource_, and no other one has "+want)
	}
}

func TestHeaderOnlyTablesGiveAnEmptyDay(t *testing.T) {
	r := newRig(t)
	s := r.cut(t, openExport(t, r, exportOf(t, base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, -200000, -190000, 1)}))), utcDay)
	require.Zero(t, s.Sessions)
	require.Zero(t, s.Activities)
}

func TestBrokenRowsAreRefusedWithFileLineAndColumn(t *testing.T) {
	t.Parallel()
	good := sessionRow(1, 1, 100, 200, 5)
	for name, c := range map[string]struct{ rows, want string }{
		"short":                        {good + "2,1773100800,1\n" + good, "sm_res_session_fact.csv:3:"},
		"long":                         {good + strings.TrimSuffix(good, "\n") + ",8\n", "sm_res_session_fact.csv:3:"},
		"text for a number":            {good + good + row(2, day0, 1, 1, 2, "noon", day0+200, 0, 5), "sm_res_session_fact.csv:4: column START_TS: "},
		"out of range":                 {row(2, "99999999999999999999", 1, 1, 2, day0, day0+200, 0, 5), "sm_res_session_fact.csv:2: column START_DATE_TIME_KEY: "},
		"no key":                       {row(-1, day0, 1, 1, 2, day0, day0+200, 0, 5), "sm_res_session_fact.csv:2: column SM_RES_SESSION_FACT_KEY: it is empty"},
		"no time key":                  {good + row(2, -1, 1, 1, 2, day0, day0+200, 0, 5), "sm_res_session_fact.csv:3: column START_DATE_TIME_KEY: it is empty"},
		"quote left open":              {good + `2,1773100800,1,1,2,"1773100900` + "\n" + good, "sm_res_session_fact.csv:3:"},
		"quote left open, much behind": {good + `2,1773100800,1,1,2,"` + strings.Repeat(good, 60000), "sm_res_session_fact.csv:2: the row after this one is longer than 2000000 bytes: is a quote not closed?"},
		"endless":                      {good + "2,1773100800,1,1,2," + strings.Repeat("1", 2100000) + ",1,0,5\n", "sm_res_session_fact.csv:2: the row after this one is longer than 2000000 bytes"},
		"not UTF-8":                    {good + "2,1773100800,1,1,2,\xff,1,0,5\n", "sm_res_session_fact.csv:3:"},
		"fraction behind a bare quote": {good + row(2, day0, 1, 1, `2"`, day0, day0, 0, 5) + row(3, day0, 1, 1, 2, day0, "1.5", 0, 5), `sm_res_session_fact.csv:3: column RESOURCE_KEY: Could not convert string "2\"" to 'BIGINT'`},
		"a fraction":                   {good + row(2, day0, 1, 1, 2, day0, "1773100900.5", 0, 5), "sm_res_session_fact.csv:3: column END_TS: 1773100900.5 is not a whole number"},
		"a quoted fraction":            {good + row(2, day0, 1, 1, 2, day0, `"1773100900.99"`, 0, 5), "sm_res_session_fact.csv:3: column END_TS: 1773100900.99 is not a whole number"},
		"a small fraction":             {good + row(2, day0, 1, 1, 2, day0, day0+200, "5e-1", 5), "sm_res_session_fact.csv:3: column ACTIVE_FLAG: 5e-1 is not a whole number"},
		"fraction behind an empty field too much": {strings.TrimSuffix(good, "\n") + ",\n" + row(2, ".5", 1, 1, 2, day0, day0+200, 0, 5), "sm_res_session_fact.csv:3: column START_DATE_TIME_KEY: .5 is not a whole number"},
		"outside the window":                      {row(2, -900, 1, 1, 2, "x", day0+200, 0, 5), "sm_res_session_fact.csv:2:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := extract.OpenExport(t.Context(), exportOf(t, base(files{"sm_res_session_fact": sessionHeader + c.rows})), exportOptions(t))
			must.Fail(t, err, fail.Source, c.want, "")
			require.Less(t, len(err.Error()), 1000, "a message, and not the row")
		})
	}
}

func TestAnEmptyKeyIsRefusedWhereverItsColumnStands(t *testing.T) {
	f := base(files{"contact_attempt_fact": attemptHeader + row(1, day0, 1, 3, 1, "p1", day0, day0+9, 5) + row(2, -1, 1, 3, 1, "p2", day0, day0+9, 5)})
	f["contact_attempt_fact"] = reversed(f["contact_attempt_fact"])
	_, err := extract.OpenExport(t.Context(), exportOf(t, f), exportOptions(t))
	must.Fail(t, err, fail.Source, "contact_attempt_fact.csv:3: column START_DATE_TIME_KEY: it is empty")
}

// A file that is still being written says nothing about what is missing; one that broke off in the last field of a row
// cannot be told from a whole one, but for its end.
func TestAnExportThatIsStillBeingCopied(t *testing.T) {
	whole := sessionHeader + sessionRow(1, 1, 100, 200, 5) + sessionRow(2, 1, 300, 400, 512)
	dir := exportOf(t, base(files{"sm_res_session_fact": whole}))
	file := filepath.Join(dir, "export_1_2026_03_11_00_00_00", "sm_res_session_fact.csv")
	o := exportOptions(t)
	o.Progress = func(table string, _ int64) {
		if table == "sm_res_session_fact" {
			f := must.Have(os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0))(t)
			must.Have(f.WriteString(sessionRow(3, 1, 500, 600, 5)))(t)
			require.NoError(t, f.Close())
		}
	}
	_, err := extract.OpenExport(t.Context(), dir, o)
	must.Fail(t, err, fail.Source, "sm_res_session_fact.csv: it changed while it was read", "--wait")

	require.NoError(t, os.WriteFile(file, []byte(strings.TrimSuffix(whole, "2\n")), 0o600))
	o = exportOptions(t)
	var warned []string
	o.Warn = func(msg string) { warned = append(warned, msg) }
	must.Have(extract.OpenExport(t.Context(), dir, o))(t)
	require.Equal(t, []string{"export file " + file + " ends without a line end: was it copied whole?"}, warned)
}

// testdata/exports holds one small GIM as the tools of docs/exports.md write it: marks, line ends, quotes, empty lines. Every
// one of them gives the same slice.
func TestWhatTheToolsOfOtherDatabasesWriteIsReadAlike(t *testing.T) {
	tools := must.Have(os.ReadDir("testdata/exports"))(t)
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
			must.Fail(t, must.Err(extract.OpenExport(t.Context(), exportOf(t, f), exportOptions(t))), fail.Source, c.table+c.want, "")
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

// The facts of a chunk are passed over only where both its name and its files are older than all that matters: a mark that
// lags says nothing, nor does a time that a tool made up. What it has beside facts is read in any case.
func TestOldChunksArePassedOverOnlyWhereNameAndTimesSayThatTheyAreOld(t *testing.T) {
	t.Parallel()
	const longAgo = day0 - 30*86400
	for name, c := range map[string]struct {
		chunk   string
		written int64
		read    bool
	}{
		"old":                   {"export_1_2026_02_08_00_00_00", longAgo, false},
		"an old name alone":     {"export_1_2026_02_08_00_00_00", day0, true},
		"an old time alone":     {"export_1_2026_03_10_00_00_00", longAgo, true},
		"no date":               {"export_1", longAgo, true},
		"not old by the clocks": {"export_1_2026_03_05_00_00_00", day0 - 5*86400, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := exportOf(t, base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5)}),
				increment(files{"sm_res_session_fact": sessionHeader + sessionRow(2, 1, 300, 400, 5)}))
			chunk := filepath.Join(dir, c.chunk)
			require.NoError(t, os.Rename(filepath.Join(dir, "export_1_2026_03_11_00_00_00"), chunk))
			for _, e := range append(must.Have(os.ReadDir(chunk))(t), nil) {
				path := chunk
				if e != nil {
					path = filepath.Join(chunk, e.Name())
				}
				require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(c.written, 0)))
			}
			o := exportOptions(t)
			o.KeyFrom = day0 - 4*86400
			r := newRig(t)
			r.cut(t, must.Have(extract.OpenExport(t.Context(), dir, o))(t), utcDay)
			want := []string{"2 400"}
			if c.read {
				want = []string{"1 200", "2 400"}
			}
			require.Equal(t, want, r.strings(t, sessionsSQL))

			// So is what it lacks.
			require.NoError(t, os.Remove(filepath.Join(chunk, "irf_user_data_gen_1.csv")))
			require.NoError(t, os.Chtimes(chunk, time.Time{}, time.Unix(c.written, 0)))
			_, err := extract.OpenExport(t.Context(), dir, o)
			if !c.read {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "export chunk "+chunk+" has no irf_user_data_gen_1")
			require.Equal(t, fail.Source, fail.CodeOf(err))
		})
	}
}

// FuzzExportRowsInAreRowsStagedOrAnError gives the loader a file of resources (texts and a number) that begins
// with the given header and rows. Whatever they are, it must not panic, and must either refuse the file, naming
// it, or stage exactly the rows that RFC 4180 sees in it, texts and all. Outside of RFC 4180 two liberties are
// known and taken by DuckDB: a quote inside an unquoted field stands for itself, and one empty field too many at
// the end of a row is passed over.
func FuzzExportRowsInAreRowsStagedOrAnError(f *testing.F) {
	header := "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME"
	for _, rows := range []string{
		"", "\n", "\n1,AGENT,a,E1,\n", "\r\n1,AGENT,a,E1,\r\n2,AGENT,b,,\r\n", "\n1,AGENT,\"a\nb\"\"c\",E1,\n",
		"\n1,AGENT,a,E1\n", "\n1,AGENT,a,E1,,\n", "\nx,AGENT,a,E1,\n", "\n1,AGENT,a\"b,E1,\n", "\n\n1,AGENT,a,E1,\n\n\n2,AGENT,b,E2,",
		"\n# no comment,AGENT,a,E1,\n", "\n1,#,a,E1,\n", "\n1;AGENT;a;E1;\n2;AGENT;b;E2;\n", "\n1\tAGENT\ta\tE1\t\n", "\n1,AGENT,'a,E1',\n",
		"\n1,AGENT,a,E1,\n1,2\n3,AGENT,c,E3,\n", "\na,b\nc,d\ne,f\n1,AGENT,a,E1,\n", "\n1,AGENT,a\\,b,E1,\n", "\n1,AGENT,\"a\\\"\",E1,\n",
		"\n 1 ,AGENT, a ,E1,\n", "\n1,AGENT,NULL,null,\\N\n", "\n1,AGENT,\xff,E1,\n", "\n1,AGENT,a\x00b,E1,\n", "\n1,AGENT,a,E1,\r2,AGENT,b,E2,\r",
		"\n1,AGENT,\"\",E1,\n", "\n\"1\",\"AGENT\",\"a\",\"E1\",\"\"\n", "\n,AGENT,a,E1,\n", "\n1.5,AGENT,a,E1,\n", "\n1,AGENT,a,E1,\n\"\n",
		",NOTES\n1,AGENT,a,E1,,\"x\ny\"\n", "\n-1,UNKNOWN,,,\n-2,NO_VALUE,,,\n", "\n" + strings.Repeat("1,AGENT,a,E1,\n", 3000) + "2,AGENT\n",
	} {
		f.Add(header, rows)
		f.Add("\ufeff"+strings.ToLower(header), rows)
	}
	f.Add("RESOURCE_KEY", "\n1\n")
	f.Add("\"RESOURCE_KEY\",RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,\"SWITCH_NAME\"", "\n1,AGENT,a,E1,\n")
	f.Fuzz(func(t *testing.T, header, rows string) {
		src, err := extract.OpenExport(t.Context(), exportOf(t, base(files{"resource_": header + rows})), exportOptions(t))
		if err != nil {
			must.Fail(t, err, fail.Source, "resource_.csv")
			return
		}
		if want, readable := recordsOf(header + rows); readable {
			require.Equal(t, want, src.Resources())
		}
	})
}

var resourceColumns = []string{"resource_key", "resource_type_code", "resource_name", "employee_id", "switch_name"}

// recordsOf reads a file of resources with another reader than the product's; readable is false where RFC 4180
// has no word for what it finds. Blank lines are no rows.
func recordsOf(text string) (rows [][]string, readable bool) {
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
		return nil, false // a line end, or a part of a field?
	}
	if regexp.MustCompile(`(?i)\\N|null|none|nan|<NA>|<nil>|undefined`).MatchString(text) {
		return nil, false // a word for nothing, or a text?
	}
	records := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	records.FieldsPerRecord = -1
	header, err := records.Read()
	if err != nil {
		return nil, false
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.ToLower(name)] = i
	}
	rows = [][]string{}
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return rows, true
		}
		if err != nil {
			return nil, false
		}
		row := resourceRow(record, len(header), at)
		if row == nil {
			return [][]string{{"a row that had to be refused"}}, true
		}
		rows = append(rows, row)
	}
}

// resourceRow is nil for a row that must not be staged.
func resourceRow(record []string, columns int, at map[string]int) (row []string) {
	if len(record) != columns && (len(record) != columns+1 || record[columns] != "") {
		return nil
	}
	for _, name := range resourceColumns {
		row = append(row, record[at[name]])
	}
	key, err := strconv.ParseFloat(strings.TrimSpace(row[0]), 64)
	if err != nil {
		return nil
	}
	if _, err := strconv.ParseInt(row[0], 10, 64); err != nil {
		row[0] = strconv.FormatFloat(math.Round(key), 'f', 0, 64) // DuckDB rounds 1.5, and knows 1e3
	}
	return row
}
