package report

import (
	"context"
	"encoding/json"
	"time"

	"seats/internal/duck"
)

// Slice names a slice that a number was counted from, as its manifest lists it.
// AsOf and HighWater are UTC epoch seconds; HighWater is nil where unknown (R10).
type Slice struct {
	Day, Source                  string
	AsOf                         int64
	HighWater                    *int64
	ExtractedAt                  time.Time
	Sessions, Activities, Agents int64
	SHA256                       string
	LeftOut                      []LeftOut
}

// LeftOut is a data source of a GIM that was taken for switched off when the slice was read: high water does not wait for it (R10).
type LeftOut struct {
	Key      int64     `json:"data_source_key"`
	Type     int64     `json:"data_source_type"`
	Name     string    `json:"dap_name"`
	ReadUpTo time.Time `json:"read_up_to"` // UTC
}

// sliceJSON is a slice as written: times in RFC 3339, UTC, whole seconds.
type sliceJSON struct {
	Day         string     `json:"day"`
	Source      string     `json:"source"`
	AsOf        time.Time  `json:"as_of"`
	HighWater   *time.Time `json:"high_water"`
	ExtractedAt time.Time  `json:"extracted_at"`
	Sessions    int64      `json:"sessions"`
	Activities  int64      `json:"activities"`
	Agents      int64      `json:"agents"`
	SHA256      string     `json:"sha256"`
	LeftOut     []LeftOut  `json:"left_out,omitempty"`
}

// MarshalJSON writes the slice with snake_case names and its times in RFC 3339, UTC.
func (s Slice) MarshalJSON() ([]byte, error) {
	out := sliceJSON{
		Day: s.Day, Source: s.Source,
		AsOf: time.Unix(s.AsOf, 0).UTC(), ExtractedAt: wholeSecond(s.ExtractedAt),
		Sessions: s.Sessions, Activities: s.Activities, Agents: s.Agents, SHA256: s.SHA256, LeftOut: s.LeftOut,
	}
	if s.HighWater != nil {
		at := time.Unix(*s.HighWater, 0).UTC()
		out.HighWater = &at
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Slice) UnmarshalJSON(text []byte) error {
	var in sliceJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*s = Slice{
		Day: in.Day, Source: in.Source, AsOf: in.AsOf.Unix(), ExtractedAt: in.ExtractedAt,
		Sessions: in.Sessions, Activities: in.Activities, Agents: in.Agents, SHA256: in.SHA256, LeftOut: in.LeftOut,
	}
	if in.HighWater != nil {
		at := in.HighWater.Unix()
		s.HighWater = &at
	}
	return nil
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
