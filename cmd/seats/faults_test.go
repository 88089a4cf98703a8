package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/fail"
	"seats/internal/must"
)

// Every row of docs/faults.md names exit codes that there are, and tests that there are.
func TestThePageOfFaultsNamesTestsThatExist(t *testing.T) {
	tests, exits := testNames(t), codes(t)
	page := must.Have(os.ReadFile("../../docs/faults.md"))(t)
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| fault |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		require.Len(t, cells, 4, line)
		for text := range strings.SplitSeq(cells[2], ", ") {
			code, err := strconv.Atoi(text)
			require.True(t, text == "none" || err == nil && exits[fail.Code(code)] != "", line)
		}
		named := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1)
		require.NotEmpty(t, named, line)
		for _, name := range named {
			require.Contains(t, tests, name[1], line)
		}
	}
	require.Greater(t, rows, 40)
}

// testNames are the functions, scripts and cases that test the program.
func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			for _, f := range declared.FindAllStringSubmatch(string(text), -1) {
				names[f[1]] = true
			}
			return err
		case filepath.Ext(path) == ".txtar" || filepath.Base(filepath.Dir(path)) == "case":
			names[strings.TrimSuffix(d.Name(), filepath.Ext(path))] = true
		}
		return err
	}))
	return names
}
