// Package confine has the operating system see to it that what asks questions writes nothing, whatever a statement and DuckDB may
// do: on Linux by Landlock, where the kernel has it (5.13 and later), elsewhere not at all.
//
// It is a thread that is confined, not the process: a database is opened and asked on it, and all threads that DuckDB starts are started from it, and
// confined as well. What is written for the user, into whichever file they name, is written by another.
package confine

// Apart does something on another thread than the caller's: whatever confines the one does not hold for the other. Go starts
// none from one that a goroutine is locked to, and ends it with that goroutine.
func Apart(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return <-done
}
