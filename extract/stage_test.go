package extract

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

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
	stage, err := NewStage(t.Context(), db, conn)
	require.NoError(t, err)
	require.NoError(t, stage.clear(t.Context()))
	_, err = conn.ExecContext(t.Context(), `insert into _stage.gim.irf_user_data_gen_1 values
		(0, 9223372036854775807, -5, 'grün', 1), (0, 9223372036854775807, 7, null, 2)`)
	require.NoError(t, err)

	sent := func() *tally {
		s := newTally(4)
		s.rows = 2
		for i, values := range [][]int64{{math.MaxInt64, math.MaxInt64}, {-5, 7}, {5}, {1, 2}} { // "grün" has 5 bytes
			for _, v := range values {
				s.columns[i].add(v)
			}
		}
		return s
	}
	require.NoError(t, stage.verify(t.Context(), "irf_user_data_gen_1", sent()))
	for what, spoil := range map[string]func(*tally){
		"a row":            func(s *tally) { s.rows++ },
		"a value":          func(s *tally) { s.columns[2].add(0) },
		"a sum":            func(s *tally) { s.columns[1].lo++ },
		"a length":         func(s *tally) { s.columns[2].lo-- },
		"a sum of 128 bit": func(s *tally) { s.columns[0].hi++ },
	} {
		s := sent()
		spoil(s)
		require.ErrorContains(t, stage.verify(t.Context(), "irf_user_data_gen_1", s), "verify irf_user_data_gen_1", what)
	}
}
