package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// Start draws a line of progress on a terminal, until the next message or Stop: what is being done, how many
// rows, how fast.
func (t *terminal) Start(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	if !t.isTTY {
		return
	}
	t.bar = progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(t.w),
		progressbar.OptionSetDescription("seats: "+what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("rows"),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSpinnerType(14),
	)
}

// Add moves the line, from any goroutine.
func (t *terminal) Add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		t.bar.Add64(n) //nolint:errcheck // a line that cannot be drawn is no reason to stop
	}
}

// Stop takes the line away.
func (t *terminal) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
}

// clear takes the line away; the caller holds the lock.
func (t *terminal) clear() {
	if t.bar != nil {
		t.bar.Clear() //nolint:errcheck // as above
		t.bar = nil
	}
}
