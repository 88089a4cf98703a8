package main

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a line of progress on a terminal: what is being done, how many rows, how fast.
type bar struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// Start draws a bar on a terminal until the next message or Stop.
func (t *terminal) Start(what string) {
	t.Stop()
	if !t.isTTY {
		return
	}
	t.bar = &bar{bar: progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(t.w),
		progressbar.OptionSetDescription("seats: "+what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("rows"),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSpinnerType(14),
	)}
}

// Add moves the bar, from any goroutine.
func (t *terminal) Add(n int64) {
	if b := t.bar; b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bar.Add64(n) //nolint:errcheck // a bar that cannot be drawn is no reason to stop
	}
}

// Stop takes the bar away.
func (t *terminal) Stop() {
	if b := t.bar; b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bar.Clear() //nolint:errcheck // as above
		t.bar = nil
	}
}
