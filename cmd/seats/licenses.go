package main

import (
	"io"

	"seats/internal/notices"
)

type licensesCmd struct{}

// Help gives examples.
func (licensesCmd) Help() string {
	return `Examples:
  seats licenses
  seats licenses | less`
}

// Run prints them.
func (licensesCmd) Run(w *world) error {
	_, err := io.WriteString(w.stdout, notices.Text)
	return err
}
