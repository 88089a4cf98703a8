package sim

import (
	"archive/zip"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Export writes into dir, which is created, what GIM's own data export would: a folder for each increment, with a CSV file for
// each table or a zip of those. It does not overwrite anything. Equal simulations and layouts give equal bytes; a zip's bytes
// also depend on the Go release whose compressor wrote it.
func (s *Simulation) Export(ctx context.Context, dir string, l Layout) (counts Counts, err error) {
	if l.Increments < 1 || l.Increments > 60 {
		return counts, fmt.Errorf("increments %d: want 1 to 60", l.Increments)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return counts, err
	}
	chunks, to := make([]chunk, l.Increments), make([]sinks, l.Increments)
	defer func() {
		for _, c := range chunks {
			_ = c.close()
		}
	}()
	for i, cut := range s.cuts(l.Increments) {
		at := time.Unix(cut, 0).UTC()
		chunks[i] = chunk{filepath.Join(dir, fmt.Sprintf("export_%d_%s", AuditKey(cut), at.Format("2006_01_02_15_04_05"))), at, nil}
		if to[i], err = chunks[i].create(s.Options, l); err != nil {
			return counts, err
		}
	}
	if counts, err = s.stream(ctx, l, to); err != nil {
		return counts, err
	}
	for _, c := range chunks {
		if l.Zip {
			if err := c.pack(); err != nil {
				return counts, fmt.Errorf("pack %s: %w", c.dir, err)
			}
		}
		if err := c.close(); err != nil {
			return counts, err
		}
	}
	return counts, nil
}

// chunk is the folder of an increment, whose name holds an audit key and the time of the newest data, in GMT.
type chunk struct {
	dir   string
	cut   time.Time
	files []*os.File
}

// create creates the folder and, with their header lines, the files.
func (c *chunk) create(o Options, l Layout) (to sinks, err error) {
	if err := os.Mkdir(c.dir, 0o777); err != nil {
		return to, err
	}
	for t := range tables {
		if !t.exported() || !o.has(t) {
			continue
		}
		f, err := os.Create(filepath.Join(c.dir, t.name()+".csv"))
		if err != nil {
			return to, err
		}
		c.files, to[t] = append(c.files, f), f
		header := strings.Join(t.columns(l.ExtraColumns), ",")
		switch l.Header {
		case "UPPER":
			header = strings.ToUpper(header)
		case "Mixed":
			header = begins.ReplaceAllStringFunc(header, strings.ToUpper)
		}
		if _, err := f.WriteString(header + l.newline()); err != nil {
			return to, err
		}
	}
	return to, nil
}

// begins is the first letter of each name.
var begins = regexp.MustCompile(`(^|,).`)

// close closes the files; those of an export that failed may be closed already.
func (c *chunk) close() (err error) {
	for _, f := range c.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// pack moves the folder's files into a zip named after the folder, and writes its sum beside it in the form of sha1sum. They
// are dated with the newest data, so that the archive does not show when it was made.
func (c *chunk) pack() error {
	name := filepath.Base(c.dir) + ".zip"
	f, err := os.Create(filepath.Join(c.dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha1.New()
	archive := zip.NewWriter(io.MultiWriter(f, sum))
	for _, file := range c.files {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		to, err := archive.CreateHeader(&zip.FileHeader{Name: filepath.Base(file.Name()), Method: zip.Deflate, Modified: c.cut})
		if err != nil {
			return err
		}
		if _, err := io.Copy(to, file); err != nil {
			return err
		}
		if err := os.Remove(file.Name()); err != nil {
			return err
		}
	}
	if err := errors.Join(archive.Close(), f.Close()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, name+".sha1"), fmt.Appendf(nil, "%x  %s\n", sum.Sum(nil), name), 0o666)
}
