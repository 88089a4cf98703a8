package extract

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Two names are one only where their bytes are: who is counted and which switch it was hang on it.
func TestPropertyDifferentBytesGiveDifferentTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.SampledFrom([]byte("\x00aäx4\xfc\xed\xa0\x80\xf0\x9f\x98\xff")))
		one, other := raw.Draw(t, "one"), raw.Draw(t, "other")
		var utf alphabet
		require.Equal(t, string(one) == string(other), utf.text(one) == utf.text(other))
		require.True(t, utf8.ValidString(utf.text(one)))
		require.Equal(t, utf8.Valid(one), !strings.Contains(utf.text(one), "\ufffdx"))
	})
}
