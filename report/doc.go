// Package report turns results into what leaves the system: data files with
// their manifests, and tables, JSON and CSV on a writer.
//
// What it promises:
//
//   - A period once issued is never silently replaced (R13). The same number
//     again writes nothing; another number is refused, or, with a stated reason,
//     becomes the next revision beside the one it supersedes.
//   - A data file depends on the number and the configured columns alone: equal
//     inputs give equal bytes.
//   - A data file, its manifest and, with a key, the manifest's signature appear
//     whole or not at all, the data file last, readable by their owner only.
//   - What is found on disk and was not issued, or is not what was issued, is
//     named in an error and left as it is.
//
// The package is given values. It does not know how they were counted, keeps no
// ledger of its own and reads no clock: every time comes in as a parameter.
package report
