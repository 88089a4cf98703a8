package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"seats/internal/calendar"
)

func TestIntervalIsHalfOpen(t *testing.T) {
	iv := calendar.Interval{Start: 10, End: 20}
	require.False(t, iv.Contains(9))
	require.True(t, iv.Contains(10))
	require.True(t, iv.Contains(19))
	require.False(t, iv.Contains(20))
	require.Equal(t, int64(10), iv.Seconds())
}

func TestOverlapsAndIntersect(t *testing.T) {
	a := calendar.Interval{Start: 10, End: 20}
	tests := []struct {
		name   string
		b      calendar.Interval
		shared calendar.Interval
		want   bool
	}{
		{name: "before", b: calendar.Interval{Start: 0, End: 9}},
		{name: "touches the start", b: calendar.Interval{Start: 0, End: 10}},
		{name: "shares the first second", b: calendar.Interval{Start: 0, End: 11}, shared: calendar.Interval{Start: 10, End: 11}, want: true},
		{name: "inside", b: calendar.Interval{Start: 12, End: 13}, shared: calendar.Interval{Start: 12, End: 13}, want: true},
		{name: "same", b: a, shared: a, want: true},
		{name: "around", b: calendar.Interval{Start: 0, End: 99}, shared: a, want: true},
		{name: "shares the last second", b: calendar.Interval{Start: 19, End: 30}, shared: calendar.Interval{Start: 19, End: 20}, want: true},
		{name: "touches the end", b: calendar.Interval{Start: 20, End: 30}},
		{name: "empty inside", b: calendar.Interval{Start: 15, End: 15}},
		{name: "inverted inside", b: calendar.Interval{Start: 16, End: 14}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, a.Overlaps(tt.b))
			require.Equal(t, tt.want, tt.b.Overlaps(a))
			shared, ok := a.Intersect(tt.b)
			require.Equal(t, tt.want, ok)
			require.Equal(t, tt.shared, shared)
		})
	}
}

func TestSecondsOfInvertedIntervalIsZero(t *testing.T) {
	require.Zero(t, calendar.Interval{Start: 5, End: 3}.Seconds())
}

func TestUnionMergesWhatTouches(t *testing.T) {
	given := []calendar.Interval{{Start: 30, End: 40}, {Start: 10, End: 20}, {Start: 20, End: 25}, {Start: 12, End: 14}, {Start: 50, End: 50}}
	before := append([]calendar.Interval(nil), given...)

	require.Equal(t, []calendar.Interval{{Start: 10, End: 25}, {Start: 30, End: 40}}, calendar.Union(given))
	require.Equal(t, before, given, "the argument is the caller's")
	require.Empty(t, calendar.Union(nil))
	require.Empty(t, calendar.Union([]calendar.Interval{{Start: 7, End: 7}}))
}

func TestUnionHasEverySecondOnceAndNothingTouches(t *testing.T) {
	bound := rapid.Int64Range(0, 60)
	interval := rapid.Custom(func(t *rapid.T) calendar.Interval {
		return calendar.Interval{Start: bound.Draw(t, "start"), End: bound.Draw(t, "end")}
	})
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOfN(interval, 0, 12).Draw(t, "intervals")
		union := calendar.Union(given)
		for s := int64(-1); s <= 61; s++ {
			require.Equal(t, holders(given, s) > 0, holders(union, s) == 1, "second %d", s)
			require.LessOrEqual(t, holders(union, s), 1, "second %d", s)
		}
		for i := 1; i < len(union); i++ {
			require.Less(t, union[i-1].End, union[i].Start)
		}
	})
}

func holders(ivs []calendar.Interval, s int64) (n int) {
	for _, iv := range ivs {
		if iv.Contains(s) {
			n++
		}
	}
	return n
}
