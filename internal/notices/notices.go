// Package notices has the licences of everything that is linked into the program: Go and its modules, DuckDB with the libraries
// that it bundles, the charting library of the pages, and the runtimes of C and C++.
//
// notices.txt is written by this package's test from the modules that `go list` says are linked, with the texts in their own
// folders, and from the texts here of what is in no Go module; the test fails where it is not what is linked:
//
//	go test ./internal/notices -update
package notices

import _ "embed" // for the text

// Text is all of them.
//
//go:embed notices.txt
var Text string
