package extract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
	"seats/internal/gimschema"
	"seats/internal/pgtest"
)

const namesSQL = `select resource_key || ' ' || coalesce(employee_id, '-') || ' ' || coalesce(resource_name, '-') from agent
	union all select kind || ' ' || activity_key || ' ' || coalesce(switch_name, '-') || ' ' || call_attempt_guid from ocs_activity order by 1`

// named is a GIM whose agent, switch and attempts are called so.
func named(t *testing.T, db *pgtest.DB, agent, employee, switchName, attempt string) *gim {
	g := newGIMIn(t, db, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+100, day0+200, 0, 1)
	g.leg(1, 1, 10, day0+110, day0+120, "g1")
	g.attempt(7, 1, 3, day0+130, day0+140)
	g.db.Exec(t, fmt.Sprintf(`
		update resource_ set resource_name = %s, employee_id = %s where resource_key = 1;
		update resource_ set switch_name = %s where resource_key = 10;
		update irf_user_data_gen_1 set gsw_call_attempt_guid = %[4]s;
		update contact_attempt_fact set call_attempt_id = %[4]s`, agent, employee, switchName, attempt))
	return g
}

// cut reads the day into a store of its own, and gives back the locks of the snapshot.
func (g *gim) cut(connections int) (*rig, extract.Summary) {
	r := newRig(g.t)
	src, err := extract.OpenGIMDB(g.t.Context(), g.config(connections), nil, none)
	require.NoError(g.t, err)
	summary := r.cut(g.t, src, utcDay)
	require.NoError(g.t, src.Close())
	return r, summary
}

// A name is the same name whatever bytes its database keeps it in.
func TestEveryEncodingGivesTheSliceOfUTF8(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		encodings string
		names     [4]string
	}{
		"umlauts":     {"LATIN1 WIN1252 LATIN9 SQL_ASCII", [4]string{"'Jürgen Groß'", "'É1'", "'SIP_MÜ'", "'gä'"}},
		"euro":        {"WIN1252 LATIN9 SQL_ASCII", [4]string{"'10 €'", "'€'", "'€ '", "'Ž'"}},
		"Cyrillic":    {"WIN1251 KOI8R ISO_8859_5 SQL_ASCII", [4]string{"'Юрий'", "'Э1'", "'Москва'", "'я'"}},
		"Japanese":    {"EUC_JP SQL_ASCII", [4]string{"'山田'", "'社員1'", "'東京'", "'試'"}},
		"supplement":  {"SQL_ASCII", [4]string{"'😀'", "'𝔈1'", "'SIP_😀'", "'😀😀'"}},
		"replacement": {"SQL_ASCII", [4]string{"'M\ufffdller \\xFC'", "'\\xFC\uffff'", "'\ufffd\u0080'", "'\ufffdFC'"}},
	} {
		n := c.names
		want, summary := named(t, pgtest.Schema(t), n[0], n[1], n[2], n[3]).cut(1)
		for encoding := range strings.FieldsSeq(c.encodings) {
			t.Run(name+" in "+encoding, func(t *testing.T) {
				r, s := named(t, pgtest.Database(t, encoding), n[0], n[1], n[2], n[3]).cut(2)
				require.Equal(t, want.strings(t, namesSQL), r.strings(t, namesSQL))
				require.Equal(t, summary.SHA256, s.SHA256)
			})
		}
	}
}

// bytesOf is an SQL expression for a text of these bytes: a client could not send them.
func bytesOf(raw string) string {
	return fmt.Sprintf(`convert_from('\x%x', getdatabaseencoding())`, raw)
}

func TestR11BytesThatMeanNothingAreKeptAsTheirNumbers(t *testing.T) {
	t.Parallel()
	for encoding, want := range map[string][]string{
		"SQL_ASCII": {"1 \ufffdx81E\ufffdxFF1 J\ufffdxFCrgen", "leg 1 SIP_\ufffdxDC-\ufffdx81 ä\ufffdxE4", "preview 7 - ä\ufffdxE4"},
		"WIN1252":   {"1 \ufffdx81Eÿ1 Jürgen", "leg 1 SIP_Ü-\ufffdx81 Ã¤ä", "preview 7 - Ã¤ä"},
		"LATIN1":    {"1 \u0081Eÿ1 Jürgen", "leg 1 SIP_Ü-\u0081 Ã¤ä", "preview 7 - Ã¤ä"},
	} {
		t.Run(encoding, func(t *testing.T) {
			g := named(t, pgtest.Database(t, encoding), bytesOf("J\xfcrgen"), bytesOf("\x81E\xff1"), bytesOf("SIP_\xdc-\x81"), bytesOf("\xc3\xa4\xe4"))
			r, first := g.cut(2)
			require.Equal(t, want, r.strings(t, namesSQL))
			g.db.Exec(t, "update resource_ set employee_id = "+bytesOf("\x8dE\xff1")+" where resource_key = 1")
			_, second := g.cut(2)
			require.NotEqual(t, first.SHA256, second.SHA256, "another byte is another agent")
		})
	}
}

// What a server says of itself comes in its own encoding too, and ends in the ledger and on terminals.
func TestMessagesOfTheServerAreUTF8(t *testing.T) {
	g := named(t, pgtest.Database(t, "LATIN1"), "'a'", "'E1'", "'S'", "'g'")
	g.db.Exec(t, `create function late(r resource_) returns resource_ language plpgsql as 'begin raise exception ''Zeitüberschreitung''; end';
		alter table resource_ rename to real_resource; create view resource_ as select (late(r)).* from real_resource as r`)
	r := newRig(t)
	_, err := cutter(r, openDB(t, r, g.config(1), nil)).Cut(t.Context(), utcDay)
	require.ErrorContains(t, err, "Zeitüberschreitung")
	require.Equal(t, fail.Source, fail.CodeOf(err))
}

// A character of several bytes that UTF-8 lacks cannot be read: the server gives up the statement.
func TestACharacterThatTheServerCannotConvertIsToldAsThat(t *testing.T) {
	g := named(t, pgtest.Database(t, "EUC_JP"), bytesOf("\xf5\xa1"), "'E1'", "'S'", "'g'")
	r := newRig(t)
	_, err := cutter(r, openDB(t, r, g.config(1), nil)).Cut(t.Context(), utcDay)
	require.ErrorContains(t, err, "EUC_JP")
	require.Equal(t, fail.Source, fail.CodeOf(err))
	require.Contains(t, fail.Hints(err)[0], "UTF-8")
}

// Databases set many things of their own; what the program depends on it asks for.
func TestSettingsOfTheDatabaseDoNotMatter(t *testing.T) {
	g := named(t, pgtest.Database(t, "LATIN1"), "'Jürgen'", `'E\1'`, "'S'", "'g'")
	g.db.Exec(t, fmt.Sprintf(`
		alter database %[1]s set standard_conforming_strings = off;
		alter database %[1]s set client_encoding = 'SQL_ASCII';
		alter database %[1]s set bytea_output = 'escape';
		alter database %[1]s set extra_float_digits = -15;
		alter database %[1]s set datestyle = 'German'`, g.db.Database))
	r, _ := g.cut(2)
	require.Contains(t, r.strings(t, namesSQL), `1 E\1 Jürgen`)
	_, err := extract.InspectGIMDB(t.Context(), g.config(1), time.UTC)
	require.NoError(t, err)
}
