package store

import (
	"database/sql"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
)

// randomDay is a day of a curve as its seconds, one by one: none where it was not counted.
type randomDay []int64

// randomMonth is a month of days that lie one after the other, of 23 to 25 hours whose length is cut to keep the test short. Some days
// are missing, some without anybody, and some levels go on through midnight.
func randomMonth(r *rand.Rand, days, hour int) (month []randomDay) {
	levels, missing, level := 1+r.Int64N(12), []int{0, 1, 7}[r.IntN(3)], int64(0) // missing: of nine days
	unit := []int{1, hour}[r.IntN(2)]                                             // full hours meet the ranks of p95
	for range days {
		day := make(randomDay, hour*[]int{23, 24, 24, 24, 25}[r.IntN(5)])
		empty := r.IntN(8) == 0
		for at := 0; at < len(day); {
			if at > 0 || r.IntN(2) == 0 {
				level = r.Int64N(levels + 1)
			}
			for range unit * (1 + r.IntN(len(day)/unit)) {
				if at < len(day) && !empty {
					day[at] = level
				}
				at++
			}
		}
		if r.IntN(9) < missing {
			day = day[:0] // its time passes
		}
		month = append(month, day)
	}
	return month
}

// measure is what contracts say of a month, second by second; "" where no day was counted.
func measure(month []randomDay, aggregate string, parameter int64) string {
	var seconds, peaks []int64
	level := func(level int64, isLongest bool) (most int64) { // how long it is held: on end, or in all
		var on int64
		for _, day := range month {
			if len(day) == 0 && isLongest {
				on = 0
			}
			for _, n := range day {
				if n >= level {
					on++
				} else if isLongest {
					on = 0
				}
				most = max(most, on)
			}
		}
		return most
	}
	for _, day := range month {
		if len(day) > 0 {
			seconds, peaks = append(seconds, day...), append(peaks, slices.Max(day))
		}
	}
	if len(seconds) == 0 {
		return ""
	}
	slices.Sort(seconds)
	slices.Sort(peaks)
	slices.Reverse(peaks)
	switch aggregate {
	case "max":
		return fmt.Sprintf("%d.00", peaks[0])
	case "p95":
		rank := 0 // nearest: the first that is not below 95 of 100
		for rank*100 < 95*len(seconds) {
			rank++
		}
		return fmt.Sprintf("%d.00", seconds[rank-1])
	case "top_days":
		top, sum := peaks[:min(len(peaks), int(parameter))], int64(0)
		for _, n := range top {
			sum += n
		}
		return big.NewRat(sum, int64(len(top))).FloatString(2)
	}
	for n := peaks[0]; n > 0; n-- { // from above, one by one
		if level(n, aggregate == "sustained") >= parameter {
			return fmt.Sprintf("%d.00", n)
		}
	}
	return "0.00"
}

// Every aggregate of a thousand curves, held against the seconds one by one.
func TestContractsAgreeWithTheSeconds(t *testing.T) {
	db := must.Have(duck.Open("", duck.Options{}))(t)
	defer db.Close() //nolint:errcheck // in memory
	for _, schema := range schemas {
		require.NoError(t, duck.Exec(t.Context(), db, schema))
	}
	r := rand.New(rand.NewPCG(1, 2026))
	const committed = 5
	first, wants := must.Have(calendar.ParseMonth("2026-01"))(t), map[string]map[string]string{}
	var steps, peaks, contracts strings.Builder
	for region := range 100 {
		hour := 10 // its seconds
		name := fmt.Sprintf("r%d", region)
		parameters := map[string]int64{"max": 0, "p95": 0, "top_days": 1 + r.Int64N(31), "sustained": 1 + r.Int64N(int64(30*hour)), "accumulated": 1 + r.Int64N(int64(600*hour))}
		for aggregate, parameter := range parameters {
			fmt.Fprintf(&contracts, "%s,%s,%[2]s,%d,%d,[0.8],\n", name, aggregate, parameter, committed)
		}
		ts := int64(1_000_000)
		for month, n := first, 0; n < 10; month, n = month.Last().AddDays(1).YearMonth(), n+1 {
			days := randomMonth(r, month.Last().Day, hour)
			wants[name+month.String()] = map[string]string{}
			for aggregate, parameter := range parameters {
				wants[name+month.String()][aggregate] = measure(days, aggregate, parameter)
			}
			for i, day := range days {
				for from := 0; from < len(day); {
					until := from + 1
					for until < len(day) && day[until] == day[from] && r.IntN(5*hour) > 0 { // sessions alone may differ
						until++
					}
					fmt.Fprintf(&steps, "%s,%s,,%d,%d,%d,0\n", month.First().AddDays(i), name, ts+int64(from), ts+int64(until), day[from])
					from = until
				}
				if len(day) > 0 {
					fmt.Fprintf(&peaks, "%s,%s,,%d,,,final\n", month.First().AddDays(i), name, slices.Max(day))
				}
				ts += int64(cap(day))
			}
			days = slices.DeleteFunc(days, func(d randomDay) bool { return len(d) == 0 })
			above := len(slices.DeleteFunc(slices.Clone(days), func(d randomDay) bool { return slices.Max(d) <= committed }))
			wants[name+month.String()]["days"] = fmt.Sprint(len(days), " ", above)
		}
	}
	for table, rows := range map[string]*strings.Builder{"concurrency": &steps, "daily_concurrent": &peaks, "contract": &contracts} {
		file := filepath.Join(t.TempDir(), table)
		require.NoError(t, os.WriteFile(file, []byte(rows.String()), 0o600))
		must.Have(db.ExecContext(t.Context(), "copy _data."+table+" from '"+file+"' (format csv, header false)"))(t)
	}
	rows := must.Have(db.QueryContext(t.Context(), "select region, month, aggregate, quantity::varchar, days_counted || ' ' || days_above from contract_months(null, '2026-01', '2026-10')"))(t)
	defer rows.Close() //nolint:errcheck // only read
	compared := 0
	for rows.Next() {
		var region, month, aggregate, days string
		var quantity sql.NullString
		require.NoError(t, rows.Scan(&region, &month, &aggregate, &quantity, &days))
		want := wants[region+month]
		require.Equal(t, want["days"], days, "%s %s", region, month)
		require.Equal(t, want[aggregate], quantity.String, "%s %s %s", region, month, aggregate)
		compared++
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 5*1000, compared)
}
