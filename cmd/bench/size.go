package main

// size is how much is measured. Sessions are voice sessions of a tenant's day, give or take a few per cent: they
// are drawn, not dealt.
type size struct {
	days       []days // GIMs of several days; most is measured on the first
	growth     [3]int // sessions of GIMs of one day
	tenant     int    // sessions of each of several small tenants
	historyDay int    // sessions of each day of a store that has many
	history    int    // days in that store
	rounds     int    // of each measurement
}

// days is a GIM whose tables hold several days in the order of time, as GIM's ETL writes them. The last but one is measured:
// four before it can matter, and one after it.
type days struct{ days, sessions int }

// sizes: smoke is there to see that everything still works, and its figures say nothing. Thirty-five days of a million
// sessions would be 56 GB: of those, as many as are read.
var sizes = map[string]size{
	"smoke": {days: []days{{6, 2_000}}, growth: [3]int{500, 2_000, 8_000}, tenant: 500, historyDay: 500, history: 10, rounds: 1},
	"small": {days: []days{{35, 50_000}}, growth: [3]int{25_000, 100_000, 400_000}, tenant: 2_000, historyDay: 25_000, history: 100, rounds: 3},
	"full":  {days: []days{{6, 1_000_000}, {6, 300_000}, {35, 50_000}}, growth: [3]int{250_000, 1_000_000, 4_000_000}, tenant: 25_000, historyDay: 25_000, history: 400, rounds: 3},
}
