// Package lake writes results, raw rows and counting rules of many tenants as tables of the Delta protocol, for engines that ask all of
// them at once: a table for each relation (schema.json), whose files are each of a month and a bucket of tenants.
//
// What comes in place of what is there is known by tenant, month and day. An export writes those days and months alone whose rows in the
// store are others than those that the lake was given, and each table once; exported, which says what the lake has, comes last: what a
// killed export wrote is replaced by the next one. What a store no longer has stays in the lake, unless Prune says otherwise.
package lake

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed" // the texts below
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/seats/cmd/seats/pseudonym"
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

// Options of an export.
type Options struct {
	Where   string // a folder, made where it is missing, or s3://BUCKET/PREFIX
	KeyFile string // of pseudonyms; "": the rows name agents as the GIM does
	Access  plain.Access
	Engine  duck.Options
	Beside  string          // a path beside which temporary files lie, unless Engine says where
	Drop    []string        // tenants whose rows go
	Prune   bool            // so do tenants that Tenants lacks, and rows of days that their stores let go
	Tenants map[string]bool // all that are configured
	Retain  time.Duration   // how long what is replaced stays for those who read it
	Now     time.Time
}

// Lake is an open one. A folder is this export's alone; of a bucket, the export that comes second to change a table is refused.
type Lake struct {
	Options
	Written int // tables that have a new version

	place      place
	lock       io.Closer
	desk       *store.Scratch // where rows wait, in tables of its own
	tables     []*table       // in the order in which they are written
	properties map[string]string
	masks      *pseudonym.Key // nil: none
	salt       string         // of hashes: what writes the rows, and the key of pseudonyms

	has    map[string]of     // by tenant
	tenant map[string]string // by store
}

// exported is the relation that says what the lake has. The lake begins with it, and each export ends with it.
const exported = "exported"

// byKey is the property of a table that tells the key of pseudonyms from others.
const byKey = "seats.pseudonyms"

// Open opens a lake, or begins one. A place that holds something else, a lake of the format of before, and one of other pseudonyms, or of
// none, are errors with fail.Usage; so is a bad key. One that another export has open is waited for as a store is.
func Open(ctx context.Context, o Options) (l *Lake, err error) {
	l = &Lake{Options: o, has: map[string]of{}, tenant: map[string]string{}, properties: map[string]string{}, salt: texts.Identity(texts.Names("lake/"))}
	if o.KeyFile != "" {
		if l.masks, err = pseudonym.ReadKey(o.KeyFile, ""); err != nil {
			return nil, err
		}
		l.properties[byKey] = l.masks.ID()
		l.salt = l.masks.Digest(l.salt)
	}
	var schema struct{ Relations []*table }
	if err := json.Unmarshal(schemaText, &schema); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	for _, t := range schema.Relations {
		t.Columns = nil // which no statement is filled with
		l.tables = append(l.tables, t)
	}
	if err = fail.InTurn(ctx, l.openPlace, l.openDesk, l.begin, l.know); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Retention is how long what is replaced stays, where nobody says otherwise.
const Retention = 7 * 24 * time.Hour

// Try says what would keep Open from a place, and makes none.
func Try(ctx context.Context, where string) error {
	rest, is := strings.CutPrefix(where, "s3://")
	if !is {
		return plain.TryDir(where, "lake")
	}
	b, err := openBucket(rest)
	if err == nil {
		_, err = b.read(ctx, "README.md")
	}
	if errors.Is(err, fs.ErrNotExist) { // the bucket is there
		return nil
	}
	return err
}

func (l *Lake) openPlace(ctx context.Context) (err error) {
	if rest, is := strings.CutPrefix(l.Where, "s3://"); is {
		l.place, err = openBucket(rest)
		return err
	}
	if err = os.MkdirAll(l.Where, 0o700); err != nil {
		return fail.New(fail.Usage, "give a folder that this user may write to, or s3://BUCKET/PREFIX", "open lake: %w", err)
	}
	root, err := os.OpenRoot(l.Where)
	if err != nil {
		return fmt.Errorf("open lake: %w", err)
	}
	l.place = folder{root, l.Access}
	lock, err := store.WaitLock(ctx, filepath.Join(l.Where, ".lock"))
	if _, is := errors.AsType[*fs.PathError](err); is {
		err = fail.New(fail.Usage, "give a folder that this user may write to", "open lake: %w", err)
	}
	if err != nil {
		return err
	}
	l.lock = lock
	return l.Access.Tree(l.Where)
}

// Close leaves the lake as it is.
func (l *Lake) Close() (err error) {
	if l.desk != nil {
		err = l.desk.Close()
	}
	for _, c := range []io.Closer{l.place, l.lock} {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

func (l *Lake) openDesk(ctx context.Context) (err error) {
	if l.desk, err = store.OpenEmpty(ctx, l.Beside, l.Engine); err != nil {
		return err
	}
	if err = cmp.Or(plain.MakeTemp(l.desk.TempDir()), l.do(ctx, "desk")); err != nil {
		return err
	}
	made, err := duck.All[string](ctx, l.desk.Conn, "lake/staged", sql.Named("schema", string(schemaText)))
	if err == nil {
		_, err = l.desk.Conn.ExecContext(ctx, strings.Join(made, ";"))
	}
	return err
}

// last is the table that the lake is known by.
func (l *Lake) last() *table { return l.tables[len(l.tables)-1] }

// begin makes sure that the place is such a lake, or empty, and then makes it one.
func (l *Lake) begin(ctx context.Context) error {
	if _, err := l.place.read(ctx, "_schema.json"); !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(err, fail.New(fail.Usage, "give a new folder, and remove the old lake when nobody reads it any more",
			"%s is a lake as earlier versions wrote it, in files of a day each: it was left alone", l.Where))
	}
	if err := l.load(ctx, l.last()); err != nil {
		return err
	}
	if l.last().version < 0 {
		names, err := l.place.list(ctx, ".")
		for _, f := range names {
			if !strings.HasPrefix(f.Name, ".") && err == nil {
				err = fail.New(fail.Usage, "give a new folder, or one that an export began", "%s holds %s and no table of exports: it is no lake", l.Where, f.Name)
			}
		}
		if err == nil {
			err = l.commit(ctx, l.last(), nil)
		}
		if err != nil {
			return err
		}
		l.Written = 0
	}
	is, err := duck.One[sql.NullString](ctx, l.desk.Conn, "lake/property", sql.Named("relation", exported), sql.Named("name", byKey))
	if err == nil && is.String != l.properties[byKey] {
		names := map[bool]string{true: "names agents as the GIM does", false: "holds pseudonyms of a certain key"}[is.String == ""]
		err = fail.New(fail.Usage, "a lake has one key for good, or none: give another folder, or --pseudonymize with the key that it began with",
			"%s %s, and this export would not", l.Where, names)
	}
	return err
}

// know learns what the lake has of which tenant, and drops those that are to go.
func (l *Lake) know(ctx context.Context) error {
	names, err := duck.All[string](ctx, l.desk.Conn, "lake/live", sql.Named("relation", exported))
	if err == nil && len(names) > 0 {
		var files []string
		if files, err = l.fetch(ctx, l.last(), names); err == nil {
			err = l.do(ctx, "know", sql.Named("files", files))
		}
	}
	if err != nil {
		return err
	}
	all, err := duck.All[of](ctx, l.desk.Conn, "lake/newest")
	if err != nil {
		return err
	}
	for _, o := range all {
		if l.Prune && !l.Tenants[o.Tenant] && !slices.Contains(l.Drop, o.Tenant) {
			l.Drop = append(l.Drop, o.Tenant)
		}
		l.has[o.Tenant] = o
	}
	l.Drop = slices.Compact(slices.Sorted(slices.Values(l.Drop)))
	for _, tenant := range l.Drop {
		if _, is := l.has[tenant]; !is {
			return fail.New(fail.Usage, "`select distinct tenant from exported` lists those that it has", "the lake %s has no tenant %s", l.Where, tenant)
		}
		delete(l.has, tenant)
	}
	for tenant, o := range l.has {
		l.tenant[o.Store] = tenant
	}
	return l.do(ctx, "drop", sql.Named("tenants", append([]string{}, l.Drop...)))
}

// of is what the lake was given of a tenant.
type of struct {
	Tenant, Store string
	File          string // that all of it came from; "": not all of it is there
}

// claim takes a tenant's place in the lake, and keeps apart two sites that each have a tenant of this name, and two names of one store.
func (l *Lake) claim(tenant, store string) error {
	if is := l.has[tenant]; is.Store != "" && is.Store != store {
		return fail.New(fail.Usage, "give each site a lake of its own, or its tenant another name; if this store has taken the other's place, export with --drop-tenant "+tenant,
			"the tenant %s in the lake %s is another store's", tenant, l.Where)
	}
	if is := l.tenant[store]; is != "" && is != tenant {
		return fail.New(fail.Usage, "if it was renamed, export with --drop-tenant "+is+"; nothing may be counted twice", "the lake %s has the store of %s as the tenant %s", l.Where, tenant, is)
	}
	l.tenant[store] = tenant
	return nil
}

// Finish writes what was staged, each table once; before and after them exported, which has none of it in between: what is half written
// is written again by the next export, whatever becomes of this one, and two at once cannot both end well.
func (l *Lake) Finish(ctx context.Context) error {
	waiting, err := duck.One[bool](ctx, l.desk.Conn, "lake/waiting")
	if err == nil { // one thread writes a file to a month and bucket, and its rows in their order
		err = duck.Exec(ctx, l.desk.Conn, "store/one_thread")
	}
	if err == nil && waiting {
		err = l.writeAll(ctx)
	}
	if is, no := l.place.read(ctx, "README.md"); err == nil && (no != nil || string(is) != string(readme)) {
		err = l.put(ctx, "README.md", readme)
	}
	return err
}

func (l *Lake) writeAll(ctx context.Context) error {
	for _, t := range l.tables {
		if t != l.last() {
			if err := l.load(ctx, t); err != nil {
				return err
			}
		}
	}
	err := cmp.Or(l.do(ctx, "withhold"), l.on(ctx, "empty", l.last()), l.write(ctx, l.last()))
	l.Written = 0 // it comes last
	for _, t := range l.tables {
		if err == nil && t == l.last() {
			err = l.do(ctx, "tell")
		}
		if err == nil {
			err = l.write(ctx, t)
		}
	}
	return err
}

// replaced is the table of which rows of the lake others take the place.
var replaced = &table{Table: texts.Table{Name: "replaced"}}
