package console

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// testAnsi: the colours of a terminal are shown, and nothing else is obeyed.
func testAnsi(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/json")
	p.connect()
	p.awaitRow("onmessage", "a\tb\u241b[2Jbold plain")
	if got := eval[string](p, `[...document.querySelectorAll(".row .text span")].map(e => e.className + ":" + e.textContent).join()`); got != "bold f1:bold" {
		t.Errorf("coloured: %q", got)
	}
	for code, want := range map[string]string{
		"38;5;196":         `rgb(255 0 0)`,
		"38;2;1;2;999":     `rgb(1 2 255)`,
		"38;2;1;red;3":     "", // no SGR at all
		"38;5":             "f0",
		"38;5;999":         `rgb(238 238 238)`,
		"1;31;22;39":       "",
		"0;;97;100":        "f7 b0",
		"4:3":              "underline italic",
		"31;url(x);expr()": "",
	} {
		got := eval[string](p, `(e => (paint(e, "\x1b[`+code+`mx"), (e => e ? e.style.color.replace(/color-mix\(in srgb, (.*) 55%, .*/, "$1") || e.className : "")(e.querySelector("span"))))(element("div", ""))`)
		if got != want {
			t.Errorf("ESC [ %s m: %q, not %q", code, got, want)
		}
	}
}

// testJSON: laid out in colours, without its numbers being rounded, and folded.
func testJSON(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/json")
	p.connect()
	p.awaitRow("onmessage", `"tags"`)
	p.do(chromedp.Click(`.row.onmessage button.opener`, chromedp.ByQuery))
	p.until(`document.querySelector(".json .number")?.textContent === "12345678901234567890"`)
	lines := eval[string](p, `document.querySelector(".json").innerText`)
	if want := "{\n\"id\": 12345678901234567890,\n\"tags\": [\n\"a\",\n\"b\"\n],\n\"empty\": {}\n}"; lines != want {
		t.Errorf("laid out:\n%s, not\n%s", lines, want)
	}
	fold := `document.querySelectorAll(".json summary")[1]`
	height := `document.querySelector(".row.onmessage").offsetHeight`
	before := eval[int](p, height)
	eval[any](p, fold+`.click()`)
	p.until(fmt.Sprintf(`%s < %d`, height, before))
	p.until(`!planned`)
	if got := eval[string](p, fold+`.innerText`); got != `"tags": [ 2 entries ],` {
		t.Errorf("folded: %q", got)
	}
	eval[any](p, `forgetNodes(); plan()`) // as when it is scrolled out of sight
	p.until(`!planned`)
	if !eval[bool](p, `!document.querySelectorAll(".json details")[1].open`) {
		t.Error("it is unfolded again")
	}

	// A long list is not laid out whole.
	p.fill("message", "["+strings.Repeat("1,", 5000)+"2]")
	p.keys("\r")
	p.awaitRow("onmessage", "1,1,1")
	eval[any](p, `toggleRow(rows.list.findLast(row => row.kind === "onmessage"))`)
	p.until(`document.querySelectorAll(".json .in > div").length > 200`)
	p.until(`!planned`)
	if n := eval[int](p, `document.querySelectorAll(".json .in > div").length`); n > 210 {
		t.Errorf("%d entries are in the page", n)
	}
}

// testTurning: what a program prints cannot turn the text around it.
func testTurning(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	eval[any](p, `link.connection.send("a\u202eb\u2066c")`)
	p.awaitRow("onmessage", "a<U+202E>b<U+2066>c")
	eval[any](p, `addData("onmessage", new TextEncoder().encode("x\u202ey").buffer)`)
	p.awaitRow("onmessage", "BLOB: 5 bytes  x<U+202E>y")
	eval[any](p, `addData("onmessage", new Uint8Array([0xff, 0xe2, 0x80, 0xae, 0x41]).buffer)`)
	p.awaitRow("onmessage", "BLOB: 5 bytes  ff e2 80 ae 41")
}

// testLinks: an address in a message can be followed, whole, and only if it is one of the
// web; the other side does not get to know from where.
func testLinks(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	links := `[...document.querySelectorAll(".row.onmessage a")].map(a => a.href + " " + a.rel).join()`
	for text, want := range map[string]string{
		"see http://localhost:1/a?b=c, or (HTTPS://127.0.0.1/x).": "http://localhost:1/a?b=c noopener noreferrer,https://127.0.0.1/x noopener noreferrer",
		`{"at":"http://localhost:1/json"}`:                        "http://localhost:1/json noopener noreferrer",
		"javascript://localhost/%0aalert(1) file:///x http://":    "",
		strings.Repeat("x", 590) + " http://localhost:1/cut/off":  "",
		"\x1b[1mhttp://localhost:1/\u202ebold\x1b[0m":             "http://localhost:1/ noopener noreferrer",
	} {
		eval[any](p, "clear()")
		p.until(`document.querySelectorAll(".row.onmessage").length === 0`) // the page shows both in its next frame
		eval[any](p, fmt.Sprintf("addData('onmessage', `%s`)", text))
		p.until(`document.querySelectorAll(".row.onmessage").length === 1`)
		if got := eval[string](p, links); got != want {
			t.Errorf("%q: links %q, not %q", text, got, want)
		}
	}
}

// testCommand: the row of a connection has what connects from a terminal.
func testCommand(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo?a='b'&c")
	eval[any](p, `window.copied = []; navigator.clipboard.writeText = async text => { copied.push(text); }`)
	p.fill("protocols", "chat")
	p.keys("\r")
	p.awaitRow("open", "/echo")
	eval[any](p, `[...document.querySelectorAll(".row.open button")].find(b => b.textContent === "command").click()`)
	want := "websocketd connect --protocol=chat 'ws://" + s.Addr + "/echo?a=%27b%27&c'"
	p.until(`copied.length === 1`)
	if got := eval[string](p, `copied[0]`); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// testCopy: by button and by key; and what was sent is sent again.
func testCopy(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	eval[any](p, `window.copied = []; navigator.clipboard.writeText = async text => { copied.push(text); }`)
	p.connect()
	p.send("first")
	p.awaitRow("onmessage", "first")
	p.send("second")
	p.awaitRow("onmessage", "second")
	p.do(chromedp.Evaluate(`document.querySelectorAll(".row.send .copy")[0].click()`, nil))
	p.until(`copied.join() === "first" && document.querySelector(".row.send .copy").textContent === "copied"`)
	p.keys("\x1b")
	p.keys("y")
	p.until(`copied.join() === "first,second"`)
	p.keys("a")
	p.until(`document.querySelectorAll(".row.send").length === 3`)
	eval[any](p, `document.querySelector(".row.send .again").focus()`)
	p.keys("a") // the row with the focus
	p.until(`[...document.querySelectorAll(".row.send .text")].map(e => e.textContent).join() === "first,second,second,first"`)
	p.until(`document.querySelectorAll(".row.onmessage").length === 4`) // the answers too
	eval[any](p, `navigator.clipboard.writeText = async () => { throw new Error("not allowed"); };
		document.execCommand = () => copied.push(document.activeElement.value)`)
	p.focus("log")
	eval[any](p, `addData("onmessage", new Uint8Array([0, 255]).buffer)`)
	p.awaitRow("onmessage", "00 ff")
	p.keys("y")
	p.until(`copied.at(-1) === "00 ff"`)
}

// testHighlight: what the filter looks for is marked, also when it changes.
func testHighlight(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	p.send("Banana split")
	p.awaitRow("onmessage", "Banana split")
	marked := `[...document.querySelectorAll("mark")].map(e => e.textContent).join()`
	p.fill("filter", "an")
	p.until(marked + ` === "an,an,an,an"`)
	p.keys("a")
	p.until(marked + ` === "ana,ana"`)
	p.keys("\x1b")
	p.until(marked + ` === ""`)
}
