package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"seats/internal/browser"
	"seats/internal/must"
)

// hostileAgent is an employee_id that would be markup, the end of an attribute, and text from right to left.
const hostileAgent = "<script>alert(1)</script>\"'\u202e<img src=http://example.invalid/x>"

// writtenPages runs three days of the scripts' GIM, with a hostile agent in them, and writes the pages.
func writtenPages(t *testing.T, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	seats := scriptedSite(t, dir, "committed: 1, ")
	quoted := `"` + strings.ReplaceAll(hostileAgent, `"`, `""`) + `"`
	rewrite(t, filepath.Join(dir, "exports", "export_1_2026_04_02_00_00_00", "resource_.csv"), ",ann,E1,", ",ann,"+quoted+",")
	seats("run", "--from", "2026-03-09", "--to", "2026-03-11")
	seats(append([]string{"report", "--html", filepath.Join(dir, "pages")}, flags...)...)
	return filepath.Join(dir, "pages")
}

// opened is Chromium for the test.
func opened(t testing.TB) *browser.Page {
	t.Helper()
	page, end, err := browser.Open(context.Background())
	require.NoError(t, err)
	t.Cleanup(end)
	return page
}

// lookAt opens a page of the site.
func lookAt(t *testing.T, site, name string) *browser.Page {
	t.Helper()
	page := opened(t)
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+filepath.Join(site, name))))
	return page
}

// ask gives the value of an expression in the page.
func ask[T any](t *testing.T, page *browser.Page, expression string) T {
	t.Helper()
	value, err := chromedp.Run(page.Context, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return value
}

// quiet wants a page that had no errors and asked for nothing outside the site.
func quiet(t *testing.T, page *browser.Page, site string) {
	t.Helper()
	require.Empty(t, page.Errors())
	require.NotEmpty(t, page.Requests())
	for _, address := range page.Requests() {
		require.True(t, strings.HasPrefix(address, "file://"+site+"/"), address)
	}
}

func TestThePageOfADay(t *testing.T) {
	t.Parallel()
	site := writtenPages(t)
	page := lookAt(t, site, "acme/2026-03-10.html")
	require.Contains(t, dataFile(t, site, "CNT_US_PES_SEATS_OUTBOUND_acme_20260310.csv"), ",1,2\n")
	require.Equal(t, "2", ask[string](t, page, `document.querySelector('section td').textContent`), "the number of the data file")

	require.Eventually(t, func() bool { return ask[int](t, page, `document.querySelectorAll('.curve canvas').length`) > 0 }, 20*time.Second, 50*time.Millisecond)
	require.Equal(t, []string{hostileAgent}, ask[[]string](t, page, `[...document.querySelectorAll('.seats bdi')].map(e => e.textContent).filter(t => t.includes('<'))`))
	require.Equal(t, 0, ask[int](t, page, `document.querySelectorAll('img').length`))

	// The peak's button zooms and points; so do the keys.
	require.Equal(t, "Peak", ask[string](t, page, `(b => { b.click(); return b.textContent; })(document.querySelector('.tools button'))`))
	readout := `document.querySelector('.readout').textContent`
	require.Regexp(t, `US 2 · dallas \d · other \d`, ask[string](t, page, readout))
	key := `document.querySelector('.plot').dispatchEvent(new KeyboardEvent('keydown', {key: '%s'})); ` + readout
	at := ask[string](t, page, fmt.Sprintf(key, "ArrowRight"))
	require.NotEqual(t, at, ask[string](t, page, fmt.Sprintf(key, "ArrowRight")), "the arrow moves")

	// The mouse: hover tells the numbers of another second.
	require.NoError(t, chromedp.Do(page.Context, chromedp.ScrollIntoView(chromedp.CSS(".u-over"))))
	hover := `(o => { const b = o.getBoundingClientRect(); o.dispatchEvent(new MouseEvent('mousemove', {clientX: b.left + 5, clientY: b.top + 9, bubbles: true})); return '' })(document.querySelector('.u-over'))`
	at = ask[string](t, page, readout)
	ask[string](t, page, hover)
	require.Eventually(t, func() bool { return ask[string](t, page, readout) != at }, 20*time.Second, 50*time.Millisecond)

	// Another day is laid over it, from a file of its own.
	ask[string](t, page, `(s => { s.value = '2026-03-11'; s.onchange(); return ''; })(document.querySelector('.tools select'))`)
	becomes(t, page, "4", `document.querySelector('.curve').dataset.drawn`)
	quiet(t, page, site)
}

func TestThePageOfAMonthAndOfAllTenants(t *testing.T) {
	t.Parallel()
	site := writtenPages(t)
	page := lookAt(t, site, "acme/2026-03.html")
	require.Equal(t, "2", ask[string](t, page, `document.querySelector('.calendar a[href="2026-03-10.html"]').textContent`))
	require.Equal(t, "1 committed; days above it: 1", ask[string](t, page, `document.querySelector('.tiles .bad .more').textContent`), "the peak of 2 is above it, and not of it")
	quiet(t, page, site)
	require.NoError(t, chromedp.Do(page.Context, chromedp.Navigate("file://"+site+"/index.html")))
	require.Equal(t, "-1", ask[string](t, page, `document.querySelector('td.bad').textContent`))
	quiet(t, page, site)
}

// The policy holds even for a script that has come in.
func TestNothingLeavesThePage(t *testing.T) {
	t.Parallel()
	site := writtenPages(t)
	page := lookAt(t, site, "acme/2026-03-10.html")
	blocked := `new Promise(done => { addEventListener('securitypolicyviolation', e => done(e.effectiveDirective)); %s })`
	for directive, attempt := range map[string]string{
		"connect-src":     `fetch('http://127.0.0.1:9/').catch(() => {})`,
		"img-src":         `new Image().src = 'http://127.0.0.1:9/x.png'`,
		"script-src-elem": `document.head.append(Object.assign(document.createElement('script'), {textContent: '1'}))`,
	} {
		got := must.Have(chromedp.Run(page.Context, chromedp.Evaluate[string](fmt.Sprintf(blocked, attempt), chromedp.EvalAwaitPromise)))(t)
		require.Equal(t, directive, got)
	}
}

func TestPagesWithPseudonymsNameNobody(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	site := writtenPages(t, "--pseudonymize", key)
	require.NoError(t, filepath.WalkDir(site, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		if !d.IsDir() && !strings.Contains(path, "/assets/") {
			text := must.Have(os.ReadFile(path))(t)
			require.NotRegexp(t, `alert|\bE[1-4]\b|\b(ann|bob|cyd)\b`, string(text), path)
		}
		return nil
	}))
	text := must.Have(os.ReadFile(filepath.Join(site, "acme", "2026-03-10.html")))(t)
	require.Regexp(t, `<bdi>P[0-9a-f]{32}</bdi>`, string(text))
}

func dataFile(t *testing.T, site, name string) string {
	t.Helper()
	text := must.Have(os.ReadFile(filepath.Join(filepath.Dir(site), "out", "acme", name)))(t)
	return string(text)
}
