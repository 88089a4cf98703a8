package main

import (
	"fmt"
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

// codes are the exit codes of internal/fail, as its source declares them, with what a user is told of each.
func codes(t *testing.T) map[fail.Code]string {
	t.Helper()
	text := must.Have(os.ReadFile(filepath.Join("..", "..", "internal", "fail", "fail.go")))(t)
	declared := map[fail.Code]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +Code = (\d+)`).FindAllStringSubmatch(string(text), -1) {
		n := must.Have(strconv.Atoi(m[2]))(t)
		declared[fail.Code(n)] = m[1]
	}
	require.Len(t, declared, 11)
	return declared
}

func TestExitCodesAreTheOnesPromised(t *testing.T) {
	require.Equal(t, map[fail.Code]string{
		0: "OK", 1: "Other", 3: "Differ", 4: "NotReady", 5: "Source", 6: "Quality", 7: "Restatement", 8: "Store",
		9: "BadConfig", 80: "Usage", 130: "Interrupted",
	}, codes(t))
}

// The table that begins with `| exit | meaning |`: a row for each code, and no others.
func TestTheREADMEListsTheExitCodes(t *testing.T) {
	text := must.Have(os.ReadFile(filepath.Join("..", "..", "README.md")))(t)
	header := regexp.MustCompile(`(?m)^\| exit \| meaning \|.*\n`).FindIndex(text)
	require.NotNil(t, header, "README.md has a table | exit | meaning |")
	table := string(text[header[1]:])
	listed := map[fail.Code]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 4 {
			break
		}
		n, err := strconv.Atoi(strings.Trim(cells[1], " `"))
		if err != nil {
			continue // the rule below the header
		}
		require.NotContains(t, listed, fail.Code(n))
		listed[fail.Code(n)] = strings.TrimSpace(cells[2])
		require.NotEmpty(t, listed[fail.Code(n)])
	}
	for code, name := range codes(t) {
		require.Contains(t, listed, code, name)
	}
	require.Len(t, listed, len(codes(t)))
}

func TestHelpListsTheExitCodes(t *testing.T) {
	for code, name := range codes(t) {
		require.Regexp(t, fmt.Sprintf(`[ :]%d [a-z]`, code), description, name)
	}
}
