package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seats/internal/fail"
	"seats/internal/plain"
)

// Whoever may read the counts of a tenant is decided by who owns the folder.
const (
	fileMode   = 0o600
	folderMode = 0o700
)

// Unfinished files carry these around the name they will get. A run that was killed leaves them; the next one removes them.
const (
	unfinishedPrefix = "."
	unfinishedSuffix = ".tmp"
)

// list names what is in the folder, after removing what an earlier run left
// unfinished. A folder that is not there yet is empty.
func (w Writer) list() ([]string, error) {
	entries, err := os.ReadDir(w.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list issued files: %w", err)
	}
	if info, err := os.Lstat(w.Dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, fail.New(fail.Other, "output_dir may be a link to where the files shall lie, a tenant's folder in it may not",
			"list issued files: %s is a symbolic link, and would lead them elsewhere", w.Dir)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, unfinishedPrefix+"CNT_") || !strings.HasSuffix(name, unfinishedSuffix) {
			names = append(names, name)
			continue
		}
		if err := os.Remove(filepath.Join(w.Dir, name)); err != nil {
			return nil, fmt.Errorf("remove unfinished file: %w", err)
		}
	}
	return names, nil
}

// perform writes what the plan holds and gives the plan's outcome, or that of the failure.
func (w Writer) perform(p plan) Outcome {
	name := p.outcome.Issue.File
	files := slices.DeleteFunc([]file{
		{name: ManifestName(name), text: p.manifest, gone: SignatureName(name)},
		{name: SignatureName(name), text: p.signature},
		{name: name, text: p.data, fresh: true},
	}, func(f file) bool { return f.text == nil })
	if len(files) == 0 {
		return p.outcome
	}
	if err := w.publish(files); err != nil {
		return Outcome{Number: p.outcome.Number, Action: Failed, Err: fmt.Errorf("write %s: %w", filepath.Join(w.Dir, name), err)}
	}
	return p.outcome
}

// file is one to publish; a fresh one must not be there yet. gone is what must not be there any more once it is.
type file struct {
	name  string
	text  []byte
	fresh bool
	gone  string
}

// publish makes the files appear whole, in their order, and last. All are on disk under other names before the first gets its
// own, so that a full disk or a missing right shows before anything is to be seen.
func (w Writer) publish(files []file) (err error) {
	if err := makeFolder(w.Dir); err != nil {
		return err
	}
	var staged []string
	defer func() {
		if err != nil {
			for _, path := range staged {
				_ = os.Remove(path) // gone already, or left to the next run's list
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(w.Dir, unfinishedPrefix+f.name+unfinishedSuffix)
		staged = append(staged, path)
		if err := plain.Write(path, f.text, fileMode); err != nil {
			return err
		}
		if f.fresh && !absent(filepath.Join(w.Dir, f.name)) {
			return fmt.Errorf("it appeared meanwhile: %w", fs.ErrExist)
		}
	}
	for i, f := range files {
		if err := w.remove(f.gone); err != nil {
			return err
		}
		if err := os.Rename(staged[i], filepath.Join(w.Dir, f.name)); err != nil {
			return err
		}
	}
	return plain.Sync(w.Dir)
}

// remove takes a file away for good: a crash must not bring it back beside what comes next.
func (w Writer) remove(name string) error {
	if name == "" || absent(filepath.Join(w.Dir, name)) {
		return nil
	}
	if err := os.Remove(filepath.Join(w.Dir, name)); err != nil {
		return err
	}
	return plain.Sync(w.Dir)
}

// ReadFile reads an issued file. A link or anything else that is no file is a *ConflictError: what it leads to was not issued.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &ConflictError{
			File:    path,
			Problem: fmt.Sprintf("it is no file (%s)", info.Mode()),
			Advice:  "find out who put it there, and move it away; the next run puts the issued file back",
		}
	}
	return os.ReadFile(path)
}

func absent(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// makeFolder makes the folder and those above it where they are missing. What
// exists keeps its permissions: they are the operator's choice.
func makeFolder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil // if it is no folder, writing into it says so
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return plain.Sync(parent)
}

// Gone names the data files of a ledger that stand and are not in the folder any more. Somebody may have taken them
// from there; issuing their numbers again puts them back.
func Gone(dir string, ledger []Issue) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list issued files: %w", err)
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	stands := map[Series]Issue{}
	for _, i := range ledger {
		if i.Revision > stands[i.Series()].Revision {
			stands[i.Series()] = i
		}
	}
	for _, i := range stands {
		if !there[i.File] {
			names = append(names, i.File)
		}
	}
	slices.Sort(names)
	return names, nil
}
