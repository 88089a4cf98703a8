package main

// size is how much is measured. Sessions are voice sessions of a tenant's day, give or take a few per cent: they
// are drawn, not dealt.
type size struct {
	growth     [3]int // sessions; the middle one is what everything else is measured on
	tenant     int    // sessions of each of several small tenants
	historyDay int    // sessions of each day of a store that has many
	history    int    // days in that store
	rounds     int    // of each measurement
}

// sizes: smoke is there to see that everything still works, and its figures say nothing.
var sizes = map[string]size{
	"smoke": {growth: [3]int{500, 2_000, 8_000}, tenant: 500, historyDay: 500, history: 10, rounds: 1},
	"small": {growth: [3]int{25_000, 100_000, 400_000}, tenant: 2_000, historyDay: 25_000, history: 100, rounds: 3},
	"full":  {growth: [3]int{250_000, 1_000_000, 4_000_000}, tenant: 25_000, historyDay: 25_000, history: 400, rounds: 3},
}

// sessions of the GIM that most is measured on.
func (s size) sessions() int { return s.growth[1] }
