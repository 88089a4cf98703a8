package store

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"seats/internal/dirs"
)

// tempDir names the folder for temporary files of one database: beside its store, or in dir where that is given,
// which stores of several data folders may share. DuckDB makes it when it first spills and removes it at the end. No
// two databases may have the same one: DuckDB takes whatever lies there under the names it gives for its own.
func tempDir(path, dir, suffix string) (string, error) {
	if dir == "" {
		return path + suffix, nil
	}
	if err := dirs.Make(dir, dirs.Temp); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, fmt.Sprintf("%s-%x%s", filepath.Base(path), sum[:6], suffix)), nil
}

// A run finds what a killed one left by the name, under its lock. Readers may be many at once.
const runSuffix = ".work.tmp"

func readerSuffix() string { return ".read-" + rand.Text()[:8] + ".tmp" }

// TempDir names a folder for a run's own temporary files: dirs.MakeTemp makes it. It is removed with the work copy.
func (w *Work) TempDir() string { return w.temp }

// TempDir names a folder for temporary files: dirs.MakeTemp makes it, and Close removes it.
func (s *Scratch) TempDir() string { return s.temp }

// ReaderTemp names a folder for whatever a reader of the store writes meanwhile: dirs.MakeTemp makes it, and whoever has it made removes it.
func ReaderTemp(path, dir string) (string, error) { return tempDir(path, dir, readerSuffix()) }
