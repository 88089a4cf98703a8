package sim

import "math/rand/v2"

// purpose keeps draws of different kinds apart: a new draw in one place leaves
// those of all others as they were.
type purpose uint64

const (
	forAgent purpose = iota + 1
	forPresence
	forRoster
	forDay
	forExtract
	forGroups
)

// dice is a random sequence of its own for one purpose and one subject, so that
// any agent's day can be made without making those before it. Only integers are
// drawn: floating-point results may differ between processors.
type dice struct{ *rand.Rand }

func (s *Simulation) dice(p purpose, subject, day int64) dice {
	high := mix(s.Seed ^ mix(uint64(p)))
	low := mix(uint64(subject)) ^ mix(uint64(day)+1<<40)
	return dice{rand.New(rand.NewPCG(high, low))}
}

// mix is the finalizer of SplitMix64: near inputs give unrelated outputs.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// million is how many parts a rate is counted in.
const million = 1_000_000

func (d dice) chance(rate float64) bool {
	return d.Int64N(million) < parts(rate)
}

// parts returns a rate in millionths. The conversion in the middle keeps the
// compiler from fusing the two operations, which would round differently.
func parts(rate float64) int64 { return int64(float64(rate*million) + 0.5) }

// between returns a number of [low, high]; low where there is none.
func (d dice) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + d.Int64N(high-low+1)
}

const hexDigits = "0123456789ABCDEF"

// guid returns 32 hexadecimal digits.
func (d dice) guid() string {
	var text [32]byte
	for half := range 2 {
		bits := d.Uint64()
		for i := range 16 {
			text[half*16+i] = hexDigits[bits&15]
			bits >>= 4
		}
	}
	return string(text[:])
}
