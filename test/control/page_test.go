package control

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// pageView is the operator's page in a window of a browser.
type pageView struct {
	t       *testing.T
	tab     context.Context
	mu      sync.Mutex
	foreign []string // what was asked of others than the listener
}

// openPage opens a tab at a URL.
func openPage(t *testing.T, tab context.Context, at string) *pageView {
	t.Helper()
	v := &pageView{t: t, tab: tab}
	own, _ := url.Parse(at)
	chromedp.ListenTarget(tab, func(event any) {
		if r, ok := event.(*network.EventRequestWillBeSent); ok {
			if to, err := url.Parse(r.Request.URL); err != nil || to.Host != own.Host && to.Scheme != "data" {
				v.mu.Lock()
				v.foreign = append(v.foreign, r.Request.URL)
				v.mu.Unlock()
			}
		}
	})
	if err := chromedp.Run(tab, network.Enable(), chromedp.Navigate(at)); err != nil { // the tab is as old as this context
		t.Fatal(err)
	}
	return v
}

func (v *pageView) run(actions ...chromedp.Action) {
	v.t.Helper()
	ctx, cancel := harness.WithPatience(v.t, v.tab)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.t.Fatalf("the browser: %v", err)
	}
}

// is evaluates an expression.
func (v *pageView) is(expression string) (result any) {
	v.t.Helper()
	v.run(chromedp.Evaluate(expression, &result))
	return result
}

// waits waits until an expression is true.
func (v *pageView) waits(expression string) {
	v.t.Helper()
	harness.Until(v.t, expression, func() bool { return v.is(expression) == true })
}

// shows waits until an element has a text.
func (v *pageView) shows(selector, text string) {
	v.t.Helper()
	v.waits(fmt.Sprintf(`Boolean(document.querySelector(%q)?.textContent.includes(%q))`, selector, text))
}

// press presses a button of the row of a list that has a text.
func (v *pageView) press(list, text, label string) {
	v.t.Helper()
	v.waits(fmt.Sprintf(`(() => { const row = [...document.querySelectorAll("#%s tbody tr")].find(row => row.textContent.includes(%q));
		const button = row && [...row.querySelectorAll("button")].find(button => button.textContent === %q);
		if (button) button.click(); return Boolean(button); })()`, list, text, label))
}

// mostLines is how many lines the tail keeps, those that it tells among them.
const mostLines = 1000

// lines are the texts of the lines of the tail.
const lines = `[...document.querySelectorAll("#lines li:not(.told)")].map(li => li.textContent)`

// TestOperatorPage is the page in Chromium: its token, what it shows, a kick, a tail, and two tabs.
func TestOperatorPage(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	a := newAPI(t)
	proxy := harness.NewProxy(t, a.address)
	at := "http://" + proxy.Addr + "/"
	tab, storage, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	one, two, many := a.meet("/one/first"), a.meet("/one/second%3Cimg%20src=x%3E"), a.meet("/many")

	v := openPage(t, tab, at+"#token="+a.token)
	v.shows("#state", "running")
	for _, of := range []string{"one", "many", "kept", "/one", "line", "1 of "} {
		v.shows("#programs", of)
	}
	v.shows("#connections", "/one/second<img src=x>")
	if v.is("location.href") != at || v.is("history.length") != 2.0 || strings.Contains(fmt.Sprint(v.is("document.documentElement.outerHTML")), a.token) {
		t.Errorf("the token is kept: %v, history of %v", v.is("location.href"), v.is("history.length"))
	}
	if v.is(`Object.keys(localStorage).length + Object.keys(sessionStorage).length + document.cookie.length`) != 0.0 {
		t.Error("something is stored")
	}

	v.shows("#state", ": 3 connections, 0 sessions, 3 processes")
	v.ends(a)
	v.kicks(one)
	two.Echo(t, "still there")
	v.tails(a, many, proxy)

	second, closeTab := browser.Tab(t, chromium, storage)
	t.Cleanup(closeTab)
	other := openPage(t, second, at) // it knows nothing of the first one's token
	other.shows("#state", "the server asks for its token")
	other.run(chromedp.SendKeys("#token", "wrong\r", chromedp.ByQuery))
	other.shows("#state", "this token is wrong")
	other.run(chromedp.SendKeys("#token", a.token+"\r", chromedp.ByQuery))
	other.shows("#state", "running")
	two.SendClose(1000, "")
	other.shows("#ended", "its process ended with exit status 0")
	other.press("channels", "process:many", "Log")
	other.shows("#lines", "after the cut")
	for _, page := range []*pageView{v, other} {
		if len(page.foreign) > 0 {
			t.Errorf("the page has asked %q", page.foreign)
		}
	}

	many.Leave(t)
	a.Signal(t, syscall.SIGTERM)
	a.Wait(t)
	v.shows("#state", "the server does not answer")
}

// kicks asks for a kick, says no, and then yes, by the keyboard.
func (v *pageView) kicks(c *harness.Conn) {
	v.t.Helper()
	v.press("connections", "/one/first", "Kick")
	v.waits(`document.getElementById("sure").open`)
	v.run(chromedp.KeyEvent("\x1b")) // Escape
	v.waits(`!document.getElementById("sure").open`)
	c.Echo(v.t, "not kicked")
	v.press("connections", "/one/first", "Kick")
	v.waits(`document.getElementById("sure").open`)
	if v.is(`document.activeElement.textContent`) != "Cancel" {
		v.t.Errorf("the focus is at %v", v.is(`document.activeElement.textContent`))
	}
	v.run(chromedp.Focus("#yes"), chromedp.KeyEvent("\r"))
	c.Ends(v.t, 1008, "kicked")
	v.waits(`!document.getElementById("connections").textContent.includes("/one/first")`)
	v.shows("#ended", "client 127.0.0.1 of one")
	v.shows("#ended", "ended from this page")
}

// ends asks for the end of a session.
func (v *pageView) ends(a *api) {
	v.t.Helper()
	c := a.meet("/kept")
	v.shows("#state", "1 session, ")
	v.press("sessions", "kept", "End")
	v.waits(`document.getElementById("sure").open`)
	v.shows("#question", "End session 1 of kept? Its process ends, and 1 viewer with it.")
	v.shows("#yes", "End")
	v.run(chromedp.Focus("#yes"), chromedp.KeyEvent("\r"))
	c.Rest(v.t)
	v.shows("#state", "0 sessions, ")
	v.shows("#ended", "session 1 of kept")
}

// tails shows a channel, through a cut, and with lines that would be HTML.
func (v *pageView) tails(a *api, many *harness.Conn, proxy *harness.Proxy) {
	v.t.Helper()
	v.press("channels", "process:many", "Log")
	v.shows("#link", "live")
	v.shows("#lines", "ready") // what is kept
	const evil = `<img src=x onerror="document.title='evil'"><script>document.title='evil'</script>`
	a.expect("POST", "/api/channels/process:many", evil, 204, "", "Content-Type: text/plain")
	many.Expect(v.t, evil)
	v.waits(fmt.Sprintf(`%s.includes(%q)`, lines, evil))
	if v.is(`document.title`) != "websocketd, management" || v.is(`document.querySelectorAll("#lines *:not(li)").length`) != 0.0 {
		v.t.Error("a line became HTML")
	}
	want := []any{"ready", evil}
	v.is(`globalThis.first = tail.socket, 0`)
	harness.Until(v.t, "the tail was cut, and not only another request", func() bool {
		proxy.After(0, harness.Reset)
		for range 5 {
			text := fmt.Sprintf("line %d", len(want))
			want = append(want, text)
			a.expect("POST", "/api/channels/process:many", text, 204, "", "Content-Type: text/plain")
			many.Expect(v.t, text)
		}
		return v.is(`tail.socket !== first`) == true
	})
	a.expect("POST", "/api/channels/process:many", "after the cut", 204, "", "Content-Type: text/plain")
	many.Expect(v.t, "after the cut")
	v.shows("#lines", "after the cut")
	want = append(want, "after the cut")
	want = want[max(0, len(want)-mostLines/2):] // of a long wait the page has let go the beginning
	if got := fmt.Sprint(v.is(fmt.Sprintf("%s.slice(-%d)", lines, len(want)))); got != fmt.Sprint(want) || v.is(`document.getElementById("lines").textContent.includes("missing")`) != false {
		v.t.Errorf("the page shows %s, want %s", got, want)
	}
}

// brokenTexts are the short texts in cells that are in more than one line.
const brokenTexts = `(() => {
	const broken = [], texts = document.createTreeWalker(document.getElementById("board"), NodeFilter.SHOW_TEXT);
	for (let text; (text = texts.nextNode()); ) {
		const range = document.createRange();
		range.selectNodeContents(text);
		if (text.data.length < 18 && text.parentElement.closest("td") && range.getClientRects().length > 1) broken.push(text.data);
	}
	return broken;
})()`

// TestOperatorPageLook: the page fits a phone, breaks no short text where it has room for it, and
// is dark where that is preferred.
func TestOperatorPageLook(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	a := newAPI(t, "--admintoken=none")
	a.meet("/one/" + strings.Repeat("long", 100))
	a.meet("/many")
	tab, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	v := openPage(t, tab, "http://"+a.address+"/")
	v.shows("#connections", "/one/longlong")
	v.run(chromedp.EmulateViewport(1000, 800))
	if broken := v.is(brokenTexts); fmt.Sprint(broken) != "[]" || v.is(`document.documentElement.scrollWidth <= 1000`) != true {
		t.Errorf("in several lines: %v; the page is %v pixels wide", broken, v.is(`document.documentElement.scrollWidth`))
	}
	for status, want := range map[string]string{
		`{status: "running", exitCode: 0}`: "the process runs", `{status: "exited", exitCode: 3}`: "the process has ended with exit status 3",
		`{status: "killed", exitCode: -1}`: "the process was ended by a signal", `{status: "failed", exitCode: -1}`: "the process could not be started",
		`{status: "constructor"}`: "constructor",
	} {
		if got := v.is("became(" + status + ")"); got != want {
			t.Errorf("%s: %v, want %s", status, got, want)
		}
	}
	background := map[any]bool{}
	for _, scheme := range []string{"light", "dark"} {
		v.run(chromedp.EmulateViewport(360, 640), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		if v.is(`document.documentElement.scrollWidth <= 360`) != true {
			t.Errorf("%s: the page is %v pixels wide", scheme, v.is(`document.documentElement.scrollWidth`))
		}
		background[v.is(`getComputedStyle(document.body).backgroundColor`)] = true
	}
	if len(background) != 2 {
		t.Errorf("the backgrounds are %v", background)
	}
}
