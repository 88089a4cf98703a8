package deliver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

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
	_, err := duck.Exec(ctx, q, "store/insert_delivery", sql.Named("file", d.File), sql.Named("sha256", d.SHA256), sql.Named("sent_as", d.SentAs),
		sql.Named("sent_sha256", d.SentSHA256), sql.Named("target", d.Target), sql.Named("delivered_ts", d.At.Unix()))
	if err != nil {
		return fmt.Errorf("remember delivery of %s: %w", d.File, err)
	}
	return nil
}

// Pending is what was issued into a folder and not delivered yet, revision by revision, of periods that end on a day or
// after it. delivered begins with the oldest.
func Pending(issued []report.Issue, folder string, delivered []Delivery, since calendar.Date) (parcels []Parcel, err error) {
	type content struct{ file, sha256 string }
	arrived, newest := map[content]time.Time{}, map[string]time.Time{}
	for _, d := range delivered {
		if c := (content{d.File, d.SHA256}); arrived[c].IsZero() {
			arrived[c] = d.At
		}
		newest[d.File] = d.At
	}
	for _, i := range issued {
		last, err := lastDay(i.Period)
		if err != nil {
			return nil, err
		}
		p := Parcel{Issue: i, Data: arrived[content{i.File, i.SHA256}].IsZero()}
		manifest, signature := arrived[content{report.ManifestName(i.File), i.ManifestSHA256}], report.SignatureName(i.File)
		wanted := p.Data || manifest.IsZero() || newest[signature].Before(manifest) && isThere(filepath.Join(folder, signature))
		if wanted && !last.Before(since) {
			parcels = append(parcels, p)
		}
	}
	return parcels, nil
}

// isThere takes what cannot be looked at for a file, too: its delivery says why.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func lastDay(period string) (calendar.Date, error) {
	if month, err := calendar.ParseMonth(period); err == nil {
		return month.Last(), nil
	}
	return calendar.ParseDate(period)
}
