// Package explain takes numbers apart: who was there in a second and why each of them counts, what became of
// every session of an agent, and what a day would be under other readings of the specification.
//
// Promises: the store is only read, and may be a published one; what is explained is what is stored, computed
// from today's slice under today's configuration, or nothing at all (a *fail.Error says what to run first);
// a list holds exactly as many agents as the number it explains, or there is an error. Times are epoch seconds.
package explain
