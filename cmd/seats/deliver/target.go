package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/plain"
	"seats/report"
)

// Target is a folder to deliver to. The errors name what was being done there; a *brokenError says that the connection
// broke, so that another one may help.
type Target interface {
	read(name string) ([]byte, error) // fs.ErrNotExist where there is none
	write(name string, text []byte) error
	rename(from, to string, replace bool) error
	names() ([]string, error) // of the files there
	remove(name string) error
	Close() error
}

// Open reaches the folder, which must be there. A cancelled context breaks the connection.
func Open(ctx context.Context, d config.Delivery) (Target, error) {
	if d.Host == "" {
		return openFolder(d.Folder, d.Mode)
	}
	return dial(ctx, d)
}

// brokenError is a connection that could not be made, or broke.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

func isBroken(err error) bool {
	_, broken := errors.AsType[*brokenError](err)
	return broken
}

// folder is a Target of this machine. It is not made where it is missing: that may be a disk that is not mounted.
type folder struct {
	dir  string
	mode fs.FileMode // of the files
}

// openFolder makes files readable for the group where the folder hands its own group on (setgid): it was made for that.
func openFolder(path string, mode fs.FileMode) (Target, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fail.New(fail.Other, "make the folder that deliver.folder names, or mount it", "deliver to %s: %w", path, err)
	}
	if mode == 0 && info.Mode()&fs.ModeSetgid != 0 {
		mode = 0o640
	}
	return folder{path, cmp.Or(mode, 0o600)}, nil
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func told(err error) error {
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

func (f folder) read(name string) ([]byte, error) {
	text, err := report.ReadFile(f.path(name))
	return text, told(err)
}

func (f folder) write(name string, text []byte) error {
	return told(writeNew(f.path(name), text, f.mode))
}

func (f folder) rename(from, to string, replace bool) error {
	name := os.Rename
	if !replace {
		name = plain.RenameNew
	}
	if err := name(f.path(from), f.path(to)); errors.Is(err, fs.ErrExist) {
		return fail.New(fail.Restatement, hintMove, "deliver: %w", err)
	} else if err != nil {
		return told(err)
	}
	return plain.Sync(f.dir)
}

func (f folder) names() (all []string, err error) {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if e.Type().IsRegular() {
			all = append(all, e.Name())
		}
	}
	return all, err
}

func (f folder) remove(name string) error { return os.Remove(f.path(name)) }

func (f folder) Close() error { return nil }

// writeNew writes a file in place of what an interrupted run left.
func writeNew(path string, text []byte, mode fs.FileMode) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return plain.Write(path, text, mode)
}
