package watch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"seats/internal/plain"
)

// The collector is another user, and the file holds neither agents nor secrets. Of a file that is there, the operator may have
// chosen that fewer read it; that others write it, nobody.
const fileMode = 0o644

// WriteFile brings the metrics file up to date, whole or not at all. Runs of other tenants may do so at the same time:
// they take turns, so that none writes what it saw before another.
func (s Site) WriteFile(path string) (err error) {
	unlock, err := takeTurn(path)
	if err != nil {
		return err
	}
	defer unlock()
	old, readErr := read(path)
	var text bytes.Buffer
	for _, f := range s.metrics(old) {
		if len(f.Metric) == 0 {
			continue // a metric without a sample is no part of the format
		}
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return err
		}
	}
	if err := replace(path, text.Bytes()); err != nil {
		return err
	}
	return readErr
}

// read gives the metrics that the file holds; a missing one holds none.
func read(path string) (map[string]*dto.MetricFamily, error) {
	in, err := plain.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		defer in.Close() //nolint:errcheck // only read
		parser := expfmt.NewTextParser(model.LegacyValidation)
		var old map[string]*dto.MetricFamily
		if old, err = parser.TextToMetricFamilies(in); err == nil {
			return old, nil
		}
	}
	return nil, fmt.Errorf("what it said of the last runs of other tenants is lost: %w", err)
}

// replace puts the text in the place of the file, once it is on disk. The collector reads no name that ends in .tmp.
func replace(path string, text []byte) (err error) {
	mode := fs.FileMode(fileMode)
	switch info, err := os.Lstat(path); {
	case err == nil && info.Mode().IsRegular():
		mode = info.Mode()&fileMode | 0o600
	case err == nil && info.Mode()&fs.ModeSymlink == 0:
		return &fs.PathError{Op: "replace", Path: path, Err: fmt.Errorf("it is no plain file (%s)", info.Mode())}
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) { // a killed run's
		return err
	}
	if err := plain.Write(temp, text, mode); err != nil {
		_ = os.Remove(temp) // it may not be there
		return err
	}
	return os.Rename(temp, path)
}

// turn is how long the file of others is waited for: they look into every store.
const turn = time.Minute

// takeTurn waits until no other run of this user's writes the file, by a lock file beside it that is there only meanwhile. The collector reads
// no name that ends in .lock. A lock on the folder, which everybody may open, everybody could hold.
func takeTurn(path string) (unlock func(), err error) {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	const pause = 100 * time.Millisecond
	var f *os.File
	for range turn / pause {
		if f, err = plain.Lock(name); !errors.Is(err, plain.ErrLocked) {
			break
		}
		time.Sleep(pause)
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = errors.Join(os.Remove(name), f.Close()) }, nil
}
