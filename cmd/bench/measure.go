package main

import (
	"cmp"
	"slices"
	"time"
)

// measurement is how one side of a ratio is taken.
type measurement func() sample

// alternate takes measurements in turns, so that what else the machine does falls on all of them alike. It
// returns the median of each, with the largest peak memory of its rounds.
func alternate(rounds int, each ...measurement) []sample {
	taken, medians := make([][]sample, len(each)), make([]sample, len(each))
	for range rounds {
		for i, measure := range each {
			taken[i] = append(taken[i], measure())
		}
	}
	for i := range taken {
		medians[i] = median(taken[i])
	}
	return medians
}

// median is the measurement of median time, with the medians of the processor times and the largest memory.
func median(of []sample) sample {
	slices.SortFunc(of, func(a, b sample) int { return cmp.Compare(a.took, b.took) })
	m := of[len(of)/2]
	var cpu, server []time.Duration
	for _, s := range of {
		m.memory = max(m.memory, s.memory)
		cpu, server = append(cpu, s.cpu), append(server, s.server)
	}
	m.cpu, m.server = middle(cpu), middle(server)
	return m
}

func middle[T cmp.Ordered](of []T) T { return slices.Sorted(slices.Values(of))[len(of)/2] }
