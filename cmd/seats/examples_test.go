package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// model is the command line as the program has it.
func model(t require.TestingT) *kong.Kong {
	app, err := commandLine(&cli{}, kong.Exit(func(int) { panic("exit") }))
	require.NoError(t, err)
	return app
}

// elsewhere tells the examples that want a GIM DB, or somebody who answers.
func elsewhere(example string) bool {
	return strings.Contains(example, "gim.internal") || example == "seats init"
}

func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	for _, n := range commands(model(t).Model.Node) {
		lines := examples(n)
		require.GreaterOrEqual(t, len(lines), 2, n.FullPath())
		for _, line := range lines {
			_, ours, found := strings.Cut(line, "seats")
			require.True(t, found, line)
			ours, _, _ = strings.Cut(ours, " > ")
			ours, _, _ = strings.Cut(ours, " | ")
			app := model(t)
			parsed, err := app.Parse(shellWords(strings.TrimSuffix(ours, ")")))
			require.NoError(t, err, line)
			require.True(t, parsed.Selected() == nil || strings.HasPrefix(parsed.Command(), strings.TrimPrefix(n.FullPath(), "seats ")), "%s is an example of %s", line, n.FullPath())
		}
	}
}

// shellWords are those of a command line, in which double quotes keep some together.
func shellWords(line string) (all []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

// examplesCommand runs the examples of every command in the script's folder, in the order of the help, but for those that
// lead elsewhere.
func examplesCommand(ts *testscript.TestScript, _ bool, _ []string) {
	for _, n := range commands(model(tb(ts)).Model.Node) {
		for _, example := range examples(n) {
			if elsewhere(example) {
				continue
			}
			if err := ts.Exec("bash", "-c", "set -o pipefail; "+example); err != nil {
				ts.Fatalf("%s: %v", example, err)
			}
		}
	}
}
