package extract

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	shell "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/gimschema"
	"seats/internal/pgtest"
)

// The scripts that make an export from other databases ask for the columns that are read, of every table that is read, and so
// does no other statement in them.
func TestScriptsForOtherDatabasesSelectWhatIsRead(t *testing.T) {
	for _, name := range []string{"oracle.sql", "sqlserver.sql", "postgresql.sql"} {
		t.Run(name, func(t *testing.T) {
			found := selects(t, name)
			require.Len(t, found, len(tables))
			for _, of := range tables {
				var columns []string
				for _, c := range of.Columns {
					columns = append(columns, c.Name)
				}
				require.Equal(t, strings.Join(columns, ", "), found[of.Name].columns)
				require.Equal(t, isFact(of), strings.Contains(found[of.Name].text, "where start_date_time_key >= "))
			}
		})
	}
}

type selectOf struct{ columns, text string }

// selects are the statements of a script on GIM's tables, by table.
func selects(t *testing.T, name string) map[string]selectOf {
	script, err := os.ReadFile(filepath.Join("../docs/exports", name))
	require.NoError(t, err)
	found := map[string]selectOf{}
	for _, m := range regexp.MustCompile(`(?m)^select (.*)\nfrom (\w+)(\nwhere start_date_time_key >= [&:@]from_key)?[;\n]`).FindAllSubmatch(script, -1) {
		require.NotContains(t, found, string(m[2]))
		found[string(m[2])] = selectOf{columns: string(m[1]), text: strings.TrimRight(string(m[0]), ";\n")}
	}
	return found
}

// What the statements for Oracle and SQL Server have in common with PostgreSQL's is run on it: all but the mark's.
func TestStatementsForOtherDatabasesRun(t *testing.T) {
	db := pgtest.Schema(t)
	db.Exec(t, gimschema.DDL)
	for _, name := range []string{"oracle.sql", "sqlserver.sql"} {
		for _, s := range selects(t, name) {
			db.Exec(t, regexp.MustCompile(`[&@]from_key`).ReplaceAllString(s.text, "1773100800"))
		}
	}
}

// The three scripts find the mark by the same words; those for SQL Server run on PostgreSQL.
func TestScriptsForOtherDatabasesFindTheMarkAlike(t *testing.T) {
	var found []string
	for _, name := range []string{"oracle.sql", "sqlserver.sql", "postgresql.sql"} {
		script, err := os.ReadFile(filepath.Join("../docs/exports", name))
		require.NoError(t, err)
		found = append(found, regexp.MustCompile(`(?s)\nwith transformation as .*?\n\)\nselect`).FindString(string(script)))
	}
	require.NotEmpty(t, found[0])
	require.Equal(t, []string{found[0], found[0], found[0]}, found)
	require.Contains(t, markOfSQLServer(t), found[0])
}

// markOfSQLServer is what sqlserver.ps1 takes for the statement of the mark.
func markOfSQLServer(t *testing.T) string {
	script, err := os.ReadFile("../docs/exports/sqlserver.sql")
	require.NoError(t, err)
	text := regexp.MustCompile(`(?ms)^-- mark\b[^\r\n]*\r?(\n(select|with) .*?);`).FindSubmatch(script)
	require.NotEmpty(t, text)
	return string(text[1])
}

// letReadNew has another user read what comes into a folder, where its file system knows such: setfacl -m d:u:1:rX,d:g::-,d:o::-.
// It gives the mode of a folder that is made there.
func letReadNew(t *testing.T, dir string) (mode string) {
	acl := []byte{2, 0, 0, 0}
	for _, entry := range [][3]uint32{{1, 7, math.MaxUint32}, {2, 5, 1}, {4, 0, math.MaxUint32}, {16, 5, math.MaxUint32}, {32, 0, math.MaxUint32}} {
		acl = binary.LittleEndian.AppendUint32(acl, entry[0]|entry[1]<<16)
		acl = binary.LittleEndian.AppendUint32(acl, entry[2])
	}
	err := syscall.Setxattr(dir, "system.posix_acl_default", acl, 0)
	if errors.Is(err, syscall.ENOTSUP) {
		return "drwx------"
	}
	require.NoError(t, err)
	return "drwxr-x---"
}

// SQL*Plus begins a new page now and then: headings that stand there again are no rows.
func TestTheScriptForOracleWritesHeadingsOnce(t *testing.T) {
	file, err := filepath.Abs("../docs/exports/export.sh")
	require.NoError(t, err)
	bin, dir := t.TempDir(), t.TempDir()
	const sqlplus = `#!/bin/sh
for table in media_type dialing_mode resource_ sm_res_session_fact interaction_resource_fact irf_user_data_gen_1 contact_attempt_fact; do
	printf '"A","B"\n1,"x"\n"A","B"\n2,"A"\n' >$table.csv
done
echo 2026_03_11_02_30_45 >mark.txt
`
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sqlplus"), []byte(sqlplus), 0o700))
	cmd := shell.Command(file, "oracle", "/@GIM", dir)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, table := range []string{"media_type", "contact_attempt_fact"} {
		text, err := os.ReadFile(filepath.Join(dir, "export_2026_03_11_02_30_45", table+".csv"))
		require.NoError(t, err)
		require.Equal(t, "\"A\",\"B\"\n1,\"x\"\n2,\"A\"\n", string(text))
	}
}

// export.sh makes a chunk of a GIM on PostgreSQL that holds the same slice; a second one of the same moment it does not make, and
// what fails leaves nothing behind.
func TestTheScriptForPostgreSQLMakesAChunk(t *testing.T) {
	db := pgtest.Schema(t)
	db.Exec(t, gimschema.DDL)
	db.Exec(t, `
		insert into media_type (media_type_key, media_name_code) values (1, 'VOICE');
		insert into dialing_mode (dialing_mode_key, dialing_mode_code) values (3, 'PREVIEW');
		insert into resource_ (resource_key, resource_type_code, resource_name, employee_id) values (1, 'AGENT', E'a, "b"\nc', 'E1'), (2, 'AGENT', 'ü', '');
		insert into sm_res_session_fact (sm_res_session_fact_key, start_date_time_key, end_date_time_key, tenant_key, media_type_key, resource_key,
			resource_group_combination_key, create_audit_key, update_audit_key, start_ts, end_ts, active_flag)
		values (10000000001, 1773100800, 0, 1, 1, 1, 0, 1, 1, 1773100900, 1773101000, 0), (10000000002, 1772000100, 0, 1, 1, 1, 0, 1, 1, 1772000100, 1772000200, 0);
		insert into ctl_extract_history (table_name, data_source_key, data_source_type, max_ts, extract_end_time, job_id, create_audit_key, created_ts) values
			('a', 1, 1, 1773190000, '2026-03-11 01:00', 'j', 1, 1), ('a', 1, 1, 1773196245, '2026-03-11 02:40', 'j', 1, 1), ('a', 3, 3, 1773199999, '2026-03-11 02:40', 'j', 1, 1),
			('a', 4, 4, 1000, '2026-03-11 02:40', 'j', 1, 1), ('a', 3, 1, 1772000000, '2026-02-25 07:00', 'j', 1, 1), ('a', 1, 1, 1773197145, '2026-03-11 02:55', 'j', 1, 1);
		insert into ctl_transform_history (job_id, hwm_value, transform_start_time, transform_end_time, created_ts, audit_key) values
			('j', 1, '2026-03-11 02:40', '2026-03-11 02:59', 1, 1), ('j', 1, '2026-03-11 02:58', null, 1, 1)`)
	dir, connect := t.TempDir(), fmt.Sprintf("host=%s port=%d dbname=%s user=%s", db.Host, db.Port, db.Database, db.User)
	file, err := filepath.Abs("../docs/exports/export.sh")
	require.NoError(t, err)
	script := func(args ...string) (string, error) {
		cmd := shell.Command(file, args...)
		cmd.Dir = filepath.Dir(dir)
		cmd.Env = append(os.Environ(), "PGOPTIONS=-c search_path="+db.Schema)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	names := func() (names []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	mode := letReadNew(t, dir)
	out, err := script("postgresql", connect, filepath.Base(dir), "7")
	require.NoError(t, err, out)
	require.Equal(t, "export_2026_03_11_02_30_45\n", out)
	info, err := os.Stat(filepath.Join(dir, "export_2026_03_11_02_30_45"))
	require.NoError(t, err)
	require.Equal(t, mode, info.Mode().String(), "whom the folder's ACL lets in, and nobody else")
	out, err = script("postgresql", connect, dir)
	require.NoError(t, err, out)
	require.Contains(t, out, "the GIM has read nothing since")
	require.Equal(t, []string{"export_2026_03_11_02_30_45"}, names())
	sessions, err := os.ReadFile(filepath.Join(dir, "export_2026_03_11_02_30_45", "sm_res_session_fact.csv"))
	require.NoError(t, err)
	require.Equal(t, "sm_res_session_fact_key,start_date_time_key,media_type_key,resource_key,start_ts,end_ts,active_flag,update_audit_key,tenant_key\n"+
		"10000000001,1773100800,1,1,1773100900,1773101000,0,1,1\n", string(sessions), "seven days, and the columns that are read")
	s, err := ExportHorizon(dir, "", testClock)
	require.NoError(t, err)
	require.Equal(t, int64(1773196245), *s.HighWater)
	_, err = InspectExport(t.Context(), dir, "", t.TempDir(), 0, false, testClock)
	require.NoError(t, err)

	db.Exec(t, "alter table contact_attempt_fact rename to gone")
	out, err = script("postgresql", connect, dir)
	require.Error(t, err)
	require.Contains(t, out, `relation "contact_attempt_fact" does not exist`)
	require.Equal(t, []string{"export_2026_03_11_02_30_45"}, names())
	db.Exec(t, "alter table gone rename to contact_attempt_fact")
	var mark, from int64
	require.NoError(t, db.Conn.QueryRow(t.Context(), strings.ReplaceAll(markOfSQLServer(t), "@days", "7")).Scan(&mark, &from))
	require.Equal(t, []int64{1773196245, 1773196245 - 7*86400}, []int64{mark, from})
	for _, lack := range []string{"update ctl_extract_history set extract_end_time = null where data_source_type = 3", "update ctl_transform_history set transform_end_time = null", "truncate ctl_extract_history"} {
		db.Exec(t, lack)
		out, err = script("postgresql", connect, dir)
		require.Error(t, err, lack)
		require.Contains(t, out, "no high-water mark")
	}
	out, err = script("postgresql", connect, dir, "7d")
	require.Error(t, err)
	require.Contains(t, out, "DAYS is not a number")
	require.Equal(t, []string{"export_2026_03_11_02_30_45"}, names())
}
