// Package html writes results as a site of pages that opens from the file system: a fleet page, and for each tenant an
// overview, a page a month and a page a day with the curve of every second.
//
// Promises: the pages ask for nothing outside their folder, and a content-security policy forbids it; every text is
// escaped; without scripts all numbers are there as tables. The folder appears whole or not at all, its files readable
// by their owner alone, and takes the place of nothing but an older site. Equal input gives equal bytes.
//
// The package is given values. It does not know where they are kept or how they were counted, and reads no clock.
// Memory grows with a tenant's days, not with their curves.
package html
