// Package export writes a simulated GIM as GIM's own data export does: a folder
// for each increment, with a CSV file for each table or a zip of those.
//
// Equal simulations and options give equal bytes. A zip's bytes also depend on
// the Go release whose compressor wrote it.
package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"seats/cmd/gimsim/sim"
)

// Options say how the export looks. The tags are those of the command line.
type Options struct {
	Increments   int     `default:"1" help:"Number of increments; later ones correct rows of earlier ones."`
	Zip          bool    `help:"Write a zip and its .zip.sha1 in each folder, in place of bare files."`
	Header       string  `default:"UPPER" enum:"UPPER,lower,Mixed" help:"Case of the header lines: UPPER, lower or Mixed."`
	ExtraColumns bool    `help:"Add columns that GIM has and seats does not read, some quoted and some of several lines."`
	CRLF         bool    `name:"crlf" help:"End lines with CR LF."`
	Resent       float64 `default:"0" help:"Share of rows that come again, unchanged, in the next increment."`
	Duplicated   float64 `default:"0" help:"Share of changed rows whose older state is in the same file."`
}

// Write writes the export into dir, which is created, and returns the number of
// rows of each table over all increments. It does not overwrite anything.
func Write(ctx context.Context, dir string, s *sim.Simulation, o Options) (map[sim.Table]int64, error) {
	if o.Increments < 1 || o.Increments > 60 {
		return nil, fmt.Errorf("increments %d: want 1 to 60", o.Increments)
	}
	layout := sim.Layout{Cuts: s.Cuts(o.Increments), ExtraColumns: o.ExtraColumns, CRLF: o.CRLF, Resent: o.Resent, Duplicated: o.Duplicated}
	var chunks []*chunk
	defer func() {
		for _, c := range chunks {
			_ = c.close()
		}
	}()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, cut := range layout.Cuts {
		c, err := newChunk(dir, cut, s, o)
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, c)
	}
	counts := map[sim.Table]int64{}
	err := s.Stream(ctx, layout, func(b *sim.Batch) error {
		for i, c := range chunks {
			if err := c.append(b, i, counts); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, c := range chunks {
		if err := c.close(); err != nil {
			return nil, err
		}
		if o.Zip {
			if err := c.pack(); err != nil {
				return nil, err
			}
		}
	}
	return counts, nil
}

// chunk is the folder of an increment.
type chunk struct {
	dir   string
	cut   time.Time
	files map[sim.Table]*os.File
}

// newChunk creates the folder and, with their header lines, the files. Its name
// holds an audit key and the time of the newest data, in GMT.
func newChunk(dir string, cut int64, s *sim.Simulation, o Options) (*chunk, error) {
	at := time.Unix(cut, 0).UTC()
	c := &chunk{
		dir: filepath.Join(dir, fmt.Sprintf("export_%d_%s", sim.AuditKey(cut), at.Format("2006_01_02_15_04_05"))),
		cut: at, files: map[sim.Table]*os.File{},
	}
	if err := os.Mkdir(c.dir, 0o777); err != nil {
		return nil, err
	}
	newline := "\n"
	if o.CRLF {
		newline = "\r\n"
	}
	for _, t := range sim.Tables() {
		if !t.Exported() || !s.Has(t) {
			continue
		}
		f, err := os.Create(filepath.Join(c.dir, t.Name()+".csv"))
		if err != nil {
			return c, err
		}
		c.files[t] = f
		header := strings.Join(t.Columns(o.ExtraColumns), ",")
		switch o.Header {
		case "UPPER":
			header = strings.ToUpper(header)
		case "Mixed":
			header = begins.ReplaceAllStringFunc(header, strings.ToUpper)
		}
		if _, err := f.WriteString(header + newline); err != nil {
			return c, err
		}
	}
	return c, nil
}

// begins is the first letter of each name.
var begins = regexp.MustCompile(`(^|,).`)

// append writes the increment i of a batch to the files.
func (c *chunk) append(b *sim.Batch, i int, counts map[sim.Table]int64) error {
	for t, f := range c.files {
		text, rows := b.Increment(i, t)
		if rows == 0 {
			continue
		}
		counts[t] += rows
		if _, err := f.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// close closes the files; those of an export that failed, or was packed, may be closed already.
func (c *chunk) close() (err error) {
	for _, f := range c.files {
		err = errors.Join(err, f.Close())
	}
	return err
}
