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
	t.what = what
	t.draw(-1)
}

// Expect says how many rows are to come, so that the line can tell the time left.
func (t *terminal) Expect(rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draw(max(1, rows))
}

// draw begins a new line; rows is -1 where their number is not known. The caller holds the lock.
func (t *terminal) draw(rows int64) {
	t.clear()
	if !t.isTTY {
		return
	}
	t.bar = progressbar.NewOptions64(rows,
		progressbar.OptionSetWriter(t.w),
		progressbar.OptionSetDescription("seats: "+t.what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("rows"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetSpinnerChangeInterval(0), // it moves with the rows: no goroutine to draw over what follows
	)
}

// Add moves the line, from any goroutine. An estimate may fall short: the line then stays full.
func (t *terminal) Add(rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		t.bar.Add64(rows) //nolint:errcheck // a line that cannot be drawn is no reason to stop
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
