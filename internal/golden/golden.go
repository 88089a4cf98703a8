// Package golden compares what a test gives with a file that was looked at by somebody.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"

	texts "example.com/seats/sql"
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

// Filled is a statement as it is run on each of the tables: what a reviewer reads.
func Filled(name string, tables ...texts.Table) string {
	var all strings.Builder
	for _, t := range tables {
		all.WriteString("-- sql/" + name + " on " + t.Name + "\n" + texts.Fill(name, t) + "\n")
	}
	return all.String()
}
