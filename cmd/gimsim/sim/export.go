package sim

import (
	"archive/zip"
	"cmp"
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

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"seats/internal/gimschema"
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

// Target is a schema of a PostgreSQL database. The tags are those of the command line.
type Target struct {
	DSN    string `required:"" help:"PostgreSQL connection string, URL or keywords."` // of a role that may create tables, or insert into them
	Schema string `default:"public" help:"Schema of the tables."`
	Create bool   `help:"Create schema and tables first, and keys, indexes and statistics afterwards."` // without it rows are added
}

// Load writes the rows as they are in the end. Each table is loaded by COPY on a connection of its own and in a transaction of
// its own: a load that fails, or is interrupted, may leave some tables filled.
func (s *Simulation) Load(ctx context.Context, to Target) (counts Counts, err error) {
	if to.Create {
		if err := to.exec(ctx, "create schema if not exists "+pgx.Identifier{to.Schema}.Sanitize(), gimschema.Tables); err != nil {
			return counts, fmt.Errorf("create tables: %w", err)
		}
	}
	if counts, err = s.copyAll(ctx, to); err != nil {
		return counts, err
	}
	after := []string{"analyze"}
	if to.Create {
		after = []string{"set maintenance_work_mem = '512MB'", gimschema.Keys, "analyze"}
	}
	if err := to.exec(ctx, after...); err != nil {
		return counts, fmt.Errorf("create keys: %w", err)
	}
	return counts, nil
}

// connect opens a connection whose unqualified names are those of the schema.
func (to Target) connect(ctx context.Context) (*pgx.Conn, error) {
	conf, err := pgx.ParseConfig(to.DSN)
	if err != nil {
		return nil, err
	}
	conf.RuntimeParams["search_path"] = pgx.Identifier{to.Schema}.Sanitize()
	return pgx.ConnectConfig(ctx, conf)
}

// exec runs each text, of one or more statements, as a transaction.
func (to Target) exec(ctx context.Context, texts ...string) error {
	conn, err := to.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was committed is
	for _, text := range texts {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// copyAll deals out the rows to one COPY for each table. The first table to fail stops the others.
func (s *Simulation) copyAll(ctx context.Context, to Target) (Counts, error) {
	copies, ctx := errgroup.WithContext(ctx)
	var feeds sinks
	for t := range tables {
		if !s.has(t) {
			continue
		}
		rows, feed := io.Pipe()
		feeds[t] = feed
		copies.Go(func() error {
			err := to.copyTable(ctx, t, rows)
			rows.CloseWithError(err) // nobody reads them any more
			if err != nil {
				return fmt.Errorf("copy %s: %w", t.name(), err)
			}
			return nil
		})
	}
	counts, streamed := s.stream(ctx, Layout{Increments: 1}, []sinks{feeds})
	for _, feed := range feeds {
		if pipe, is := feed.(*io.PipeWriter); is {
			pipe.CloseWithError(streamed) // without an error it is the end of a complete table
		}
	}
	return counts, cmp.Or(copies.Wait(), streamed)
}

// copyTable copies rows, until they end, in one transaction. Into a table that was just created it goes frozen: no later reader
// has to mark rows as committed. That asks for a truncation in the same transaction.
func (to Target) copyTable(ctx context.Context, t table, rows io.Reader) error {
	conn, err := to.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was committed is
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		options := "format csv"
		if to.Create {
			options += ", freeze"
			if _, err := tx.Exec(ctx, "truncate "+t.name()); err != nil {
				return err
			}
		}
		into := fmt.Sprintf("copy %s (%s) from stdin (%s)", t.name(), strings.Join(t.columns(false), ", "), options)
		_, err := conn.PgConn().CopyFrom(ctx, rows, into)
		return err
	})
}
