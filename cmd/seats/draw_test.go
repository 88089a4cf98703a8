package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/explain"
	"seats/internal/calendar"
)

// A day of 25 hours, in columns of an hour and a bit: the peak is in its place on the zone's clock, a single second of one
// agent is seen, and nobody is nothing.
func TestADayIsDrawn(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, zone).Unix()
	at := func(hour, minute int) int64 { return midnight + int64(hour*3600+minute*60) }
	curve := explain.Curve{
		{Interval: calendar.Interval{Start: at(0, 0), End: at(4, 0)}, Agents: 0},
		{Interval: calendar.Interval{Start: at(4, 0), End: at(4, 0) + 1}, Agents: 1},
		{Interval: calendar.Interval{Start: at(4, 0) + 1, End: at(10, 0)}, Agents: 0},
		{Interval: calendar.Interval{Start: at(10, 0), End: at(14, 0)}, Agents: 6},
		{Interval: calendar.Interval{Start: at(14, 0), End: at(16, 0)}, Agents: 12},
		{Interval: calendar.Interval{Start: at(16, 0), End: at(25, 0)}, Agents: 3},
	}
	p := eighths
	p.columns = 25
	require.Equal(t, ``+
		`     12 │              ██         `+"\n"+
		`        │              ██         `+"\n"+
		`        │              ██         `+"\n"+
		`        │          ██████         `+"\n"+
		`        │          ██████▄▄▄▄▄▄▄▄▄`+"\n"+
		`        │    ▄     ███████████████`+"\n"+
		`         00     06    12    18`+"\n"+
		`                       ▲ 13:00:00`+"\n\n", p.draw(curve, zone))
	p = letters
	p.columns = 25
	late := append(curve[:5:5], explain.Step{Interval: calendar.Interval{Start: at(16, 0), End: at(23, 0)}, Agents: 3},
		explain.Step{Interval: calendar.Interval{Start: at(23, 0), End: at(25, 0)}, Agents: 18})
	require.Equal(t, ``+
		`     18 |                       ##`+"\n"+
		`        |                       ##`+"\n"+
		`        |              ##       ##`+"\n"+
		`        |              ##       ##`+"\n"+
		`        |          ######       ##`+"\n"+
		`        |    #     ###############`+"\n"+
		`         00     06    12    18`+"\n"+
		`                       22:00:00 ^`+"\n\n", p.draw(late, zone))
	require.Empty(t, p.draw(curve[:1], zone))
	require.Empty(t, p.draw(nil, zone))
}

func TestUnicodeGoesByTheLocale(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"LANG": "en_US.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LC_ALL": "", "LC_CTYPE": "C.UTF-8"}, true},
		{nil, false},
	} {
		require.Equal(t, tt.want, knowsUnicode(func(name string) (string, bool) { text, set := tt.env[name]; return text, set }), tt.env)
	}
}
