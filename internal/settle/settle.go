// Package settle has what whoever counts, issues and shows numbers speaks of alike: a slice, what a data-quality rule found, and
// whether the numbers of a day may still move (R10). Whoever wants to know the last asks here.
package settle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/list"
)

// The states of a slice and of a number.
const (
	Final       = "final"
	Provisional = "provisional"
)

// Why says why the numbers of a day may still move: the source is not known to be complete for settleHours after the end of the day in its
// last region, or sessions of the slice are open. It is "" where nothing of that is so. highWater (nil: unknown) and dayEnd are epoch seconds.
func Why[T ~int64](highWater *T, openSessions, dayEnd int64, settleHours int) string {
	var said []string
	settled := dayEnd + int64(settleHours)*3600
	switch {
	case highWater == nil:
		said = append(said, "the source does not tell up to when it is complete")
	case int64(*highWater) < dayEnd:
		said = append(said, "high-water mark "+span(dayEnd-int64(*highWater))+" short of the day's end")
	case int64(*highWater) < settled:
		said = append(said, fmt.Sprintf("high-water mark %s short of settle_hours: %d", span(settled-int64(*highWater)), settleHours))
	}
	if openSessions > 0 {
		said = append(said, Count(openSessions, "open session"))
	}
	return strings.Join(said, ", ")
}

// Of is the state of a day that is provisional for this reason, if for any.
func Of(why string) string {
	if why == "" {
		return Final
	}
	return Provisional
}

// Said names days with what is said of each, in one line; days of which the same is said together, and none of which nothing is.
func Said(whys map[calendar.Date]string) string {
	var groups []string
	days := slices.SortedFunc(maps.Keys(whys), calendar.Date.Compare)
	for _, day := range days {
		why := whys[day]
		same := slices.DeleteFunc(slices.Clone(days), func(d calendar.Date) bool { return whys[d] != why })
		if why != "" && day == same[0] {
			groups = append(groups, calendar.Runs(same, "..")+": "+why)
		}
	}
	return strings.Join(groups, "; ")
}

// span is a time in minutes, or, where they are many, in hours, rounded up.
func span(seconds int64) string {
	if n := (seconds + 59) / 60; n < 120 {
		return Count(n, "minute")
	}
	return Count((seconds+3599)/3600, "hour")
}

// Count writes a number with its noun.
func Count[T int | int64](n T, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprint(n, " ", unit)
}

// Slice is the slice that a number is counted from, as count/slice has it and as manifests list it.
type Slice struct {
	Day          calendar.Date `json:"day"`
	Source       string        `json:"source"`
	AsOf         Epoch         `json:"as_of"`
	HighWater    *Epoch        `json:"high_water"` // nil where unknown
	ExtractedTS  Epoch         `json:"extracted_at"`
	Sessions     int64         `json:"sessions"`
	Activities   int64         `json:"activities"`
	Agents       int64         `json:"agents"`
	OpenSessions int64         `json:"-"`
	SHA256       string        `json:"sha256"`
	LeftOut      []LeftOut     `json:"left_out,omitempty" duck:"-"`
}

// LeftOut is a data source of a GIM that was taken for switched off when the slice was read: high water does not wait for it (R10).
type LeftOut struct {
	Key      int64     `json:"data_source_key"`
	Type     int64     `json:"data_source_type"`
	Name     string    `json:"dap_name"`
	ReadUpTo time.Time `json:"read_up_to"` // UTC
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

// Quality is what one data-quality rule found (R11), as count/quality has it and as manifests list it.
type Quality struct {
	Rule     string `json:"rule"`
	Count    int64  `json:"count"`
	Blocking bool   `json:"blocking"` // any occurrence keeps the tenant's numbers from being issued
	Examples Keys   `json:"examples"` // up to 20 keys
}

// Keys are a column of VARCHAR[], which the driver hands out as []any.
type Keys []string

// Scan implements sql.Scanner.
func (l *Keys) Scan(v any) error {
	values, is := v.([]any)
	if !is && v != nil {
		return fmt.Errorf("want a list, not %T", v)
	}
	*l = list.Of(values, func(value any) string { key, _ := value.(string); return key })
	return nil
}
