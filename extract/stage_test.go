package extract

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// What arrives must be what was sent: a row less, a value less, another sum, or a shorter text is an error.
func TestStageVerifiesWhatArrived(t *testing.T) {
	db, err := duck.Open("", duck.Options{})
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), `create schema _data; create table _data.agent (day date, resource_key bigint, employee_id varchar, resource_name varchar);
		insert into _data.agent values ('2026-03-10', 9223372036854775807, 'grün', null), ('2026-03-10', 9223372036854775807, null, ''), ('2026-03-10', -5, null, null),
		('2026-03-11', 1, 'x', 'x')`)
	require.NoError(t, err)

	sent := func() *tally {
		s := newTally(3)
		s.rows = 3
		for i, values := range [][]int64{{math.MaxInt64, math.MaxInt64, -5}, {5}, {0}} { // "grün" has 5 bytes
			for _, v := range values {
				s.columns[i].add(v)
			}
		}
		return s
	}
	day := calendar.Date{Year: 2026, Month: 3, Day: 10}
	require.NoError(t, verify(t.Context(), conn, day, agentOf, sent()))
	for what, spoil := range map[string]func(*tally){
		"a row":            func(s *tally) { s.rows++ },
		"a value":          func(s *tally) { s.columns[2].add(0) },
		"a sum":            func(s *tally) { s.columns[0].lo++ },
		"a length":         func(s *tally) { s.columns[1].lo-- },
		"a sum of 128 bit": func(s *tally) { s.columns[0].hi++ },
	} {
		s := sent()
		spoil(s)
		require.ErrorContains(t, verify(t.Context(), conn, day, agentOf, s), "verify agent", what)
	}
}
