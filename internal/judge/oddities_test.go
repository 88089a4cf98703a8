package judge_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
)

// facts are the tables that an export carries in increments.
var facts = []string{"sm_res_session_fact", "interaction_resource_fact", "irf_user_data_gen_1", "contact_attempt_fact"}

// changedFrom is the least update_audit_key of rows that are not the simulation's any more: whatever changes a fact raises
// its key by so much.
const changedFrom = int64(100_000_000_000)

// makeOdd does what the simulator does not, and cutting a slice must bear: testdata/odd, in the order of names. Which rows
// are struck depends on their keys alone; keys of new rows begin above all others.
func (s *site) makeOdd(t *testing.T) {
	files := must.Have(filepath.Glob("testdata/odd/*.sql"))(t)
	require.NotEmpty(t, files)
	for _, f := range files {
		text := must.Have(os.ReadFile(f))(t)
		_, err := s.db.Conn.Exec(t.Context(), string(text))
		require.NoError(t, err, f)
	}
}

// addEdges adds sessions that begin or end a second before, at and after the bounds of each region's day, and that begin as far
// before the day as sessions are looked for; each of an agent of its own, with a call or a preview in it. Keys begin at first.
func (s *site) addEdges(t *testing.T, day calendar.Date, first int) {
	var logins []calendar.Interval
	begin := int64(math.MaxInt64)
	for _, r := range s.tenant.Regions {
		span := day.In(r.Zone)
		if span.Seconds() > 0 {
			begin = min(begin, span.Start)
		}
		for off := int64(-1); off <= 1; off++ {
			for _, bound := range []int64{span.Start, span.End} {
				logins = append(logins, calendar.Interval{Start: bound + off, End: bound + 3000}, calendar.Interval{Start: bound - 3000, End: bound + off})
			}
		}
	}
	for off := int64(-1); off <= 1; off++ {
		logins = append(logins, calendar.Interval{Start: begin - int64(s.tenant.MaxSessionHours)*3600 + off, End: begin + 500})
	}
	call := `
			insert into interaction_resource_fact values (%[1]d, %[3]d, 0, 1, 1, 1, 0, 0, %[1]d, 102, 0, %[6]d, %[6]d + 20, 0, 1, 100000000000);
			insert into irf_user_data_gen_1 values (%[1]d, %[3]d, 1, 1, 100000000000, null, 'X')`
	preview := `
			insert into contact_attempt_fact values (%[1]d, 1, 1, 100000000000, 1, %[3]d, 0, 3, 0, %[1]d, 'X', null, %[6]d, %[6]d + 20)`
	for i, l := range logins {
		work := []string{call, preview}[i/4%2] // of each kind of login some have the one, and some the other
		s.db.Exec(t, fmt.Sprintf(`
			insert into resource_ (resource_key, tenant_key, resource_type_code, resource_name, employee_id) values (%[1]d, 1, 'AGENT', 'edge', 'X%[1]d');
			insert into sm_res_session_fact values (%[1]d, %[2]d, 0, 1, 1, %[1]d, 0, 1, 100000000000, %[4]d, %[5]d, 0, 0, 0, 0);`+work,
			first+i, quarter(l.Start), quarter(l.Start+10), l.Start, l.End, l.Start+10))
	}
}

func quarter(ts int64) int64 { return ts - ts%900 }

// addCopies adds older copies of rows, as views of a GIM's history would: GIM writes a session or a leg when it begins, and
// what is attached may change.
func (s *site) addCopies(t *testing.T) {
	for _, c := range []struct{ table, key, older string }{
		{"sm_res_session_fact", "sm_res_session_fact_key", "active_flag = sm_res_session_fact_key / 4 % 2, end_ts = end_ts - 5000"},
		{"interaction_resource_fact", "interaction_resource_id", "active_flag = 1, end_ts = null"},
		{"irf_user_data_gen_1", "interaction_resource_id + 1", "gsw_call_attempt_guid = case when gsw_call_attempt_guid <> '' then null else 'old' end"},
		{"contact_attempt_fact", "contact_attempt_fact_key", "end_ts = end_ts + 5000"},
	} {
		s.db.Exec(t, fmt.Sprintf(`
			create temp table copy as select * from %[1]s where (%[2]s) %% 4 = 1;
			update copy set update_audit_key = update_audit_key - 1, %[3]s;
			insert into %[1]s select * from copy;
			drop table copy`, c.table, c.key, c.older))
	}
}
