package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
)

// Within is how long after the end of a tenant's newest final day the next one may take where nobody says otherwise: a
// day for it to pass, settle_hours for the source to settle, and 11 hours for the nightly job. With settle_hours: 1
// that is 36 hours: noon, for a tenant in UTC.
func Within(t config.Tenant) time.Duration {
	return time.Duration(24+t.SettleHours+11) * time.Hour
}

// Overdue says what ended longer ago than within and is not there; nothing where all is well. A tenant without any
// final day is judged by its newest one: its source may be one that cannot tell whether it is complete.
func (s State) Overdue(t config.Tenant, now time.Time, within time.Duration) string {
	late := func(day calendar.Date) bool { return now.Unix()-End(t, day) > int64(within.Seconds()) }
	var said []string
	day, what := s.NewestFinal, "the newest final day"
	if day.IsZero() {
		day, what = s.Newest, "no day is final; the newest"
	}
	if day.IsZero() {
		return "the store holds no day"
	} else if late(day) {
		said = append(said, fmt.Sprintf("%s, %s, ended %d hours ago", what, day, (now.Unix()-End(t, day))/3600))
	}
	s.Missing = slices.DeleteFunc(slices.Clone(s.Missing), func(day calendar.Date) bool { return !late(day) })
	if len(s.Missing) > 0 {
		said = append(said, "missing: "+calendar.Runs(s.Missing, ".."))
	}
	return strings.Join(said, "; ")
}
