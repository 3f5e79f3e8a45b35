// Package console looks at the developer console through a real browser: the
// page the real binary serves, in Debian's Chromium, by keyboard.
package console

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m) }

// page is the console in a tab of its own, with a storage of its own.
type page struct {
	t    *testing.T
	ctx  context.Context
	home string // host:port; every request must go there

	storage  cdp.BrowserContextID
	provoked bool // the test itself did what checkManners looks for

	mu       sync.Mutex
	requests []string // URLs, WebSockets included
	problems []string // exceptions and what the policy refused
}

// watch runs in the page before anything else does.
const watch = `window.refused = [];
addEventListener("securitypolicyviolation", e => refused.push(e.violatedDirective + " " + e.blockedURI));`

// openPage shows http://SERVER/path. before is JavaScript that runs first.
func openPage(t *testing.T, chromium context.Context, home, path string, before ...string) *page {
	t.Helper()
	tab, storage, closeWindow := browser.Window(t, chromium)
	p := &page{t: t, ctx: tab, home: home, storage: storage}
	chromedp.ListenTarget(tab, p.note)
	err := chromedp.Run(tab, network.Enable(), log.Enable(), runtime.Enable(),
		chromedp.EmulateViewport(1280, 800),
		chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := cdppage.AddScriptToEvaluateOnNewDocument(watch + strings.Join(before, "\n")).Do(ctx)
			return err
		}),
		chromedp.Navigate("http://"+home+path))
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() {
		p.checkManners()
		closeWindow()
	})
	return p
}

func (p *page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		p.requests = append(p.requests, e.URL)
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Source == log.SourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			p.problems = append(p.problems, e.Entry.Text)
		}
	}
}

// checkManners is asked of every page at its end: nothing thrown, nothing
// refused by the policy, and no request to anybody else.
func (p *page) checkManners() {
	if p.provoked {
		return
	}
	refused := eval[[]string](p, "refused")
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, problem := range append(refused, p.problems...) {
		p.t.Errorf("the page: %s", problem)
	}
	for _, url := range p.requests {
		_, rest, _ := strings.Cut(url, "://")
		host, _, _ := strings.Cut(rest, "/")
		if host != p.home && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:http://"+p.home) {
			p.t.Errorf("the page asked for %s", url)
		}
	}
}

func (p *page) do(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := harness.WithPatience(p.t, p.ctx)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("the browser: %v", err)
	}
}

// eval is the value of a JavaScript expression.
func eval[V any](p *page, expression string) (value V) {
	p.t.Helper()
	p.do(chromedp.Evaluate(expression, &value))
	return value
}

// until waits for a JavaScript condition.
func (p *page) until(condition string) {
	p.t.Helper()
	if !harness.Within(harness.Patience(p.t), func() bool { return eval[bool](p, condition) }) {
		p.t.Fatalf("waited in vain: %s\nstatus: %s\nrows:\n%s", condition,
			eval[string](p, `document.getElementById("status").textContent`), strings.Join(p.rows(""), "\n"))
	}
}

// keys types into whatever has the focus, as a keyboard does: what a key writes
// comes with the key, so that a page can prevent it.
func (p *page) keys(keys string, modifiers ...input.Modifier) {
	p.t.Helper()
	for _, r := range keys {
		for _, event := range kb.Encode(r) {
			if event.Type == input.KeyChar {
				continue
			}
			for _, modifier := range modifiers {
				event.Modifiers |= modifier
			}
			if event.Type == input.KeyDown && event.Modifiers&^input.ModifierShift == 0 && kb.Keys[r].Print {
				event.Text = kb.Keys[r].Text
			}
			p.do(event)
		}
	}
}

// fill replaces what stands in a text box, and leaves the focus there.
func (p *page) fill(id, text string) {
	p.t.Helper()
	eval[any](p, fmt.Sprintf("document.getElementById(%q).select()", id))
	p.do(input.InsertText(text))
}

// rows is the text of the rows of a kind that are in the page, "" is any kind,
// as KIND TEXT.
func (p *page) rows(kind string) []string {
	p.t.Helper()
	return eval[[]string](p, fmt.Sprintf(
		`[...document.querySelectorAll(".row")].map(r => r.querySelector(".kind").textContent + " " + r.querySelector(".text").textContent)
			.filter(text => text.startsWith(%q))`, kind))
}

// awaitRow waits for a row of a kind with this text in it.
func (p *page) awaitRow(kind, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`[...document.querySelectorAll(".row.%s .text")].some(e => e.textContent.includes(%q))`, kind, text))
}

// focused is the id of the element with the focus.
func (p *page) focused() string {
	p.t.Helper()
	return eval[string](p, "document.activeElement.id")
}

// value is what stands in a text box.
func (p *page) value(id string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf("document.getElementById(%q).value", id))
}

func (p *page) focus(id string) {
	p.t.Helper()
	p.do(chromedp.Focus("#"+id, chromedp.ByQuery))
}

func (p *page) click(id string) {
	p.t.Helper()
	p.do(chromedp.Click("#"+id, chromedp.ByQuery))
}

// choose sets a select as a user does.
func (p *page) choose(id, value string) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf(`(e => { e.value = %q; return e.dispatchEvent(new Event("change")); })(document.getElementById(%q))`, value, id))
}

// connect presses Enter in the URL box and waits for the connection.
func (p *page) connect() {
	p.t.Helper()
	p.focus("url")
	p.keys("\r")
	p.until(`document.getElementById("status").textContent.startsWith("connected")`)
}

// send types a line and sends it.
func (p *page) send(line string) {
	p.t.Helper()
	p.focus("message")
	p.keys(line + "\r")
}
