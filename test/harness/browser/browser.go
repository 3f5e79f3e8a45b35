// Package browser starts a real browser, Debian's Chromium, for tests of pages.
package browser

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// Start starts a browser that lives as long as t.
func Start(t *testing.T) context.Context {
	t.Helper()
	harness.Need(t, "chromium")
	profile, err := os.MkdirTemp("", "websocketd-browser-")
	if err != nil {
		t.Fatal(err)
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath("chromium"),
		chromedp.UserDataDir(profile),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(2*time.Minute), // a busy machine
	)
	// It logs every event it does not know, and a browser is always newer.
	browser, _ := chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(func() {
		if err := chromedp.Cancel(browser); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the browser did not end: %v", err)
		}
		cancel()
		harness.Until(t, "the browser's profile can be removed", func() bool { return os.RemoveAll(profile) == nil })
	})
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return browser
}

// Whole returns the context of commands that are not for one page.
func Whole(browser context.Context) context.Context {
	return cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
}

// Window opens a window that shares nothing with others. Only a separate window is
// drawn while others are open. storage is what it keeps; closeWindow ends it.
func Window(t *testing.T, browser context.Context) (tab context.Context, storage cdp.BrowserContextID, closeWindow func()) {
	t.Helper()
	storage, err := target.CreateBrowserContext().Do(Whole(browser))
	if err != nil {
		t.Fatal(err)
	}
	tab, closeTab := Tab(t, browser, storage)
	return tab, storage, func() {
		closeTab()
		if err := target.DisposeBrowserContext(storage).Do(Whole(browser)); err != nil {
			t.Errorf("close the page: %v", err)
		}
	}
}

// Tab opens a further window that shares what storage keeps, as a tab does.
func Tab(t *testing.T, browser context.Context, storage cdp.BrowserContextID) (tab context.Context, closeTab func()) {
	t.Helper()
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(storage).WithNewWindow(true).Do(Whole(browser))
	if err != nil {
		t.Fatal(err)
	}
	return chromedp.NewContext(browser, chromedp.WithTargetID(id))
}
