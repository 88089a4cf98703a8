package query

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"example.com/seats/internal/confine"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/list"
	"example.com/seats/internal/plain"
	"example.com/seats/report"
)

// catalog is what there is to ask.
type catalog struct {
	columns map[string][]string // by relation
	macros  []string
}

func readCatalog(ctx context.Context, q duck.Queryer) (catalog, error) {
	columns, err1 := duck.By[string, string](ctx, q, "ask/relation")
	macros, err2 := duck.All[string](ctx, q, "ask/macro")
	return catalog{columns, macros}, cmp.Or(err1, err2)
}

// describe tells of the columns of a relation, or how a macro is called.
func describe(ctx context.Context, q duck.Queryer, name string) (t report.Table, err error) {
	for _, is := range []string{"ask/described_relation", "ask/described_macro"} {
		if t, err = report.Ask(ctx, q, is, nil, sql.Named("name", name)); err != nil || len(t.Rows) > 0 {
			return t, err
		}
	}
	return t, fail.New(fail.Other, ".tables lists them", "there is no relation or macro %q", name)
}

// keywords are those that a question needs again and again.
var keywords = strings.Fields(`and as asc avg between by case cast count desc distinct else end exclude exists false filter from group having in
	interval is join left like limit max min not null offset on or order over partition select sum then true union using when where with`)

var (
	nameBefore = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*$`)
	ofBefore   = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\.$`)
	comment    = regexp.MustCompile(`--[^\n]*|"[^"]*"`) // or a quoted name
	afterFrom  = regexp.MustCompile(`(?i)\b(from|join|describe|summarize)\s+$`)
)

// complete gives the words that may stand at the cursor in place of the one begun before it: relations and macros where they
// are read from, columns of one behind its name or alias and a dot, otherwise all of these, columns of the relations that the
// statement names, and keywords. Where nothing is left to complete it is a blank: so are the tabs of a text that is pasted.
func (c catalog) complete(before, after string) (begun string, words []string) {
	begun = nameBefore.FindString(before)
	var may []string
	switch rest := strings.TrimSuffix(before, begun); {
	case strings.HasPrefix(before, "."):
		may = c.inCommand(rest)
	case slices.Contains(keywords, strings.ToLower(begun)):
	case strings.Count(comment.ReplaceAllString(rest, ""), "'")%2 == 1: // in a text
	case begun != "" || afterFrom.MatchString(rest) || ofBefore.MatchString(rest):
		may = c.inSQL(rest, before+after)
	}
	words = slices.DeleteFunc(slices.Clone(may), func(word string) bool {
		return len(word) < len(begun) || !strings.EqualFold(word[:len(begun)], begun)
	})
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) == 0 || slices.Equal(words, []string{begun}) {
		words = []string{begun + " "}
	}
	return begun, words
}

func (c catalog) inCommand(before string) (may []string) {
	name, _, _ := strings.Cut(strings.TrimPrefix(before, "."), " ")
	for _, command := range commands {
		if before == "." {
			may = append(may, command.name)
		} else if name == command.name {
			may = command.values
		}
	}
	if name == "describe" {
		return c.names("")
	}
	return may
}

// names are those of the relations, and of the macros with what is put behind them.
func (c catalog) names(behind string) []string {
	return slices.AppendSeq(list.Of(c.macros, func(macro string) string { return macro + behind }), maps.Keys(c.columns))
}

func (c catalog) inSQL(before, statement string) (may []string) {
	is := func(relation, behind string) bool {
		return regexp.MustCompile(`(?i)\b` + relation + behind + `\b`).MatchString(statement)
	}
	if of := ofBefore.FindStringSubmatch(before); of != nil { // a relation, or its alias
		may = c.columns[strings.ToLower(of[1])]
		for relation, columns := range c.columns {
			if len(may) == 0 && is(relation, `\s+(as\s+)?`+of[1]) {
				may = columns
			}
		}
		return may
	}
	if may = c.names("("); afterFrom.MatchString(before) {
		return may
	}
	for relation, columns := range c.columns {
		if is(relation, "") {
			may = append(may, columns...)
		}
	}
	return append(may, keywords...)
}

// DefaultPager is the user's pager by the environment: SEATS_PAGER, or PAGER, or less if there is one. None is wanted where the variable is empty.
func DefaultPager(env func(string) (string, bool)) string {
	for _, name := range []string{"SEATS_PAGER", "PAGER"} {
		if pager, is := env(name); is {
			return pager
		}
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less -FRSX"
}

// Terminal gives the terminal that something is, if it is one.
func Terminal(stream any) (*os.File, bool) {
	f, is := stream.(*os.File)
	return f, is && term.IsTerminal(int(f.Fd()))
}

// show shows a result. Where standard output is a terminal, nothing in it can steer that, and what is longer goes through a pager.
func (a *Asker) show(ctx context.Context, write func(io.Writer) error) error {
	terminal, is := Terminal(a.Out)
	if !is {
		return write(a.Out)
	}
	var result strings.Builder
	if err := write(&result); err != nil {
		return err
	}
	columns, rows, _ := term.GetSize(int(terminal.Fd())) // 0 of one that does not say
	var lines []string
	height := 0
	for line := range strings.Lines(result.String()) {
		line = report.Printable(strings.TrimSuffix(line, "\n"))
		lines = append(lines, line+"\n")
		height += 1 + max(0, text.StringWidthWithoutEscSequences(line)-1)/max(1, columns)
	}
	if columns > 0 && rows > 0 && height >= rows && a.Pager != "" && a.page(terminal, strings.Join(lines, "")) {
		return nil
	}
	for _, line := range lines {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := terminal.WriteString(line); err != nil {
			return err
		}
	}
	return nil
}

// page shows a text in the pager, if the shell finds one. Ctrl-C is the pager's meanwhile; that it may end before it has read
// everything is as it should be.
func (a *Asker) page(terminal *os.File, text string) bool {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	pager := exec.Command("sh", "-c", a.Pager)
	pager.Stdin, pager.Stdout, pager.Stderr = strings.NewReader(text), terminal, os.Stderr
	const notFound = 127 // the shell's exit status where there is no such command
	err := confine.Apart(pager.Run)
	if ended, is := errors.AsType[*exec.ExitError](err); is {
		return ended.ExitCode() != notFound
	}
	return err == nil
}

func free(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return taken(path)
	}
	return nil
}

func taken(path string) error {
	return fail.New(fail.Other, "name another file, or remove that one first", "write %s: it is there already", path)
}

// create makes a file that only its owner can read, whole or not at all, and never in place of another.
func create(path string, write func(io.Writer) error) error {
	err := confine.Apart(func() error { return plain.Create(path, write, plain.RenameNew) })
	if errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// HistoryFile is where what was typed is kept, by the environment: in the folder for state, "" where there is none.
func HistoryFile(env func(string) (string, bool)) string {
	if state, _ := env("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "seats", "sql_history")
	}
	if home, _ := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "seats", "sql_history")
	}
	return ""
}

// kept is how many entries a history file has when it is read; it may grow to twice as many meanwhile.
const kept = 1000

// history is what was typed, the newest last: an entry a line in the file, which only its owner can read, and to which several
// prompts may add. Where there is no file, it lasts as long as the prompt.
type history struct {
	file    string
	entries []string
}

func openHistory(file string) (*history, error) {
	h := &history{file: file}
	if file == "" {
		return h, nil
	}
	text, err := plain.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	h.entries = strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	if err == nil && len(h.entries) > 2*kept {
		h.entries = h.entries[len(h.entries)-kept:]
		err = confine.Apart(func() error { return plain.Create(file, h.write, os.Rename) })
	}
	return h, err
}

// goesOn tells of a line that it may end within a text or a comment: nothing rests on it but what is kept.
func goesOn(line string) bool {
	return strings.Contains(line, "--") || strings.Contains(line, "$") || strings.Count(line, "'")%2 == 1 || strings.Count(line, `"`)%2 == 1
}

func (h *history) write(w io.Writer) error {
	_, err := io.WriteString(w, strings.Join(h.entries, "\n")+"\n")
	return err
}

// add keeps what was typed, as one line, and gives it. What is the same as before, begins with a blank, or would be something else
// in one line is not kept.
func (h *history) add(typed string) (entry string, err error) {
	lines := strings.Split(strings.TrimSpace(typed), "\n")
	if entry = strings.Join(lines, " "); entry == "" || strings.ContainsAny(typed[:1], " \t") || slices.ContainsFunc(lines[:len(lines)-1], goesOn) {
		return "", nil
	}
	if last := len(h.entries) - 1; last >= 0 && h.entries[last] == entry {
		return "", nil
	}
	h.entries = append(h.entries, entry)
	if h.file == "" {
		return entry, nil
	}
	return entry, confine.Apart(func() error { return h.append(entry) })
}

func (h *history) append(entry string) error {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(entry + "\n")
	return errors.Join(err, f.Chmod(0o600), f.Close())
}
