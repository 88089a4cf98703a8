// Package lake writes results, raw rows and counting rules of many tenants as Parquet, for engines that ask all of them
// at once:
//
//	RELATION/tenant=T/month=YYYY-MM/day=YYYY-MM-DD/part.parquet
//	RELATION/tenant=T/month=YYYY-MM/part.parquet    what belongs to a month
//
// A partition is written beside and renamed into place, and its _SUCCESS holds the hash of what it was made of and that of its
// data: an export writes those alone of which either is another by now. A tenant's partitions are of one store. The partitions of a day that belong together lose their _SUCCESS before the
// first of them is replaced. What the store no longer has stays in the lake. Equal stores give equal bytes, as long as
// program and DuckDB are the same. Files and folders are for their owner and whom the tenant's Access names alone, and no link
// below the lake's folder is followed. Memory grows with a day's slice.
package lake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed" // the texts below
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

//go:embed schema.json
var schemaText []byte

//go:embed readme.md
var readme []byte

// schemaName is the file that makes a folder a lake. Engines do not read what begins with a line or a dot.
const schemaName = "_schema.json"

// about is what _schema.json says first of a lake, before what it holds.
type about struct {
	Format     int    // of the lake: another one is another lake
	Pseudonyms string // tells the key of the pseudonyms from others; "": the rows name agents as the GIM does
}

// Lake is an open one. Several processes may write into it, each its own tenants.
type Lake struct {
	root  *os.Root
	dir   string
	masks *pseudonym.Key // nil: none

	access plain.Access // of the tenant whose partitions are written
}

// Open opens the lake in a folder, or begins one there. A folder that holds something else, a lake of another format, and
// one of other pseudonyms, or of none, are errors with fail.Usage; so is a bad key. keyFile is "" for no pseudonyms.
func Open(dir, keyFile string) (*Lake, error) {
	l := &Lake{dir: dir}
	var want about
	err := json.Unmarshal(schemaText, &want)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	if keyFile != "" {
		if l.masks, err = pseudonym.ReadKey(keyFile, ""); err != nil {
			return nil, err
		}
		want.Pseudonyms = l.masks.ID()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make lake: %w", err)
	}
	if l.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("open lake: %w", err)
	}
	if err := l.begin(want); err != nil {
		return nil, errors.Join(l.placed(err), l.Close())
	}
	return l, nil
}

// placed names a file of the lake in an error by its whole path: below a root it is known by what follows.
func (l *Lake) placed(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file) && filepath.IsLocal(file.Path):
		file.Path = filepath.Join(l.dir, file.Path)
	case errors.As(err, &link) && filepath.IsLocal(link.New):
		link.Old, link.New = filepath.Join(l.dir, link.Old), filepath.Join(l.dir, link.New)
	}
	return err
}

func (l *Lake) Close() error { return l.root.Close() }

// begin makes sure that the folder is such a lake, or empty, and writes what the lake says of itself.
func (l *Lake) begin(want about) error {
	text, err := l.read(schemaName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := l.isEmpty(); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("read lake: %w", err)
	default:
		var is about
		if err := json.Unmarshal(text, &is); err != nil {
			return fail.New(fail.Usage, "give another folder", "read %s: it is not a lake's: %w", filepath.Join(l.dir, schemaName), err)
		}
		if is.Format != want.Format {
			return fail.New(fail.Usage, "give another folder", "%s is a lake of format %d, this program writes %d", l.dir, is.Format, want.Format)
		}
		if is.Pseudonyms != want.Pseudonyms {
			names := map[bool]string{true: "names agents as the GIM does", false: "holds pseudonyms of a certain key"}[is.Pseudonyms == ""]
			return fail.New(fail.Usage, "a lake has one key for good, or none: give another folder, or --pseudonymize with the key that it began with",
				"%s %s, and this export would not", l.dir, names)
		}
	}
	var out bytes.Buffer
	text = bytes.Replace(schemaText, []byte(`"pseudonyms": ""`), fmt.Appendf(nil, `"pseudonyms": %q`, want.Pseudonyms), 1)
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return err
	}
	if err := l.write(schemaName, out.Bytes()); err != nil {
		return err
	}
	return l.write("README.md", readme)
}

func (l *Lake) isEmpty() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("read lake: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") { // another process may be beginning the same lake
			return fail.New(fail.Usage, "give a new folder, or one that an export began", "%s holds %s and no %s: it is no lake", l.dir, e.Name(), schemaName)
		}
	}
	return nil
}

// Names of the files in a partition, and of the one that tells the store that a tenant's partitions are of.
const (
	dataName    = "part.parquet"
	successName = "_SUCCESS"
	storeName   = "_STORE"
)

// partition is a folder of the lake with one file of data, made of what hash stands for.
type partition struct {
	relation, dir, hash string
	file                string // that the data comes from
	sum                 string // of the data as it was written
}

func (p partition) data() string { return path.Join(p.dir, dataName) }

// success is what _SUCCESS says of a partition with such data, as sha256sum --check reads it.
func (p partition) success() []byte {
	return fmt.Appendf(nil, "# made of %s\n%s  %s\n", p.hash, p.sum, dataName)
}

// holds tells whether the lake has the partition, made of the same, and with its data as it was written. What is no file will be
// replaced.
func (l *Lake) holds(p partition) bool {
	said, err := l.read(path.Join(p.dir, successName))
	if err != nil || l.isFile(p.data()) != nil {
		return false
	}
	in, err := l.root.Open(p.data())
	if err != nil {
		return false
	}
	defer in.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, in)
	p.sum = fmt.Sprintf("%x", h.Sum(nil))
	return err == nil && bytes.Equal(said, p.success())
}

// replace puts partitions that belong together into the lake: nothing is replaced before all of them are on its disk.
func (l *Lake) replace(parts []partition) (err error) {
	for at := range parts {
		if err := l.stage(&parts[at]); err != nil {
			return fmt.Errorf("write %s: %w", parts[at].data(), err)
		}
	}
	for _, p := range parts {
		if err := l.root.Remove(path.Join(p.dir, successName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, p := range parts {
		if err := l.root.Rename(beside(p.data()), p.data()); err != nil {
			return err
		}
		if err := plain.Sync(filepath.Join(l.dir, p.dir)); err != nil { // so that a _SUCCESS outlives no crash that its data does not
			return err
		}
	}
	for _, p := range parts {
		if err == nil {
			err = l.write(path.Join(p.dir, successName), p.success())
		}
	}
	return err
}

// stage copies the data to where it will be renamed, and makes the folders above it.
func (l *Lake) stage(p *partition) error {
	if err := l.folder(p.dir); err != nil {
		return err
	}
	in, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	h := sha256.New()
	err = l.create(beside(p.data()), io.TeeReader(in, h))
	p.sum = fmt.Sprintf("%x", h.Sum(nil))
	return err
}

// beside is the name of an unfinished file: no engine takes it for data.
func beside(name string) string { return path.Join(path.Dir(name), "."+path.Base(name)+".tmp") }

// write puts a small file in place, whole or not at all, unless it is there already.
func (l *Lake) write(name string, text []byte) error {
	if is, err := l.read(name); err == nil && bytes.Equal(is, text) {
		return nil
	}
	if err := l.create(beside(name), bytes.NewReader(text)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return l.root.Rename(beside(name), name)
}

// create writes a new file, in place of an unfinished one.
func (l *Lake) create(name string, in io.Reader) error {
	if err := l.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := l.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	return cmp.Or(errors.Join(err, out.Close()), l.access.Give(filepath.Join(l.dir, name)))
}

func (l *Lake) read(name string) ([]byte, error) {
	if err := l.isFile(name); err != nil {
		return nil, err
	}
	return l.root.ReadFile(name)
}

func (l *Lake) isFile(name string) error {
	info, err := l.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no file")}
	}
	return err
}

// folder makes a folder and those above it, and refuses whatever else stands in their place, a link too.
func (l *Lake) folder(dir string) error {
	at := ""
	for name := range strings.SplitSeq(dir, "/") {
		at = path.Join(at, name)
		if err := l.root.Mkdir(at, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := l.root.Lstat(at)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: at, Err: syscall.ENOTDIR}
		}
		if err := cmp.Or(err, l.access.Give(filepath.Join(l.dir, at))); err != nil {
			return err
		}
	}
	return nil
}

// Relations of a day: what was read, with the rules that it was counted by, and what was counted. Each is written by the
// statement lake/<relation>.sql.
var (
	rowRelations    = []string{"slice", "voice_session", "ocs_activity", "agent", "duplicate_key", "rule"}
	numberRelations = []string{"daily_concurrent", "enabled_daily", "data_quality"}
)

type Summary struct {
	Days, Written, Unchanged int             // days and partitions
	Uncounted                []calendar.Date // that have a slice, and no numbers of it: they are not in the lake
}

// Export brings a tenant's days into the lake, and the months in which they lie. The errors are those of
// store.OpenScratch and store.Lock.
func (l *Lake) Export(ctx context.Context, tenant config.Tenant, period audit.Period) (summary Summary, err error) {
	defer func() { err = l.placed(err) }()
	lock, err := store.Lock(filepath.Join(l.dir, "."+tenant.Name+".lock"))
	if err != nil {
		return summary, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	l.access = tenant.Access
	held, err := fs.Glob(l.root.FS(), "*/tenant="+tenant.Name)
	for _, name := range held { // before Access said so
		err = cmp.Or(err, l.access.Give(filepath.Join(l.dir, path.Dir(name))), l.access.Tree(filepath.Join(l.dir, name)))
	}
	for _, name := range []string{"", schemaName, "README.md"} {
		err = cmp.Or(err, l.access.Give(filepath.Join(l.dir, name)))
	}
	if err != nil {
		return summary, err
	}
	scratch, err := store.OpenScratch(ctx, tenant.StorePath(), duck.Of(tenant.Engine), period.Touches)
	if err != nil {
		return summary, err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	h := sha256.New()
	for _, name := range texts.Names("lake/") {
		fmt.Fprintf(h, "%s\x00%s\x00", name, texts.Text(name))
	}
	x := &export{lake: l, tenant: tenant, period: period, scratch: scratch, statements: fmt.Sprintf("%x", h.Sum(nil))}
	if l.masks != nil {
		x.masks = l.masks.Of(tenant.Name)
	}
	if err := plain.MakeTemp(scratch.TempDir()); err != nil {
		return summary, err
	}
	err = fail.InTurn(ctx, x.claim, x.days, x.months)
	return x.summary, err
}

// claim keeps the partitions of two sites apart that each have a tenant of this name. A store is known by the first entry of
// its ledger, which it keeps wherever it goes.
func (x *export) claim(ctx context.Context) error {
	runs, err := store.Runs(ctx, x.scratch.Conn)
	if err != nil || len(runs) == 0 {
		return err
	}
	name, is := path.Join("issued", "tenant="+x.tenant.Name, storeName), []byte(x.masks.Digest(runs[0].SHA256)+"\n")
	if err := x.lake.folder(path.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	said, err := x.lake.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return x.lake.write(name, is)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if !bytes.Equal(said, is) {
		return fail.New(fail.Usage, "give each site a lake of its own, or its tenant another name; if this store has taken the other's place, remove "+filepath.Join(x.lake.dir, name)+" and export again",
			"the tenant %s in the lake %s is another store's: nothing of %s was written", x.tenant.Name, x.lake.dir, x.tenant.StorePath())
	}
	return nil
}

type export struct {
	lake       *Lake
	tenant     config.Tenant
	period     audit.Period
	scratch    *store.Scratch
	masks      *pseudonym.Key // nil: none
	statements string         // hash of what writes the partitions
	summary    Summary
}

type day struct {
	Date        calendar.Date
	HasRows     sql.NullBool // null: they are not counted
	Rules       string
	AsOf        int64
	Extracted   int64  // when it was read, epoch seconds
	FromNumbers string // what the numbers were counted from
	FromRows    string // what the store says of the slice
}

func (x *export) days(ctx context.Context) error {
	// Files depend on the order in which threads write them: one thread writes them always alike.
	if _, err := duck.Exec(ctx, x.scratch.Conn, "store/one_thread"); err != nil {
		return err
	}
	days, err := duck.All[day](ctx, x.scratch.Conn, "lake/day", x.period.Bounds()...)
	if err != nil {
		return err
	}
	for _, d := range days {
		if !d.HasRows.Valid {
			x.summary.Uncounted = append(x.summary.Uncounted, d.Date)
			continue
		}
		x.summary.Days++
		if err := x.day(ctx, d); err != nil {
			return fmt.Errorf("export %s: %w", d.Date, err)
		}
	}
	return nil
}

// day brings a day's partitions into the lake: all of them or none.
func (x *export) day(ctx context.Context, d day) error {
	var parts []partition
	folder := fmt.Sprintf("month=%s/day=%s", d.Date.YearMonth(), d.Date)
	if d.HasRows.Bool {
		parts = x.partitions(rowRelations, folder, d.FromNumbers, d.FromRows)
	}
	parts = append(parts, x.partitions(numberRelations, folder, d.FromNumbers)...)
	if x.done(parts) {
		return nil
	}
	values := []sql.NamedArg{sql.Named("day", d.Date.String())}
	if d.HasRows.Bool {
		t, err := x.load(ctx, d)
		if err != nil {
			return err
		}
		values = append(values, sql.Named("text", string(t.Rules())), duck.JSON("rules", compute.RulesFor(t, d.Date)), sql.Named("as_of", d.AsOf),
			sql.Named("extracted_ts", d.Extracted))
	}
	if err := x.put(ctx, parts, values...); err != nil {
		return err
	}
	if x.masks == nil {
		return x.scratch.EmptyRows(ctx)
	}
	return x.scratch.Empty(ctx) // of what was counted from them, too
}

// load brings the day's raw rows into the scratch store, with pseudonyms where they are wanted, and gives the tenant
// with the rules that count them.
func (x *export) load(ctx context.Context, d day) (t config.Tenant, err error) {
	if t, err = x.tenant.WithRules([]byte(d.Rules)); err != nil {
		return t, err
	}
	if err := x.scratch.TakeRows(ctx, d.Date, d.Date); err != nil || x.masks == nil {
		return t, err
	}
	if t, err = x.masks.Day(ctx, x.scratch, t, d.Date); err != nil {
		return t, err
	}
	sum, err := extract.SliceSHA256(ctx, x.scratch.Conn, d.Date)
	if err == nil {
		_, err = duck.Exec(ctx, x.scratch.Conn, "ask/pseudonym_slice", sql.Named("day", d.Date.String()), sql.Named("sha256", sum))
	}
	return t, err
}

func (x *export) months(ctx context.Context) error {
	months, err := duck.All[struct{ Relation, Month, Hash string }](ctx, x.scratch.Conn, "lake/month", x.period.Bounds()...)
	if err != nil {
		return err
	}
	for _, m := range months {
		parts := x.partitions([]string{m.Relation}, "month="+m.Month, m.Hash)
		if x.done(parts) {
			continue
		}
		if err := x.put(ctx, parts, sql.Named("month", m.Month)); err != nil {
			return fmt.Errorf("export %s: %w", m.Month, err)
		}
	}
	return nil
}

// partitions are those of relations in a tenant's folder of a day or month, made of the same.
func (x *export) partitions(relations []string, folder string, from ...string) []partition {
	h := sha256.New()
	for _, part := range append(from, x.statements) {
		fmt.Fprintf(h, "%d:%s", len(part), part) // lengths keep the parts apart
	}
	hash := x.masks.Digest(fmt.Sprintf("%x", h.Sum(nil)))
	var parts []partition
	for _, r := range relations {
		parts = append(parts, partition{relation: r, dir: path.Join(r, "tenant="+x.tenant.Name, folder), hash: hash})
	}
	return parts
}

func (x *export) done(parts []partition) bool {
	for _, p := range parts {
		if !x.lake.holds(p) {
			return false
		}
	}
	x.summary.Unchanged += len(parts)
	return true
}

func (x *export) put(ctx context.Context, parts []partition, values ...sql.NamedArg) error {
	values = append(values, sql.Named("masked", x.masks != nil))
	for at := range parts {
		p := &parts[at]
		p.file = filepath.Join(x.scratch.TempDir(), p.relation+".parquet")
		args := []any{sql.Named("file", p.file)}
		for _, value := range values {
			if strings.Contains(texts.Text("lake/"+p.relation), "$"+value.Name) {
				args = append(args, value)
			}
		}
		if _, err := duck.Exec(ctx, x.scratch.Conn, "lake/"+p.relation, args...); err != nil {
			return err
		}
	}
	x.summary.Written += len(parts)
	return x.lake.replace(parts)
}
