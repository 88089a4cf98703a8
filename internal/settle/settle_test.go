package settle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/settle"
)

func TestR10Final(t *testing.T) {
	const end = 1_000_000
	mark := func(ts int64) *int64 { return &ts }
	require.Equal(t, settle.Final, settle.State(mark(end+3600), 0, end, 1))
	require.Equal(t, settle.Provisional, settle.State(mark(end+3599), 0, end, 1), "attached data may still come")
	require.Equal(t, settle.Provisional, settle.State(mark(end+3600), 1, end, 1), "a session is open")
	require.Equal(t, settle.Provisional, settle.State[int64](nil, 0, end, 0), "nobody knows")
	require.Equal(t, settle.Final, settle.State(mark(end), 0, end, 0))
}
