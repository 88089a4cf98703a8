package deliver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"seats/internal/fail"
	"seats/internal/plain"
	"seats/report"
)

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

func (f folder) read(name string) ([]byte, error) {
	text, err := report.ReadFile(f.path(name))
	if err != nil {
		return nil, fmt.Errorf("deliver: %w", err)
	}
	return text, nil
}

func (f folder) write(name string, text []byte) error {
	if err := writeNew(f.path(name), text, f.mode); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

func (f folder) rename(from, to string, replace bool) error {
	name := os.Rename
	if !replace {
		name = renameNew
	}
	if err := name(f.path(from), f.path(to)); errors.Is(err, fs.ErrExist) {
		return fail.New(fail.Restatement, hintMove, "deliver: %w", err)
	} else if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return plain.Sync(f.dir)
}

// renameNew replaces nothing, as os.Rename would. Where a file system has no links, it is looked first.
func renameNew(from, to string) error {
	err := os.Link(from, to)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		if _, err := os.Lstat(to); err == nil {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
		}
		return os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	return os.Remove(from)
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
