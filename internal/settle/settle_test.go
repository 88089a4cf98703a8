package settle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/settle"
)

// TestWhyADayIsProvisional (R10): every reason, its bounds, and that State goes by nothing else.
func TestWhyADayIsProvisional(t *testing.T) {
	const end = 1_000_000
	at := func(ts int64) *int64 { return &ts }
	for _, c := range []struct {
		mark  *int64
		open  int64
		hours int
		why   string
	}{
		{at(end + 3600), 0, 1, ""},
		{at(end), 0, 0, ""},
		{at(end + 3599), 0, 1, "high-water mark 1 minute short of settle_hours: 1"},
		{at(end + 1200), 0, 1, "high-water mark 40 minutes short of settle_hours: 1"},
		{at(end - 1), 0, 0, "high-water mark 1 minute short of the day's end"},
		{at(end - 7141), 0, 1, "high-water mark 2 hours short of the day's end"},
		{at(end - 2*86400), 0, 1, "high-water mark 48 hours short of the day's end"},
		{at(end + 3600), 1, 1, "1 open session"},
		{at(end), 16, 1, "high-water mark 60 minutes short of settle_hours: 1, 16 open sessions"},
		{nil, 0, 1, "the source does not tell up to when it is complete"},
	} {
		require.Equal(t, c.why, settle.Why(c.mark, c.open, end, c.hours))
		require.Equal(t, c.why == "", settle.Of(settle.Why(c.mark, c.open, end, c.hours)) == settle.Final)
	}
}

func TestWhatIsSaidOfDays(t *testing.T) {
	day := func(n int) calendar.Date { return calendar.Date{Year: 2026, Month: 3, Day: n} }
	require.Equal(t, "2026-03-01..2026-03-02, 2026-03-05: a; 2026-03-04: b",
		settle.Said(map[calendar.Date]string{day(5): "a", day(1): "a", day(4): "b", day(2): "a", day(3): ""}))
	require.Empty(t, settle.Said(nil))
}
