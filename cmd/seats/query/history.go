package query

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seats/internal/confine"
	"seats/internal/plain"
)

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

// openHistory reads a file, if it is there.
func openHistory(file string) (*history, error) {
	h := &history{file: file}
	if file == "" {
		return h, nil
	}
	text, err := plain.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	for line := range strings.Lines(string(text)) {
		h.entries = append(h.entries, strings.TrimSuffix(line, "\n"))
	}
	if len(h.entries) <= 2*kept {
		return h, nil
	}
	h.entries = h.entries[len(h.entries)-kept:]
	return h, confine.Apart(h.rewrite)
}

// goesOn tells of a line that it may end within a text or a comment: nothing rests on it but what is kept.
func goesOn(line string) bool {
	return strings.Contains(line, "--") || strings.Contains(line, "$") || strings.Count(line, "'")%2 == 1 || strings.Count(line, `"`)%2 == 1
}

func (h *history) rewrite() error {
	draft, err := os.CreateTemp(filepath.Dir(h.file), filepath.Base(h.file)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) //nolint:errcheck // it has its name by now, or there is another error to tell
	_, err = draft.WriteString(strings.Join(h.entries, "\n") + "\n")
	if err := errors.Join(err, draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), h.file)
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
