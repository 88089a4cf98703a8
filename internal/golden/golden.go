// Package golden compares what a test gives with a file that was looked at by somebody.
package golden

import (
	"flag"
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update-golden", false, "rewrite golden files: look at the difference")

// Equal wants the text to be the file's.
func Equal(t require.TestingT, path, text string) {
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "%s: rewrite it with -update-golden and look at the difference", path)
}
