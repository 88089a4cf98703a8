package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/must"
)

// patience is how long all that is done with one page may take, and whatever else is waited for: more than the slowest machine takes.
const patience = 20 * time.Minute

// browserPage is a page that is looked at. It keeps what a reader does not see.
type browserPage struct {
	Context context.Context

	mu       sync.Mutex
	errors   []string
	requests []string
}

// openBrowser starts Chromium. The returned function ends it.
func openBrowser(ctx context.Context) (*browserPage, func(), error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, nil, fmt.Errorf("find chromium (`make chromium` installs it): %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WSURLReadTimeout(patience))
	if os.Geteuid() == 0 { // its sandbox is not for root
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stopWaiting := context.WithTimeout(ctx, patience)
	ctx, stopProcess := chromedp.NewExecAllocator(ctx, options...)
	ctx, stopPage := chromedp.NewContext(ctx)
	p := &browserPage{Context: ctx}
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

func (p *browserPage) note(event any) {
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

// prefer makes the page one of somebody who prefers a scheme of colours, light or dark.
func prefer(p *browserPage, scheme string) error {
	_, err := chromedp.Call(p.Context, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	return err
}

// noted are the exceptions, the lines on the console and what could not be loaded, and the addresses that were asked for.
func (p *browserPage) noted() (errors, requests []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors), slices.Clone(p.requests)
}

var (
	picturesOf = flag.String("pictures-of", "", "folder of pages to take pictures of")
	pictures   = flag.String("pictures", "", "folder that is there, for the pictures")
)

// Each page is taken at the width of a desktop and of a phone, light and dark, for people to look at (`make screenshots`).
func TestPictures(t *testing.T) {
	if *picturesOf == "" {
		t.Skip("`make screenshots` takes them")
	}
	page := opened(t)
	for _, name := range flag.Args() {
		for device, width := range map[string]int64{"desktop": 1440, "laptop": 1024, "phone": 390} {
			for _, scheme := range []string{"light", "dark"} {
				require.NoError(t, prefer(page, scheme))
				require.NoError(t, chromedp.Do(page.Context,
					chromedp.EmulateViewport(width, 900),
					chromedp.Navigate("file://"+filepath.Join(*picturesOf, name)),
					chromedp.WaitNotPresent(chromedp.CSS(".curve:not(:has(canvas))")),
					chromedp.Sleep(100*time.Millisecond))) // until the last curve is painted
				png := must.Have(chromedp.Run(page.Context, chromedp.FullScreenshot(100)))(t)
				file := strings.TrimSuffix(strings.ReplaceAll(name, "/", "-"), ".html") + "-" + device + "-" + scheme + ".png"
				require.NoError(t, os.WriteFile(filepath.Join(*pictures, file), png, 0o600))
			}
		}
	}
}
