package calendar

import (
	"cmp"
	"slices"
)

// Interval is the half-open span of time [Start, End), in epoch seconds UTC. Start is the first second inside, End the first second
// after. An interval with End <= Start is empty: it contains no second and overlaps nothing.
type Interval struct{ Start, End int64 }

// Overlaps reports whether the two intervals share at least one second. Intervals that only touch do not.
func (i Interval) Overlaps(o Interval) bool { return max(i.Start, o.Start) < min(i.End, o.End) }

// Contains reports whether second s (epoch seconds) lies in the interval.
func (i Interval) Contains(s int64) bool { return i.Start <= s && s < i.End }

// Seconds is the length of the interval; 0 when it is empty.
func (i Interval) Seconds() int64 { return max(0, i.End-i.Start) }

// Intersect returns the seconds that both intervals have, and false when there are none.
func (i Interval) Intersect(o Interval) (Interval, bool) {
	if !i.Overlaps(o) {
		return Interval{}, false
	}
	return Interval{Start: max(i.Start, o.Start), End: min(i.End, o.End)}, true
}

// Union returns the seconds that at least one of ivs has, as the fewest intervals possible: ascending, none empty, none touching
// another. The argument is not changed; the result is nil when there is no second at all.
func Union(ivs []Interval) []Interval {
	sorted := slices.Clone(ivs)
	slices.SortFunc(sorted, func(a, b Interval) int { return cmp.Compare(a.Start, b.Start) })

	var merged []Interval
	for _, iv := range sorted {
		if iv.Seconds() == 0 {
			continue
		}
		if last := len(merged) - 1; last >= 0 && iv.Start <= merged[last].End {
			merged[last].End = max(merged[last].End, iv.End)
			continue
		}
		merged = append(merged, iv)
	}
	return merged
}
