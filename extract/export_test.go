package extract_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
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
	src, err := extract.OpenExport(t.Context(), dir, o)
	require.NoError(t, err)
	r.cut(t, src, utcDay)
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
			require.ErrorContains(t, err, "resource_.csv:10002: column "+c.column+": ")
			require.ErrorContains(t, err, "utf-8")
			require.Equal(t, fail.Source, fail.CodeOf(err))
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
		dir := exportOf(t, first, increment(second))
		_, err := extract.OpenExport(t.Context(), dir, exportOptions(t))
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "export_2_2026_03_11_01_00_00 has no dialing_mode, media_type, resource_, and no other one has "+want)
		require.Equal(t, fail.Source, fail.CodeOf(err))
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
			require.ErrorContains(t, err, c.want)
			require.Equal(t, fail.Source, fail.CodeOf(err))
			require.NotEmpty(t, fail.Hints(err))
			require.Less(t, len(err.Error()), 1000, "a message, and not the row")
		})
	}
}

func TestAnEmptyKeyIsRefusedWhereverItsColumnStands(t *testing.T) {
	f := base(files{"contact_attempt_fact": attemptHeader + row(1, day0, 1, 3, 1, "p1", day0, day0+9, 5) + row(2, -1, 1, 3, 1, "p2", day0, day0+9, 5)})
	f["contact_attempt_fact"] = reversed(f["contact_attempt_fact"])
	_, err := extract.OpenExport(t.Context(), exportOf(t, f), exportOptions(t))
	require.ErrorContains(t, err, "contact_attempt_fact.csv:3: column START_DATE_TIME_KEY: it is empty")
	require.Equal(t, fail.Source, fail.CodeOf(err))
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
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString(sessionRow(3, 1, 500, 600, 5))
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
	}
	_, err := extract.OpenExport(t.Context(), dir, o)
	require.ErrorContains(t, err, "sm_res_session_fact.csv: it changed while it was read")
	require.Equal(t, fail.Source, fail.CodeOf(err))
	require.Contains(t, fail.Hints(err)[0], "--wait")

	require.NoError(t, os.WriteFile(file, []byte(strings.TrimSuffix(whole, "2\n")), 0o600))
	o = exportOptions(t)
	var warned []string
	o.Warn = func(msg string) { warned = append(warned, msg) }
	_, err = extract.OpenExport(t.Context(), dir, o)
	require.NoError(t, err)
	require.Equal(t, []string{"export file " + file + " ends without a line end: was it copied whole?"}, warned)
}
