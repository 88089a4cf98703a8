// Package browser opens pages in headless Chromium, for tests and pictures. It is no part of the program.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long all that is done with one page may take.
const patience = 2 * time.Minute

// Page is a page that is looked at. It keeps what a reader does not see.
type Page struct {
	Context context.Context

	mu       sync.Mutex
	errors   []string
	requests []string
}

// Open starts Chromium. The returned function ends it.
func Open(ctx context.Context) (*Page, func(), error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, nil, fmt.Errorf("find chromium (`make chromium` installs it): %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 { // its sandbox is not for root
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stopWaiting := context.WithTimeout(ctx, patience)
	ctx, stopProcess := chromedp.NewExecAllocator(ctx, options...)
	ctx, stopPage := chromedp.NewContext(ctx)
	p := &Page{Context: ctx}
	end := func() { stopPage(); stopProcess(); stopWaiting() }
	err = chromedp.Listen(ctx, p.note)
	if err == nil {
		_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
	}
	if err != nil {
		end()
		return nil, nil, fmt.Errorf("start chromium: %w", err)
	}
	return p, end, nil
}

func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.errors = append(p.errors, fmt.Sprintf("console.%s", e.Type))
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *network.EventLoadingFailed:
		p.errors = append(p.errors, "not loaded: "+e.ErrorText+" "+string(e.BlockedReason))
	}
}

// Prefer makes the page one of somebody who prefers a scheme of colours, light or dark.
func Prefer(p *Page, scheme string) error {
	_, err := chromedp.Call(p.Context, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	return err
}

// Noted are the exceptions, the lines on the console and what could not be loaded, and the addresses that were asked for.
func (p *Page) Noted() (errors, requests []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors), slices.Clone(p.requests)
}
