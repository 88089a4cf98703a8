// Package deliver brings issued files to where they are wanted: a folder of this machine, or of an SFTP server.
//
// What it promises:
//
//   - Whoever looks there never sees a data file without its manifest, nor any file in part: they are written
//     under other names and read back, then the manifest gets its name, with its signature, then the data file.
//   - A file is sent once, wherever to. What arrived is written down in the store; what arrived in a run that was
//     killed before that is found there by its bytes, and not sent again.
//   - Only what was issued is sent: a file that was changed or has vanished since is named, and so is one that lies
//     there under the same name with other bytes. Nothing is overwritten but a
//     manifest, or its signature, that was delivered before.
//   - What is asked for again is sent where it is there no more; where it is, it is only written down once more.
//   - A broken connection is tried again; an answer of the server, a refusal too, is not. The issued files are never
//     touched.
package deliver

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/store"
	"example.com/seats/report"
)

// Log is where a delivery says what it does.
type Log interface {
	Info(msg string, attrs ...any)
	Warn(msg string, attrs ...any)
}

// Courier delivers what one tenant issued.
type Courier struct {
	config.Delivery
	Tenant  string
	Account string          // of the tenant, or ""
	Names   config.FileName // of data files
	From    string          // folder of the issued files
	Outbox  string          // folder that Clear removes
	Clock   func() time.Time
	Sleep   func(context.Context, time.Duration)
	Down    *Outages // of all couriers of a run
	Log     Log
}

// Outages are the servers that were given up. Other tenants try them once and do not wait again: the numbers of a
// hundred must not come late for a server that is down.
type Outages struct{ sync.Map }

// Send delivers the parcels in their order and gives what has arrived, whatever happens to the rest; delivered is what
// the store has of earlier runs. A parcel that cannot be delivered does not keep back the others, unless the connection broke.
func (c Courier) Send(ctx context.Context, parcels []Parcel, delivered []Delivery) (arrived []Delivery, failed []error) {
	done := func(d []Delivery, err error) {
		arrived = append(arrived, d...)
		if err != nil {
			failed = append(failed, err)
		}
	}
	const firstPause, longestPause = 10 * time.Second, 10 * time.Minute // after a broken connection; they double from the first to the longest
	pause := firstPause
	for retry := 1; ; retry++ {
		err := c.attempt(ctx, &parcels, delivered, done)
		switch {
		case err == nil:
			return arrived, failed
		case ctx.Err() != nil:
			return arrived, append(failed, fail.New(fail.Interrupted, "what had arrived is written down; `seats deliver` goes on from there", "deliver: interrupted"))
		case !isBroken(err):
			return arrived, append(failed, err)
		}
		if _, down := c.Down.Load(c.Address()); down || retry > c.Retries {
			c.Down.Store(c.Address(), true)
			return arrived, append(failed, err)
		}
		c.Log.Warn("the delivery broke off and is tried again", "tenant", c.Tenant, "in", pause, "retry", retry, "reason", err)
		c.Sleep(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}

// attempt delivers parcels over one connection and takes them off the list, until all are done or nothing more can be.
func (c Courier) attempt(ctx context.Context, parcels *[]Parcel, delivered []Delivery, done func([]Delivery, error)) (err error) {
	to, err := Open(ctx, c.Delivery)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := c.sweep(to); err != nil {
		return err
	}
	for ; len(*parcels) > 0; *parcels = (*parcels)[1:] {
		arrived, err := c.parcel((*parcels)[0], delivered, to)
		if isBroken(err) {
			return err
		}
		done(arrived, err)
	}
	return nil
}

// sweep removes what a delivery of the tenant's that was killed left under the names before the last: whoever delivers has the
// store's lock, so that it is nobody's any more. A server that does not let that be done is left as it is.
func (c Courier) sweep(to Target) error {
	names, err := to.names()
	if isBroken(err) {
		return err
	}
	for _, name := range names {
		sentAs, hidden := strings.CutPrefix(name, ".")
		sentAs, unfinished := strings.CutSuffix(sentAs, ".tmp")
		_, isOurs := c.Names.Read(report.DataFile(strings.TrimSuffix(sentAs, sealedSuffix)), config.Named{Tenant: c.Tenant, Account: c.Account})
		if !hidden || !unfinished || !isOurs {
			continue
		}
		if err := to.remove(name); isBroken(err) {
			return err
		} else if err != nil {
			c.Log.Warn("what a killed delivery left cannot be removed", "tenant", c.Tenant, "file", name, "reason", err)
		}
	}
	return nil
}

type letter struct {
	Delivery
	sent     []byte // what is sent
	fixed    bool   // a data file, which never replaces another
	replaces bool   // a manifest or signature that was delivered before
	there    bool   // already
}

func (l letter) staged() string { return "." + l.SentAs + ".tmp" }

func (c Courier) parcel(p Parcel, delivered []Delivery, to Target) (arrived []Delivery, err error) {
	letters, err := c.letters(p)
	if err != nil {
		return nil, err
	}
	for i := range letters {
		if err := c.look(&letters[i], delivered, to); err != nil {
			return nil, err
		}
	}
	for _, l := range letters {
		if l.there {
			continue
		}
		if err := to.write(l.staged(), l.sent); err != nil {
			return nil, err
		}
		text, err := to.read(l.staged())
		if err != nil {
			return nil, err
		}
		if len(text) != len(l.sent) || report.Digest(text) != l.SentSHA256 {
			return nil, fmt.Errorf("deliver %s to %s: sent were %d bytes with SHA-256 %s, read back %d with %s",
				l.SentAs, l.Target, len(l.sent), l.SentSHA256, len(text), report.Digest(text))
		}
	}
	for _, l := range letters {
		how := "found there, and not sent again"
		if !l.there {
			how = "delivered"
			if err := to.rename(l.staged(), l.SentAs, l.replaces); err != nil {
				return nil, err
			}
		}
		c.Log.Info(how, "tenant", c.Tenant, "file", l.SentAs, "target", l.Target)
		l.At = c.Clock()
		arrived = append(arrived, l.Delivery)
	}
	return arrived, nil
}

func (c Courier) letters(p Parcel) (letters []letter, err error) {
	files := []Delivery{{File: report.ManifestName(p.Issue.File), SHA256: p.Issue.ManifestSHA256}, {File: report.SignatureName(p.Issue.File)}}
	if p.Data {
		files = append(files, Delivery{File: p.Issue.File, SHA256: p.Issue.SHA256})
	}
	for _, d := range files {
		text, err := c.issued(d)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		l := letter{Delivery: d, fixed: d.File == p.Issue.File}
		l.SHA256 = report.Digest(text)
		if l.sent, err = c.seal(l.SHA256, text); err != nil {
			return nil, err
		}
		l.SentAs, l.SentSHA256, l.Target = d.File, report.Digest(l.sent), c.Target()
		if len(c.AgeRecipients) > 0 {
			l.SentAs += sealedSuffix
		}
		letters = append(letters, l)
	}
	return letters, nil
}

// issued reads a file, which must be what was issued: for all but signatures the store has its SHA-256. nil is a signature that there is none of.
func (c Courier) issued(d Delivery) ([]byte, error) {
	path := filepath.Join(c.From, d.File)
	text, err := report.ReadFile(path)
	const hint = "nothing was sent of it; `seats audit` says what became of the issued files, and `seats report` puts back those that have vanished"
	switch gone := errors.Is(err, fs.ErrNotExist); {
	case gone && d.SHA256 != "":
		return nil, fail.New(fail.Restatement, hint, "deliver %s: the file has vanished since it was issued", path)
	case err != nil && !gone:
		return nil, fmt.Errorf("deliver issued file: %w", err)
	case d.SHA256 != "" && report.Digest(text) != d.SHA256:
		return nil, fail.New(fail.Restatement, hint, "deliver %s: the file was changed since it was issued", path)
	}
	return text, nil
}

const hintMove = "nothing was overwritten; find out who put it there, and move it away"

// look finds out whether a letter is there already, and refuses to put it in place of something else.
func (c Courier) look(l *letter, delivered []Delivery, to Target) error {
	text, err := to.read(l.SentAs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	sum := report.Digest(text)
	if l.there = err == nil && sum == l.SentSHA256; l.there || err != nil {
		return err
	}
	// What is encrypted anew has other bytes, though it says the same.
	is := func(d Delivery) bool { return d == Delivery{l.File, l.SHA256, l.SentAs, sum, l.Target, d.At} }
	if l.there = slices.ContainsFunc(delivered, is); l.there {
		l.SentSHA256 = sum
		return nil
	}
	if !l.fixed {
		l.replaces = slices.ContainsFunc(delivered, func(d Delivery) bool { return d.SentAs == l.SentAs && d.SentSHA256 == sum })
		if !l.replaces {
			l.replaces, err = c.sent(sum)
		}
		if err != nil || l.replaces {
			return err
		}
	}
	return fail.New(fail.Restatement, hintMove,
		"deliver %s to %s: another file of that name is there, SHA-256 %s", l.SentAs, l.Target, sum)
}

// sealedSuffix ends the names of encrypted files.
const sealedSuffix = ".age"

// seal gives what is sent for a text with this SHA-256. The outbox keeps that until the store says that it was delivered. A run that
// was killed before that leaves it to the next one, which thereby knows what it finds at the target: an encrypted file has other
// bytes each time, so these are sent again and no new ones.
func (c Courier) seal(sum string, text []byte) ([]byte, error) {
	path := filepath.Join(c.Outbox, sum+"-"+report.Digest([]byte(strings.Join(c.AgeRecipients, "\n")))[:16])
	sealed, err := plain.Read(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return sealed, err
	}
	if sealed, err = encrypt(text, c.AgeRecipients); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	no := os.Mkdir(c.Outbox, 0o700) // or it is there
	if info, err := os.Lstat(c.Outbox); err != nil {
		return nil, no
	} else if !info.IsDir() { // a link may lead anywhere
		return nil, fail.New(fail.Other, "find out who put it there, and move it away", "make %s: it is there, and no folder", c.Outbox)
	}
	if err := writeNew(path+".tmp", sealed, 0o600); err != nil {
		return nil, err
	}
	return sealed, errors.Join(os.Rename(path+".tmp", path), plain.Sync(c.Outbox))
}

// sent tells whether something with this SHA-256 was put into the outbox.
func (c Courier) sent(sum string) (there bool, err error) {
	entries, err := os.ReadDir(c.Outbox)
	for i := 0; i < len(entries) && err == nil && !there; i++ {
		var text []byte
		text, err = plain.Read(filepath.Join(c.Outbox, entries[i].Name()))
		there = err == nil && report.Digest(text) == sum
	}
	return there, err
}

// Clear empties the outbox, once the store knows of everything that was sent.
func (c Courier) Clear() error { return os.RemoveAll(c.Outbox) }

func encrypt(text []byte, recipients []string) ([]byte, error) {
	if len(recipients) == 0 {
		return text, nil
	}
	keys, err := age.ParseRecipients(strings.NewReader(strings.Join(recipients, "\n")))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, keys...)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

// Delivery is an entry of the store: a file that was delivered.
type Delivery struct {
	File, SHA256       string // a data file, manifest or signature, as it was issued
	SentAs, SentSHA256 string
	Target             string
	At                 time.Time
}

// Parcel is what is still to be delivered of a revision: its manifest with the signature, and its data file unless only
// the manifest was brought up to date or signed since.
type Parcel struct {
	Issue report.Issue
	Data  bool
}

// Delivered lists what was delivered, the oldest first.
func Delivered(ctx context.Context, q duck.Queryer) ([]Delivery, error) {
	const since = 2 // schema version
	if has, err := store.Has(ctx, q, since); !has {
		return nil, err
	}
	return duck.All[Delivery](ctx, q, "store/delivery")
}

// Put writes an entry into a store.
func Put(ctx context.Context, q duck.Queryer, d Delivery) error {
	err := duck.Exec(ctx, q, "store/insert_delivery", sql.Named("file", d.File), sql.Named("sha256", d.SHA256), sql.Named("sent_as", d.SentAs),
		sql.Named("sent_sha256", d.SentSHA256), sql.Named("target", d.Target), sql.Named("delivered_ts", d.At.Unix()))
	if err != nil {
		return fmt.Errorf("remember delivery of %s: %w", d.File, err)
	}
	return nil
}

// Pending is what was issued into a folder and not delivered yet, revision by revision, of periods that end on a day or after it; and what was issued
// at an instant or after it though it was delivered, where that is not zero. delivered begins with the oldest.
func Pending(issued []report.Issue, folder string, delivered []Delivery, since calendar.Date, again time.Time) (parcels []Parcel, err error) {
	type content struct{ file, sha256 string }
	arrived, newest := map[content]time.Time{}, map[string]time.Time{}
	for _, d := range delivered {
		if c := (content{d.File, d.SHA256}); arrived[c].IsZero() {
			arrived[c] = d.At
		}
		newest[d.File] = d.At
	}
	for _, i := range issued {
		last, err := calendar.LastOf(i.Period)
		if err != nil {
			return nil, err
		}
		p := Parcel{Issue: i, Data: arrived[content{i.File, i.SHA256}].IsZero() || !again.IsZero() && !i.IssuedAt.Before(again)}
		manifest, signature := arrived[content{report.ManifestName(i.File), i.ManifestSHA256}], report.SignatureName(i.File)
		_, err = os.Lstat(filepath.Join(folder, signature)) // what cannot be looked at is there, too: its delivery says why
		unsigned := newest[signature].Before(manifest) && !errors.Is(err, fs.ErrNotExist)
		if !last.Before(since) && (p.Data || manifest.IsZero() || unsigned) {
			parcels = append(parcels, p)
		}
	}
	return parcels, nil
}
