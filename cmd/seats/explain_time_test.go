package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
)

// TestClockTimeWhereClocksJump: New York skips 02:30 on 2026-03-08 and has 01:30 twice on 2026-11-01.
func TestClockTimeWhereClocksJump(t *testing.T) {
	newYork := must.Have(time.LoadLocation("America/New_York"))(t)
	spring, autumn := calendar.Date{Year: 2026, Month: 3, Day: 8}, calendar.Date{Year: 2026, Month: 11, Day: 1}

	at := must.Have(clockTime("12:30:05", spring, newYork))(t)
	require.Equal(t, time.Date(2026, 3, 8, 16, 30, 5, 0, time.UTC).Unix(), at)

	_, err := clockTime("02:30:00", spring, newYork)
	require.ErrorContains(t, err, "skipped it on 2026-03-08")

	_, err = clockTime("01:30:00", autumn, newYork)
	require.ErrorContains(t, err, "give it as 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00")

	_, err = clockTime("1:30", autumn, newYork)
	require.ErrorContains(t, err, "want HH:MM:SS")
}

// TestDateWithIsTheBillingDay: the day of an instant is the one whose interval holds it (R7), in the region's zone.
func TestDateWithIsTheBillingDay(t *testing.T) {
	kolkata := must.Have(time.LoadLocation("Asia/Kolkata"))(t)
	at := time.Date(2026, 3, 9, 18, 30, 0, 0, time.UTC) // midnight in Kolkata
	require.Equal(t, "2026-03-10", dateWith(at.Unix(), kolkata).String())
	require.Equal(t, "2026-03-09", dateWith(at.Unix()-1, kolkata).String())

	havana := must.Have(time.LoadLocation("America/Havana"))(t)
	// At 01:00 on 2026-11-01 the clocks go back to 00:00: both passages belong to the same day.
	for _, hour := range []int{4, 5} {
		require.Equal(t, "2026-11-01", dateWith(time.Date(2026, 11, 1, hour, 30, 0, 0, time.UTC).Unix(), havana).String())
	}
}
