package report

import (
	"context"
	"time"

	"seats/internal/duck"
)

// Slice names a slice that a number was counted from, as its manifest lists it. HighWater is nil where unknown (R10).
type Slice struct {
	Day         string    `json:"day"`
	Source      string    `json:"source"`
	AsOf        Epoch     `json:"as_of"`
	HighWater   *Epoch    `json:"high_water"`
	ExtractedAt time.Time `json:"extracted_at"` // UTC, whole seconds
	Sessions    int64     `json:"sessions"`
	Activities  int64     `json:"activities"`
	Agents      int64     `json:"agents"`
	SHA256      string    `json:"sha256"`
	LeftOut     []LeftOut `json:"left_out,omitempty"`
}

// Epoch is a moment in epoch seconds, which JSON shows in RFC 3339, UTC.
type Epoch int64

// Time is the moment in UTC.
func (e Epoch) Time() time.Time { return time.Unix(int64(e), 0).UTC() }

func (e Epoch) String() string { return e.Time().Format(time.RFC3339) }

// MarshalText writes the moment as String does.
func (e Epoch) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads RFC 3339.
func (e *Epoch) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	*e = Epoch(at.Unix())
	return err
}

// LeftOut is a data source of a GIM that was taken for switched off when the slice was read: high water does not wait for it (R10).
type LeftOut struct {
	Key      int64     `json:"data_source_key"`
	Type     int64     `json:"data_source_type"`
	Name     string    `json:"dap_name"`
	ReadUpTo time.Time `json:"read_up_to"` // UTC
}

// wholeSecond is how manifests and the ledger keep moments: UTC, no fraction,
// so that the two agree after a round trip through either.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// LeftOuts lists by day what was left out of the slices that a store holds.
func LeftOuts(ctx context.Context, q duck.Queryer) (map[string][]LeftOut, error) {
	all := map[string][]LeftOut{}
	err := duck.Each(ctx, q, "store/left_out", func(scan func(...any) error) error {
		var day string
		var l LeftOut
		var readUpTo int64
		err := scan(&day, &l.Key, &l.Type, &l.Name, &readUpTo)
		l.ReadUpTo = time.Unix(readUpTo, 0).UTC()
		all[day] = append(all[day], l)
		return err
	})
	return all, err
}
