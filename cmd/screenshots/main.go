// Command screenshots takes pictures of a site of pages: screenshots SITE PICTURES PAGE... SITE is an absolute path, PICTURES a folder
// that is there. Each page is taken at the width of a desktop and of a phone, light and dark.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"seats/internal/browser"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: screenshots SITE PICTURES PAGE...")
		os.Exit(2)
	}
	if err := take(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func take(site, pictures string, pages []string) error {
	page, end, err := browser.Open(context.Background())
	if err != nil {
		return err
	}
	defer end()
	for _, name := range pages {
		for device, width := range map[string]int64{"desktop": 1200, "phone": 390} {
			for _, scheme := range []string{"light", "dark"} {
				err := errors.Join(browser.Prefer(page, scheme), chromedp.Do(page.Context,
					chromedp.EmulateViewport(width, 900),
					chromedp.Navigate("file://"+filepath.Join(site, name)),
					chromedp.WaitNotPresent(chromedp.CSS(".curve:not(:has(canvas))")),
					chromedp.Sleep(100*time.Millisecond))) // until the last curve is painted
				if err != nil {
					return fmt.Errorf("open %s: %w", name, err)
				}
				png, err := chromedp.Run(page.Context, chromedp.FullScreenshot(100))
				file := strings.TrimSuffix(strings.ReplaceAll(name, "/", "-"), ".html") + "-" + device + "-" + scheme + ".png"
				if err = errors.Join(err, os.WriteFile(filepath.Join(pictures, file), png, 0o600)); err != nil {
					return fmt.Errorf("take %s: %w", name, err)
				}
			}
		}
	}
	return nil
}
