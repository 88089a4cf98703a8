package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/cmd/seats/explain"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/must"
)

// A day of 25 hours, in columns of an hour and a bit: the peak is in its place on the zone's clock, a single second of one
// agent is seen, and nobody is nothing.
func TestADayIsDrawn(t *testing.T) {
	zone := must.Have(time.LoadLocation("America/New_York"))(t)
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
	p := picture{glyphs: eighths, columns: 25}
	require.Equal(t, ``+
		`     12 │              ██         `+"\n"+
		`        │              ██         `+"\n"+
		`        │              ██         `+"\n"+
		`        │          ██████         `+"\n"+
		`        │          ██████▄▄▄▄▄▄▄▄▄`+"\n"+
		`        │    ▄     ███████████████`+"\n"+
		`         00     06    12    18`+"\n"+
		`                       ▲ 13:00:00`+"\n\n", p.draw(curve, zone))
	p = picture{glyphs: letters, columns: 25}
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

// A month that begins in the middle of a week: each day under its weekday, the signs that it needs, a week's sparkline.
func TestAMonthIsDrawn(t *testing.T) {
	month := calendar.Month{Year: 2026, Month: 4}
	s := sheet{tenant: "acme", region: config.Region{Name: "US", Zone: time.UTC, Committed: 100}, month: month,
		states: map[calendar.Date]string{}, peaks: map[calendar.Date]int64{}}
	for i, day := range month.Days()[:27] {
		s.states[day], s.peaks[day] = "final", int64(4*i)
	}
	s.states[month.First().AddDays(26)] = "provisional"
	s.states[month.First().AddDays(24)] = "missing"
	delete(s.peaks, month.First().AddDays(23))
	want := `acme US, April 2026 (UTC): 25 final, 1 provisional, 1 missing; highest peak 104 on 2026-04-27; committed 100
Mo        Tu        We        Th        Fr        Sa        Su
                     1   0     2   4     3   8     4  12     5  16       ▁▁▁▂
 6  20     7  24     8  28     9  32    10  36    11  40    12  44    ▂▂▃▃▃▄▄
13  48    14  52    15  56    16  60    17  64    18  68    19  72    ▄▄▅▅▅▆▆
20  76    21  80    22  84    23  88    24   .    25   -    26 100    ▆▇▇▇  █
27 104~!  28        29        30                                      █
- missing   . not counted yet   ~ provisional, may still move   ! above what is committed
`
	require.Equal(t, want, s.draw(screen{unicode: true}))
	require.Equal(t, want, s.draw(screen{unicode: true, width: 77}))

	// What a narrow window has no room for is left out: some of the space, then the sparklines.
	require.Contains(t, s.draw(screen{width: 76}), "\n20  76   21  80   22  84   23  88   24   .   25   -   26 100   ####  #\n")
	require.Contains(t, s.draw(screen{width: 69}), "\n20  76   21  80   22  84   23  88   24   .   25   -   26 100\n")
}
