package html

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"seats/internal/fail"
	"seats/internal/plain"
)

// markName is a file that tells a site from other folders, which are never replaced.
const markName = "seats-site.txt"

const markText = "Pages written by `seats report --html`. The next ones take the place of this whole folder.\n"

// folder is a site in the making: a folder beside the one that it becomes.
type folder struct {
	path, draft, old string
	lock             *os.File // nil once it is given back
}

// newFolder makes the draft. A path that is taken by anything but an older site or an empty folder is an error with
// fail.Usage; a link is not followed. What an interrupted run left is removed.
func newFolder(path string) (*folder, error) {
	path = filepath.Clean(path)
	dir, name := filepath.Split(path)
	f := &folder{path: path, draft: filepath.Join(dir, "."+name+".seats-new"), old: filepath.Join(dir, "."+name+".seats-old")}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder for pages: %w", err)
	}
	var err error
	f.lock, err = plain.Lock(filepath.Join(dir, "."+name+".seats-lock"))
	if errors.Is(err, plain.ErrLocked) {
		return nil, fail.New(fail.Store, "wait until that one has ended, or give another folder", "write pages: another `seats report --html` writes %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("write pages: %w", err)
	}
	if err = f.restore(); err == nil {
		err = replaceable(f.path)
	}
	if err == nil {
		err = f.clear()
	}
	if err == nil {
		err = os.Mkdir(f.draft, 0o700)
	}
	if err != nil {
		return nil, errors.Join(err, f.unlock())
	}
	return f, nil
}

// unlock gives the lock back; its file is there only as long as the lock is.
func (f *folder) unlock() error {
	err := errors.Join(os.Remove(f.lock.Name()), f.lock.Close())
	f.lock = nil
	return err
}

// restore puts back the older site where a run was killed between its two renames.
func (f *folder) restore() error {
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.Rename(f.old, f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put back the older pages: %w", err)
	}
	return nil
}

func replaceable(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	if !info.IsDir() {
		return fail.New(fail.Usage, "nothing was overwritten; give a new folder", "%s is no folder (%s)", path, info.Mode())
	}
	names, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	if mark, err := os.Lstat(filepath.Join(path, markName)); len(names) > 0 && (err != nil || !mark.Mode().IsRegular()) {
		return fail.New(fail.Usage, "nothing was overwritten; give a new folder, or one of older pages", "%s holds other files", path)
	}
	return nil
}

// put writes a file of the draft, with the folders that it lies in.
func (f *folder) put(name string, text []byte) error {
	path := filepath.Join(f.draft, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// publish lets the draft take the place of the older site, which is put back where that fails.
func (f *folder) publish() error {
	if err := replaceable(f.path); err != nil { // it may have come meanwhile
		return err
	}
	err := os.Rename(f.path, f.old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("publish pages: %w", err)
	}
	if err := os.Rename(f.draft, f.path); err != nil {
		return errors.Join(fmt.Errorf("publish pages: %w", err), f.restore())
	}
	return f.Drop()
}

// Drop throws away the draft and the older site that was replaced, and lets others write. It may be called twice.
func (f *folder) Drop() error {
	if f.lock == nil {
		return nil // by now it may all be another's
	}
	return errors.Join(f.clear(), f.unlock())
}

func (f *folder) clear() error {
	for _, path := range []string{f.draft, f.old} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove %s: %w", path, err)
		}
	}
	return nil
}
