package query

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"seats/internal/confine"
	"seats/internal/fail"
	"seats/internal/plain"
)

// free refuses a file that is there already.
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
	return confine.Apart(func() error { return createHere(path, write) })
}

func createHere(path string, write func(io.Writer) error) (err error) {
	if err := free(path); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(draft.Name()) //nolint:errcheck // it has its name by now, or there is another error to tell
	err = write(draft)
	if err == nil {
		err = draft.Sync()
	}
	if err := errors.Join(err, draft.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = plain.RenameNew(draft.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	return err
}
