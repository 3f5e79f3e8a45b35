package browserclient

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// TestExampleTools: the page of examples/mcp lists the tools of two servers, calls them, shows
// how far the work is, and cancels it.
func TestExampleTools(t *testing.T) {
	t.Parallel()
	harness.Need(t, "python3")
	chromium := browser.Start(t)
	s := harness.Options{Bin: harness.Binary(t), Dir: filepath.Join(harness.RootDir(), "examples", "mcp"), Args: []string{"--config=websocketd.toml"}}.Start(t)
	b := newTab(t, chromium)
	b.run(chromedp.Navigate("http://"+s.Addr+"/"), chromedp.WaitReady("form + form"))
	if all := b.eval(`[...document.querySelectorAll("h2")].map(h => h.textContent).join()`); all != "words count_words,work work" {
		t.Fatalf("the page has the tools %q", all)
	}
	call := func(form, argument, want string) {
		t.Helper()
		b.run(chromedp.SetValue(form+" input", argument), chromedp.Click(form+" button"))
		var all string
		if !harness.Within(harness.Patience(t), func() bool {
			all = b.eval(`document.querySelector("` + form + ` output").textContent`)
			return strings.Contains(all, want)
		}) {
			t.Fatalf("the page shows %q, not %q", all, want)
		}
	}
	const words, work = "form:nth-of-type(1)", "form:nth-of-type(2)"
	call(words, "to be or not to be", "6 words")
	call(work, "2", "2 steps are done")
	call(work, "100", "3 of 100")
	b.run(chromedp.Click(work + " button[type=button]"))
	harness.Until(t, "the page shows that the work is cancelled", func() bool {
		return strings.Contains(b.eval(`document.querySelector("`+work+` output").textContent`), "abort")
	})
	call(words, "not to be", "3 words")
}
