package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"

	"websocketd/test/harness"
)

// testByKeyboard connects, talks and sees the answer without a mouse.
func testByKeyboard(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo?a=1&b=%3Cb%3E")
	if got := p.value("url"); got != "ws://"+s.Addr+"/echo?a=1&b=%3Cb%3E" {
		t.Errorf("the URL box says %q", got)
	}
	if got := p.focused(); got != "url" {
		t.Errorf("the focus is on %q", got)
	}
	if got := eval[string](p, "document.title + ' ' + document.compatMode"); got != "echo · websocketd CSS1Compat" {
		t.Errorf("title and mode: %q", got)
	}
	p.keys("\r")
	p.awaitRow("open", "ws://"+s.Addr+"/echo")
	p.awaitRow("onopen", "connected")
	if got := p.focused(); got != "message" {
		t.Errorf("once connected the focus is on %q", got)
	}
	p.keys("hello there\r")
	p.awaitRow("send", "hello there")
	p.awaitRow("onmessage", "hello there")
	if got := p.value("message"); got != "" {
		t.Errorf("the send box still says %q", got)
	}
	p.keys("one")
	p.keys("\r", input.ModifierShift)
	p.keys("two\r")
	p.awaitRow("send", "one\ntwo")
	p.awaitRow("onmessage", "two") // two lines for the program, two messages back
}

// testNoAutoConnect shows that only the user connects.
func testNoAutoConnect(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.keys("x") // in the URL box; the page has long been at work now
	if rows := p.rows(""); len(rows) > 0 {
		t.Errorf("rows before anything was done: %q", rows)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.requests, func(url string) bool { return strings.HasPrefix(url, "ws") }) {
		t.Errorf("the page connected by itself: %q", p.requests)
	}
}

// testReconnect closes before it opens again, and takes the button too.
func testReconnect(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	p.keys("\r", input.ModifierCtrl)
	p.until(`document.querySelectorAll(".row.onopen").length === 2`)
	var kinds []string
	for _, row := range p.rows("") {
		kind, _, _ := strings.Cut(row, " ")
		kinds = append(kinds, kind)
	}
	if want := []string{"open", "onopen", "close", "onclose", "open", "onopen"}; !slices.Equal(kinds, want) {
		t.Errorf("rows %q, not %q", kinds, want)
	}
	p.awaitRow("onclose", "You disconnected.")
	p.send("still here")
	p.awaitRow("onmessage", "still here")
	p.click("toggle")
	p.until(`document.getElementById("toggle").textContent === "Connect"`)
	p.click("toggle")
	p.until(`document.getElementById("toggle").textContent === "Disconnect"`)
	p.focus("log")
	p.keys("d")
	p.until(`document.getElementById("status").textContent.startsWith("not connected")`)
}

// testAddress: the page's address follows the URL box, and the other way round.
func testAddress(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.fill("url", "ws://"+s.Addr+"/count?q=1")
	p.until(`location.pathname + location.search === "/count?q=1"`)
	p.keys("\r")
	p.awaitRow("onmessage", "10")
	p.focus("url")
	p.keys("2")
	p.until(`location.search === "?q=12"`)
	for _, want := range []string{"/count?q=1", "/echo"} {
		eval[any](p, "history.back()")
		p.until(fmt.Sprintf(`document.getElementById("url").value === %q`, "ws://"+s.Addr+want))
		p.until(fmt.Sprintf(`location.pathname + location.search === %q`, want))
	}
	eval[any](p, "history.forward()")
	p.until(fmt.Sprintf(`document.getElementById("url").value === %q`, "ws://"+s.Addr+"/count?q=1"))
}

func testBadAddress(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.fill("url", "ws://")
	p.keys("\r")
	p.awaitRow("exception", "SyntaxError")
	p.fill("url", "ws://"+s.Addr+"/nowhere")
	p.keys("\r")
	p.awaitRow("onerror", "no connection")
	p.awaitRow("onclose", `The server refused: 404 Not Found: script not found: "/nowhere"`)
	p.fill("url", "echo")
	p.keys("\r")
	p.awaitRow("open", "ws://"+s.Addr+"/echo") // as it was really opened
	p.awaitRow("onopen", "connected")
}

// testLateList: the list of programs comes when an address is being typed, and moves
// the focus no more.
func testLateList(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/nowhere", `const wait = new Promise(done => window.answer = done), ask = fetch;
		window.fetch = async (...all) => { await wait; return ask(...all); };`)
	p.fill("url", "ws://")
	eval[any](p, "answer()")
	p.until(`document.querySelector("#home button") !== null`)
	p.keys("\r")
	p.awaitRow("exception", "SyntaxError")
}

// testSendUnconnected: Enter in the send box connects if need be, and what could
// not be sent is still there.
func testSendUnconnected(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/nowhere")
	p.send("to nobody")
	p.awaitRow("onclose", "The server refused")
	if got := p.value("message"); got != "to nobody" {
		t.Errorf("what was not sent is gone: %q", got)
	}
	p.fill("url", "ws://"+s.Addr+"/echo")
	if class := eval[string](p, `$("submit").className`); class != "" {
		t.Errorf("while not connected the button Send is %q", class)
	}
	p.focus("message")
	p.keys("\r")
	p.awaitRow("onmessage", "to nobody")
	if got := p.value("message"); got != "" {
		t.Errorf("the send box still says %q", got)
	}
	p.until(`$("submit").className === "main" && $("toggle").className === ""`)
}

// testEndings shows that a newcomer is told what became of the program.
func testEndings(t *testing.T, browser context.Context, s *harness.Server) {
	for _, end := range []struct{ path, line, words string }{
		{"/count", "[Clean: true, Code: 1000, Reason: exit status 0]", "all went well"},
		{"/three", "[Clean: true, Code: 4003, Reason: exit status 3]", "ended with status 3"},
		{"/killed", "[Clean: true, Code: 4137, Reason: signal: SIGKILL]", "killed by SIGKILL"},
	} {
		p := openPage(t, browser, s.Addr, end.path)
		p.keys("\r")
		p.awaitRow("onclose", end.line)
		p.awaitRow("onclose", end.words)
	}
}

// testCodesExplained asks the page for the words to every code it may meet.
func testCodesExplained(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	for _, c := range []struct {
		code          int
		reason, words string
	}{
		{1000, "", "as intended"}, {1000, "exit status 0", "status 0"}, {1001, "", "going away"},
		{1002, "", "broke the WebSocket protocol"}, {1003, "", "this kind of message"}, {1005, "", "without a code"},
		{1006, "", "without a goodbye"}, {1007, "", "UTF-8"}, {1008, "", "rules"}, {1009, "", "--maxframesize"},
		{1011, "", "could not go on"}, {1012, "", "restarts"}, {1013, "", "Try again later"},
		{4001, "exit status 1", "status 1"}, {4127, "exit status 127", "does not find the command"},
		{4126, "", "chmod +x"}, {4137, "exit status 137", "ended with status 137"}, {4137, "signal: SIGKILL", "was killed by SIGKILL: nobody"},
		{4137, "", "status 137, or was killed by SIGKILL"}, {4255, "exit status 255", "status 255"},
		{4255, "", "status 255, or was killed by signal 127"}, {4168, "signal: 40", "killed by"},
		{4256, "", "author"}, {3000, "", "author"},
	} {
		words := eval[string](p, fmt.Sprintf("explain(%d, %q, true, false)", c.code, c.reason))
		if !strings.Contains(words, c.words) {
			t.Errorf("%d %q: %q does not say %q", c.code, c.reason, words, c.words)
		}
	}
}
