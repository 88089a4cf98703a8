package extract_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
	"seats/internal/gimschema"
)

// columnsOf are the columns that the program reads: numbers, or texts.
func columnsOf(texts bool) (columns []string) {
	for table, names := range map[string]string{
		"media_type":                "media_type_key media_name_code",
		"dialing_mode":              "dialing_mode_key dialing_mode_code",
		"resource_":                 "resource_key resource_type_code resource_name employee_id switch_name",
		"sm_res_session_fact":       "sm_res_session_fact_key start_date_time_key tenant_key media_type_key resource_key start_ts end_ts active_flag update_audit_key",
		"interaction_resource_fact": "interaction_resource_id start_date_time_key tenant_key resource_key media_resource_key start_ts end_ts active_flag update_audit_key",
		"irf_user_data_gen_1":       "interaction_resource_id start_date_time_key gsw_call_attempt_guid update_audit_key",
		"contact_attempt_fact":      "contact_attempt_fact_key start_date_time_key tenant_key dialing_mode_key resource_key call_attempt_id start_ts end_ts update_audit_key",
		"ctl_extract_history":       "data_source_key data_source_type max_ts dap_name",
	} {
		for name := range strings.FieldsSeq(names) {
			isText := strings.HasSuffix(name, "_code") || strings.HasSuffix(name, "_name") || name == "employee_id" || strings.HasPrefix(name, "gsw_") || name == "call_attempt_id"
			if isText == texts {
				columns = append(columns, table+"."+name)
			}
		}
	}
	slices.Sort(columns)
	return columns
}

// retype gives columns another type.
func (g *gim) retype(columns []string, to string) {
	for _, column := range columns {
		table, name, _ := strings.Cut(column, ".")
		g.db.Exec(g.t, fmt.Sprintf("alter table %s alter column %s type %s using %[2]s::%[3]s", table, name, to))
	}
}

// A real holds numbers of 24 bits: these times lie where it holds them too.
func roundTimes(g *gim) {
	g.highWater(day0 + 86400 + 7168)
	g.session(1, 1, 1, day0-2048, day0+256, 0, 3)
	g.session(2, 2, 1, day0+86400-1024, day0+86400+1024, 0, 3)
	g.session(3, 3, 1, day0+1024, -1, 1, 3)
	g.leg(1, 1, 10, day0-1920, day0-1792, "g1")
	g.leg(2, 1, 10, day0+128, day0+256, "g2")
	g.leg(3, 2, 11, day0+86400+128, day0+86400+256, "g3")
	g.leg(4, 1, 10, day0+128, day0+256, "")
	g.attempt(1, 2, 3, day0+86400+128, day0+86400+256)
	g.attempt(2, 1, 4, day0+128, -1)
	g.db.Exec(g.t, "update sm_res_session_fact set start_date_time_key = start_date_time_key / 128 * 128")
	for _, table := range []string{"interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"} {
		g.db.Exec(g.t, "update "+table+" set start_date_time_key = start_date_time_key / 128 * 128")
	}
	g.db.Exec(g.t, "update ctl_extract_history set max_ts = max_ts / 128 * 128")
}

// Whatever a column is made of, the numbers in it are the same, through a view too.
func TestWholeNumbersAreReadFromEveryType(t *testing.T) {
	plain := newGIM(t, gimschema.DDL)
	roundTimes(plain)
	want, summary := plain.cut(2)
	require.Len(t, want.strings(t, "select activity_key from ocs_activity"), 5)
	for _, to := range []string{"bigint", "numeric", "numeric(19)", "numeric(18,3)", "double precision", "real", "whole_number"} {
		t.Run(to, func(t *testing.T) {
			g := newGIM(t, gimschema.DDL)
			roundTimes(g)
			g.db.Exec(t, "create domain a_number as numeric(20,2); create domain whole_number as a_number")
			g.retype(columnsOf(false), to)
			r, s := g.cut(2)
			require.Equal(t, want.strings(t, activitiesSQL), r.strings(t, activitiesSQL))
			require.Equal(t, summary.SHA256, s.SHA256)
			require.Equal(t, want.strings(t, "select high_water from _data.slice"), r.strings(t, "select high_water from _data.slice"))
			for _, table := range tables {
				g.db.Exec(t, fmt.Sprintf("alter table %[1]s rename to real_%[1]s; create view %[1]s as select * from real_%[1]s", table))
			}
			_, s = g.cut(2)
			require.Equal(t, summary.SHA256, s.SHA256, "through views")
		})
	}
	t.Run("smallint", func(t *testing.T) {
		g := newGIM(t, gimschema.DDL)
		roundTimes(g)
		g.retype(slices.DeleteFunc(columnsOf(false), func(c string) bool {
			return strings.HasSuffix(c, "_ts") || strings.HasSuffix(c, "date_time_key")
		}), "smallint")
		_, s := g.cut(2)
		require.Equal(t, summary.SHA256, s.SHA256)
	})
}

// The mark is a second up to which all is there: of a part of the next one nothing is known.
func TestR10HighWaterMarkIsAWholeSecond(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0)
	g.retype([]string{"ctl_extract_history.max_ts"}, "numeric")
	g.db.Exec(t, "update ctl_extract_history set max_ts = max_ts + 0.75")
	src := openDB(t, newRig(t), g.config(1), nil)
	require.EqualValues(t, day0, *src.Horizon().HighWater)
}

// A char(n) fills up with blanks, which are no part of the text; those of the other types are.
func TestTextsAreReadFromEveryType(t *testing.T) {
	plain := newGIM(t, gimschema.DDL)
	roundTimes(plain)
	_, summary := plain.cut(2)
	for _, to := range []string{"text", "varchar", "varchar(80)", "char(80)", "a_text", "a_char"} {
		t.Run(to, func(t *testing.T) {
			g := newGIM(t, gimschema.DDL)
			roundTimes(g)
			g.db.Exec(t, "create domain a_text as text; create domain some_char as char(70); create domain a_char as some_char")
			g.retype(columnsOf(true), to)
			_, s := g.cut(2)
			require.Equal(t, summary.SHA256, s.SHA256)
		})
	}
	g := newGIM(t, gimschema.DDL)
	roundTimes(g)
	g.db.Exec(t, "update resource_ set employee_id = employee_id || ' '")
	_, s := g.cut(2)
	require.NotEqual(t, summary.SHA256, s.SHA256, "a blank that somebody wrote into a varchar")
}

// Columns of other types are told before anything is read, all at once.
func TestColumnsOfAnotherTypeAreNamedAtOnce(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	roundTimes(g)
	g.db.Exec(t, `
		create type colour as enum ('red'); create domain moment as timestamptz;
		alter table sm_res_session_fact alter column start_ts type timestamp using to_timestamp(start_ts), alter column active_flag type boolean using active_flag <> 0;
		alter table interaction_resource_fact alter column end_ts type moment using to_timestamp(end_ts);
		alter table contact_attempt_fact alter column contact_attempt_fact_key type varchar(20);
		alter table irf_user_data_gen_1 alter column gsw_call_attempt_guid type bytea using ''::bytea;
		alter table resource_ alter column employee_id type integer using 1, alter column switch_name type colour using 'red', alter column resource_name type name, alter column resource_type_code type varchar(32)[] using null;
		alter table ctl_extract_history alter column max_ts type timestamp(3) using now();
		alter table dialing_mode drop column dialing_mode_code`)
	_, read := extract.OpenGIMDB(t.Context(), g.config(2), nil, none)
	_, looked := extract.InspectGIMDB(t.Context(), g.config(1), time.UTC)
	for _, err := range []error{read, looked} {
		require.ErrorContains(t, err, "wrong type: contact_attempt_fact.contact_attempt_fact_key is character varying(20), "+
			"ctl_extract_history.max_ts is timestamp(3) without time zone, interaction_resource_fact.end_ts is moment, "+
			"irf_user_data_gen_1.gsw_call_attempt_guid is bytea, resource_.employee_id is integer, resource_.resource_name is name, "+
			"resource_.resource_type_code is character varying(32)[], resource_.switch_name is colour, "+
			"sm_res_session_fact.active_flag is boolean, sm_res_session_fact.start_ts is timestamp without time zone; "+
			"numbers may be smallint, integer, bigint, numeric, real or double precision, texts text, varchar or char")
		require.ErrorContains(t, err, "missing: column dialing_mode.dialing_mode_code")
		require.Equal(t, fail.Source, fail.CodeOf(err))
		require.Contains(t, strings.Join(fail.Hints(err), "\n"), "views of the same names")
	}
}

// A number that is not whole is told with its table, column and row wherever it stands, and is never made whole.
func TestNumbersThatAreNotWholeAreNamed(t *testing.T) {
	for _, column := range columnsOf(false) {
		table, name, _ := strings.Cut(column, ".")
		if table == "ctl_extract_history" {
			continue // the server computes with it
		}
		t.Run(column, func(t *testing.T) {
			g := newGIM(t, gimschema.Tables) // where keys may repeat, every column is read
			roundTimes(g)
			first := map[string]string{"media_type": "media_type_key = 1", "dialing_mode": "dialing_mode_key = 3", "resource_": "resource_key = 1",
				"sm_res_session_fact": "sm_res_session_fact_key = 1", "interaction_resource_fact": "interaction_resource_id = 2",
				"irf_user_data_gen_1": "interaction_resource_id = 2", "contact_attempt_fact": "contact_attempt_fact_key = 2"}[table]
			g.retype([]string{column}, "numeric")
			g.db.Exec(t, fmt.Sprintf("update %s set %s = coalesce(%[2]s, 0) + 0.75 where %s", table, name, first))
			r := newRig(t)
			src, err := extract.OpenGIMDB(t.Context(), g.config(1), nil, none)
			if err == nil {
				defer src.Close()
				_, err = cutter(r, src).Cut(t.Context(), utcDay)
			}
			require.ErrorContains(t, err, table+", row with ")
			require.ErrorContains(t, err, ": "+name+" is ")
			require.ErrorContains(t, err, ".75, not a whole number of ")
			require.Equal(t, fail.Source, fail.CodeOf(err))
			require.Contains(t, fail.Hints(err)[0], "correct that row")
		})
	}
}

// A view may give rows without a key, as an outer join does.
func TestKeysThatAreNullAreNamed(t *testing.T) {
	for _, column := range columnsOf(false) {
		table, name, _ := strings.Cut(column, ".")
		row := map[string]string{"media_type.media_type_key": "media_type_key = 1", "dialing_mode.dialing_mode_key": "dialing_mode_key = 3",
			"resource_.resource_key": "resource_key = 1", "sm_res_session_fact.sm_res_session_fact_key": "sm_res_session_fact_key = 1",
			"irf_user_data_gen_1.interaction_resource_id":   "interaction_resource_id = 2",
			"contact_attempt_fact.contact_attempt_fact_key": "contact_attempt_fact_key = 2"}[column]
		if row == "" {
			continue // not a key, or a row without it is none that is asked for
		}
		t.Run(column, func(t *testing.T) {
			g := newGIM(t, gimschema.Tables)
			roundTimes(g)
			g.db.Exec(t, fmt.Sprintf("alter table %s alter %s drop not null; update %[1]s set %[2]s = null where %[3]s", table, name, row))
			r := newRig(t)
			src, err := extract.OpenGIMDB(t.Context(), g.config(1), nil, none)
			if err == nil {
				defer src.Close()
				_, err = cutter(r, src).Cut(t.Context(), utcDay)
			}
			require.ErrorContains(t, err, table+", row with "+name+" null")
			require.ErrorContains(t, err, ": "+name+" is null, not a whole number of 64 bits")
			require.Equal(t, fail.Source, fail.CodeOf(err))
		})
	}
}

func TestWhatIsNoNumberOf64BitsIsNamedWithItsRow(t *testing.T) {
	for _, c := range []struct{ column, to, value, want string }{
		{"sm_res_session_fact.end_ts", "double precision", "'NaN'", "row with sm_res_session_fact_key 1, start_date_time_key 1773097984: end_ts is NaN, not a whole number of 64 bits"},
		{"sm_res_session_fact.end_ts", "double precision", "'Infinity'", "end_ts is +Inf, not"},
		{"sm_res_session_fact.end_ts", "double precision", "1773100800.5", "end_ts is 1773100800.5, not"},
		{"sm_res_session_fact.end_ts", "double precision", "9223372036854775808", "end_ts is 9.223372036854776e+18, not"},
		{"sm_res_session_fact.end_ts", "real", "1e30", "not a whole number of 64 bits"},
		{"sm_res_session_fact.end_ts", "numeric", "'NaN'", "end_ts is NaN, not"},
		{"sm_res_session_fact.end_ts", "numeric", "'Infinity'", "not a whole number of 64 bits"},
		{"sm_res_session_fact.end_ts", "numeric", "9223372036854775808", "end_ts is 9223372036854775808, not"},
		{"sm_res_session_fact.update_audit_key", "numeric(19)", "-9223372036854775809", "update_audit_key is -9223372036854775809, not"},
		{"sm_res_session_fact.start_ts", "numeric(60,40)", "1773100800.0000000000000000000000000000000000000001", "start_ts is 1773100800.0000000000000000000000000000000000000001, not"},
		{"sm_res_session_fact.active_flag", "integer", "65536", "active_flag is 65536, not a whole number of 16 bits"},
		{"interaction_resource_fact.interaction_resource_id", "numeric(19)", "9223372036854775808", "interaction_resource_fact, row with interaction_resource_id 9223372036854775808, "},
		{"interaction_resource_fact.interaction_resource_id", "numeric(19)", "'NaN'", "interaction_resource_id is NaN, not"},
		{"interaction_resource_fact.start_ts", "numeric", "9223372036854775808", "start_ts is 9223372036854775808, not"},
		{"interaction_resource_fact.resource_key", "double precision", "'-Infinity'", "resource_key is -Inf, not"},
	} {
		t.Run(c.column+" "+c.to+" "+c.value, func(t *testing.T) {
			g := newGIM(t, gimschema.DDL)
			roundTimes(g)
			g.retype([]string{c.column}, c.to)
			table, name, _ := strings.Cut(c.column, ".")
			row := "sm_res_session_fact_key = 1"
			if table == "interaction_resource_fact" {
				row = "interaction_resource_id = 1" // before the day
			}
			if name == "interaction_resource_id" {
				row = "interaction_resource_id = 2" // in the day
			}
			g.db.Exec(t, fmt.Sprintf("update %s set %s = %s where %s", table, name, c.value, row))
			r := newRig(t)
			_, err := cutter(r, openDB(t, r, g.config(1), nil)).Cut(context.Background(), utcDay)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, fail.Source, fail.CodeOf(err))
		})
	}
}
