// Package compute counts seats from the slices in a tenant's store, twice (R12): by the statements of
// sql/count, and by the sweep of compute/sweep. It knows nothing of GIM and of files.
//
// A question is put to a set of days: day is a column of every table on the way. Promises: days that are counted at once have
// the results that each has by itself; one transaction replaces the results of them all or leaves them; nothing is
// stored unless the two ways agree, second by second and agent by agent; equal slices and equal rules give
// equal results; no clock is read. A cancelled context ends the work and leaves the store as it was.
//
// Every function that takes a *sql.Conn keeps temporary tables on it, which the next call replaces; the
// connection must not be in a transaction.
package compute
