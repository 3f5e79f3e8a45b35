// Package page tests pages whose program outlives them, in a real browser: Debian's
// Chromium, with a script of a dozen lines, testdata/index.html.
package page

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestPages runs everything in one browser.
func TestPages(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"reload": testReload, "two tabs": testTwoTabs, "a URL for each": testSessionURL,
		"a closed lid": testLid, "a link from elsewhere": testLink, "a changed program": testWatch, "server-sent events": testEvents,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, chromium)
		})
	}
}

// serve serves the page and a program.
func serve(t *testing.T, flags ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append([]string{"--resume=1m", "--staticdir=testdata"}, flags...)...)
}

// person is somebody with a browser of their own, whose tabs have the same cookies.
type person struct {
	t        *testing.T
	chromium context.Context
	storage  cdp.BrowserContextID
}

// newPerson returns a person, and the tab that shows a URL.
func newPerson(t *testing.T, chromium context.Context, url string) (*person, *tab) {
	t.Helper()
	ctx, storage, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	p := &person{t, chromium, storage}
	return p, p.show(ctx, url)
}

// open opens a further tab.
func (p *person) open(url string) *tab {
	p.t.Helper()
	ctx, closeTab := browser.Tab(p.t, p.chromium, p.storage)
	p.t.Cleanup(closeTab)
	return p.show(ctx, url)
}

func (p *person) show(ctx context.Context, url string) *tab {
	p.t.Helper()
	// The context of the first run is that of the tab.
	if err := chromedp.Run(ctx, network.Enable(), chromedp.Navigate(url)); err != nil {
		p.t.Fatalf("open %s: %v", url, err)
	}
	return &tab{p.t, ctx}
}

// tab shows a page.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := harness.WithPatience(b.t, b.ctx)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("the browser: %v", err)
	}
}

// eval returns the value of a JavaScript expression.
func eval[V any](b *tab, expression string) (value V) {
	b.t.Helper()
	b.do(chromedp.Evaluate(expression, &value))
	return value
}

// lines returns what the page shows. A page on its way shows nothing.
func (b *tab) lines() []string {
	b.t.Helper()
	ctx, cancel := harness.WithPatience(b.t, b.ctx)
	defer cancel()
	var text string
	err := chromedp.Run(ctx, chromedp.Evaluate(`document.getElementById("out")?.textContent ?? ""`, &text))
	if err != nil && !strings.Contains(err.Error(), "navigated") { // away, while it was asked
		b.t.Fatalf("the browser: %v", err)
	}
	return strings.Fields(strings.ReplaceAll(text, " ", "_"))
}

// await waits until the page shows these lines and no others; a space in one is written _.
func (b *tab) await(want ...string) {
	b.t.Helper()
	shown := func() bool { return fmt.Sprint(b.lines()) == fmt.Sprint(want) }
	if !harness.Within(harness.Patience(b.t), shown) {
		b.t.Fatalf("the page shows %q, not %q", b.lines(), want)
	}
}

// first waits for the first line of the page, and returns it.
func (b *tab) first() (line string) {
	b.t.Helper()
	harness.Until(b.t, "the page shows something", func() bool { return len(b.lines()) > 0 })
	return b.lines()[0]
}

// send sends a message.
func (b *tab) send(text string) {
	b.t.Helper()
	eval[any](b, fmt.Sprintf("socket.send(%q)", text))
}

// offline takes the tab's machine off the network, or puts it back.
func (b *tab) offline(off bool) {
	b.t.Helper()
	all := []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: -1}}
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := network.EmulateNetworkConditionsByRule(off, all).Do(ctx)
		return err
	}), network.OverrideNetworkState(off, 0, -1, -1))
}
