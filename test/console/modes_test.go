package console

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// testSentences: what the page says is true for each way a program is bridged.
func testSentences(t *testing.T, browser context.Context, _ *harness.Server) {
	s := fileServer(t)
	for path, want := range map[string]struct{ intro, ending string }{
		"/greet":  {"Enter connects, and starts greet. Each line it prints is a message here; each message you send is a line on its standard input.", ""},
		"/clock":  {"Enter connects to clock, which all clients of this URL share.", ""},
		"/kept":   {"Enter connects to this browser's session of kept, or starts one. It outlives this page. Each line it prints is a message", ""},
		"/raw":    {"if it waits for a whole line, Shift+Enter types the end of one", ""},
		"/bytes":  {"It gets no text: typed text is sent as bytes", ""},
		"/tagged": {"", "What it wrote to standard error is among its messages, tagged stderr"},
		"/merged": {"", "What it wrote to standard error is among its messages."},
		"/mute":   {"", "What it wrote to standard error was thrown away: --stderr=discard."},
	} {
		p := openPage(t, browser, s.Addr, path)
		p.until(fmt.Sprintf(`$("intro").textContent.includes(%q)`, want.intro))
		if want.ending == "" {
			continue
		}
		p.keys("\r")
		p.awaitRow("onclose", want.ending)
		if rows := p.rows("stderr"); len(rows) > 0 {
			t.Errorf("%s: %q", path, rows)
		}
	}
	for framing, words := range map[string]string{
		"null": "a NUL after it", "length": "four bytes", "lsp": "Content-Length", "ndjson": "must be JSON",
	} {
		p := openPage(t, browser, s.Addr, "/greet")
		if got := eval[string](p, fmt.Sprintf(`framingWords({ framing: %q })`, framing)); !strings.Contains(got, words) {
			t.Errorf("%s: %q", framing, got)
		}
	}
}

// testSession: a page that was left, or loaded again, is back in its session, and one
// whose place was taken says so.
func testSession(t *testing.T, browser context.Context, _ *harness.Server) {
	s := fileServer(t)
	p := openPage(t, browser, s.Addr, "/kept")
	p.until(`programs?.find(p => p.name === "kept").lifetime === "session"`)
	p.connect()
	p.awaitRow("onmessage", "pid ")
	pid := p.rows("onmessage")[0]
	p.send("one")
	p.awaitRow("onmessage", "one")
	p.click("toggle")
	p.awaitRow("onclose", "The program goes on, and its output is kept")
	p.do(chromedp.Reload())
	p.connect()
	p.awaitRow("onmessage", "one")
	if again := p.rows("onmessage"); again[0] != pid {
		t.Errorf("%q, before %q", again, pid)
	}
	eval[any](p, `void (window.other = new WebSocket(url.value))`)
	p.awaitRow("onclose", "Another connection has taken your place")
}

// testBytes: typed text reaches a program that takes bytes only, and text is not
// sent to be ignored.
func testBytes(t *testing.T, browser context.Context, _ *harness.Server) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--binary", "cat")
	p := openPage(t, browser, s.Addr, "/")
	p.until(`$("mode").value === "bytes"`)
	p.connect()
	p.fill("message", "caf\u00e9")
	p.keys("\r")
	p.awaitRow("send", "BLOB: 5 bytes  caf\u00e9")
	p.awaitRow("onmessage", "BLOB: 5 bytes  caf\u00e9")
	p.choose("mode", "text")
	p.send("ignored")
	p.awaitRow("exception", "this program takes no text (--binary)")
	if got := p.value("message"); got != "ignored" {
		t.Errorf("what was not sent is gone: %q", got)
	}
}

// testWaiting: the page says how long nothing has come.
func testWaiting(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	p.send("x")
	p.awaitRow("onmessage", "x")
	eval[any](p, `moved.last -= 65_000; showState()`)
	p.until(`/last message \d+ s ago/.test($("status").textContent)`)
}

// testNarrow: at 320 pixels nothing runs out of its button or off the page, and what
// a finger touches is big enough for it.
func testNarrow(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/json")
	p.do(chromedp.EmulateViewport(320, 568, chromedp.EmulateMobile, chromedp.EmulateTouch))
	p.connect()
	p.awaitRow("onmessage", "bold")
	p.send(`{"laid":"out"}`)
	p.awaitRow("onmessage", "laid")
	out := eval[[]string](p, `[...document.querySelectorAll("button, select, input")].filter(e => e.offsetWidth).flatMap(e => {
		const box = e.getBoundingClientRect(), range = document.createRange();
		range.selectNodeContents(e);
		const text = range.getBoundingClientRect();
		const over = e.tagName === "BUTTON" && (text.left < box.left || text.right > box.right || text.bottom > box.bottom + 1);
		return over || box.right > innerWidth || box.left < 0 ? [e.id + " " + e.textContent] : [];
	})`)
	for _, e := range out {
		t.Errorf("runs out: %s", e)
	}
	if over := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("the page is %d pixels too wide", over)
	}
	for _, off := range eval[[]string](p, `[...document.querySelectorAll("#tools button")].filter(e => e.offsetWidth).flatMap(e => {
		const box = e.getBoundingClientRect(), range = document.createRange();
		range.selectNodeContents(e);
		const text = range.getBoundingClientRect(), off = (text.top + text.bottom - box.top - box.bottom) / 2;
		return Math.abs(off) > 1 ? [e.textContent + " by " + off] : [];
	})`) {
		t.Errorf("is not in the middle of its button: %s", off)
	}
	if small := eval[[]string](p, `[...document.querySelectorAll("header button, header input, footer button, footer textarea")].filter(e => e.offsetWidth && e.offsetHeight < 43.5).map(e => e.id)`); len(small) > 0 {
		t.Errorf("too small for a finger: %q", small)
	}
	keepPicture(t, p, "narrow")
	p.click("clear")
	p.click("toggle")
	p.until(`state() === "not connected"`)
	p.click("clear")
	p.until(`$("intro").textContent.startsWith("A tap on Connect connects, and starts json.") && !$("intro").textContent.includes("key")`)
}
