package hub

import (
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// TestPage: the page of the example runs a process, shows its lines and how it has ended, and
// comes back to a server that was started again. Nothing on it breaks its policy.
func TestPage(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	page, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	s := startExample(t, sh(`echo one; echo '<b>two</b>' >&2; exit 3`)...)
	if err := chromedp.Run(page, chromedp.Navigate("http://"+s.Addr+"/")); err != nil {
		t.Fatal(err)
	}
	do := func(actions ...chromedp.Action) {
		t.Helper()
		ctx, cancel := harness.WithPatience(t, page)
		defer cancel()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(selector string, want ...string) {
		t.Helper()
		harness.Until(t, strings.Join(want, " and "), func() bool {
			var text string
			do(chromedp.Evaluate(`document.querySelector("`+selector+`")?.textContent ?? ""`, &text))
			for _, part := range want {
				if strings.Count(text, part) != 1 {
					return false
				}
			}
			return true
		})
	}
	do(chromedp.Evaluate(`window.broken = []; addEventListener("securitypolicyviolation", e => broken.push(e.blockedURI)); 0`, nil))
	shows("#state", "connected")
	do(chromedp.Click("form button"))
	shows("pre", "one\n", "<b>two</b>\n")
	shows("h2", "build-1: exited with 3")

	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	shows("#state", "no connection")
	again := startExampleAt(t, s.Port, sh(`echo three; exec sleep 1000`)...)
	shows("#state", "connected")
	runAs(t, again, "build-1") // the page has subscribed again by itself
	shows("pre", "one\n", "three\n")
	shows("h2", "build-1: running")
	var broken []string
	do(chromedp.Evaluate("broken", &broken))
	if len(broken) > 0 {
		t.Errorf("the page's policy forbids %q", broken)
	}
}
