package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/duck"
	"seats/internal/must"
	"seats/internal/store"
)

// Whatever a server, a file or a peer says, the entry of the night is written, and its hash is that of what is read back.
func TestAnEntryOfTheLedgerIsWrittenWhateverItsTextsAreMadeOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acme.duckdb")
	texts := []string{"", "\xff\xfe", "a\x00b", "\x1b[2J\r\n\u202e", "'; drop table _data.run; --", `\u0000 "quoted" \`, "\ufffd\ud7ff\U0010ffff",
		strings.Repeat("ü", 5<<20), "\xed\xa0\x80"}
	work(t, path, func(w *store.Work) {
		for _, text := range texts {
			require.NoError(t, store.AppendRun(t.Context(), w.Conn, store.Run{Command: text, OSUser: text, Message: text,
				Days: []string{text}, Files: []string{text, text}, Slices: []string{text}}))
		}
	})
	db := must.Have(store.OpenPublished(t.Context(), path, duck.Options{}))(t)
	defer db.Close()
	runs := must.Have(store.Runs(t.Context(), db))(t)
	require.Len(t, runs, len(texts))
	previous := ""
	for _, r := range runs {
		sum := must.Have(r.Hash())(t)
		require.Equal(t, r.SHA256, sum)
		require.Equal(t, previous, r.Previous)
		require.LessOrEqual(t, len(r.Message), 70000)
		previous = sum
	}
	require.Equal(t, "\x1b[2J\r\n\u202e", runs[3].Message, "what a text can hold is kept")
}
