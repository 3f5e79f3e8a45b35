package console

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"websocketd/test/harness"
)

// testHistory walks what was sent, up and down, before and after a reload.
func testHistory(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	for _, line := range []string{"a", "b", "b", "c"} {
		p.send(line)
	}
	p.until(`document.querySelectorAll(".row.onmessage").length === 4`)
	p.keys("unsent")
	walk := func(key string, want ...string) {
		t.Helper()
		for _, line := range want {
			p.keys(key)
			if got := p.value("message"); got != line {
				t.Errorf("the send box says %q, not %q", got, line)
			}
		}
	}
	walk(kb.ArrowUp, "c", "b", "a", "a")
	walk(kb.ArrowDown, "b")
	p.keys("!")
	walk(kb.ArrowDown, "c", "unsent", "unsent")
	walk(kb.ArrowUp, "c", "b!") // an edit is not lost
	walk(kb.ArrowDown, "c", "unsent")
	p.do(chromedp.Reload())
	p.focus("message")
	walk(kb.ArrowUp, "c", "b")
	stored := eval[string](p, `localStorage.getItem("websocketdconsole.sendhistory")`)
	if stored != `["c","b","a"]` {
		t.Errorf("stored: %s", stored)
	}
	eval[any](p, `for (let i = 0; i < 150; i++) remember("line " + i)`)
	if n := eval[int](p, `JSON.parse(localStorage.getItem("websocketdconsole.sendhistory")).length`); n != 100 {
		t.Errorf("%d lines are kept, not 100", n)
	}
}

// testKept: a message that is kept is there after a reload, goes into the send box, and is
// dropped again.
func testKept(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.until(`$("kept").hidden`)
	p.connect()
	p.send("keep me")
	p.awaitRow("send", "keep me")
	act := func(name string) {
		p.until(fmt.Sprintf(`(b => b && (b.click(), true))([...document.querySelectorAll(".row.send .act button")].find(b => b.textContent === %q))`, name))
	}
	act("keep")
	p.until(`!$("kept").hidden`)
	act("drop")
	p.until(`$("kept").hidden`)
	act("keep")
	p.do(chromedp.Reload())
	p.focus("log")
	p.keys("k")
	p.until(`$("keptdialog").open`)
	keepPicture(t, p, "kept")
	eval[any](p, `document.querySelector("#keptlines .use").click()`)
	if got := p.value("message"); got != "keep me" || p.focused() != "message" {
		t.Errorf("the send box says %q, the focus is on %q", got, p.focused())
	}
	p.click("kept")
	eval[any](p, `document.querySelector("#keptlines li > :last-child").click()`)
	p.until(`$("kept").hidden && !$("keptdialog").open && localStorage.getItem("websocketdconsole.kept") === "[]"`)
}

// testNoStorage: a browser may refuse storage, or keep what is not ours there.
func testNoStorage(t *testing.T, browser context.Context, s *harness.Server) {
	for name, before := range map[string]string{
		"refused": `Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });`,
		"garbage": `localStorage.setItem("websocketdconsole.sendhistory", "{");`,
		"strange": `localStorage.setItem("websocketdconsole.sendhistory", '{"0":"x"}');`,
		"null":    `localStorage.setItem("websocketdconsole.sendhistory", "null");`,
	} {
		p := openPage(t, browser, s.Addr, "/echo", before)
		p.connect()
		p.send("kept anyway")
		p.awaitRow("onmessage", "kept anyway")
		p.keys(kb.ArrowUp)
		if got := p.value("message"); got != "kept anyway" {
			t.Errorf("storage %s: the send box says %q", name, got)
		}
	}
}

// testTexts: white space as it is, control characters to be seen.
func testTexts(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/json")
	p.connect()
	p.awaitRow("onmessage", "a\tb\u241b[2Jbold")
	if got := eval[string](p, `getComputedStyle(document.querySelector(".row .text")).whiteSpaceCollapse`); got != "break-spaces" {
		t.Errorf("white space: %q", got)
	}
	p.fill("message", strings.Repeat("0123456789", 90))
	p.keys("\r")
	p.awaitRow("onmessage", " … 900 characters")
}

func testBinary(t *testing.T, browser context.Context, _ *harness.Server) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--binary", "cat")
	p := openPage(t, browser, s.Addr, "/")
	p.connect()
	p.choose("mode", "hex")
	if got := p.focused(); got != "message" {
		t.Errorf("the focus is on %q", got)
	}
	p.keys("48 65 6x\r")
	p.awaitRow("exception", `"x" is no hex digit`)
	p.fill("message", "486")
	p.keys("\r")
	p.awaitRow("exception", "odd number")
	p.fill("message", "")
	p.keys("0x48,0x65 6c:6C 6f 00 ff 0a 31 32 33 34 35 36 37 38 39\r")
	p.awaitRow("send", "BLOB: 17 bytes  48 65 6c 6c 6f 00 ff 0a 31 32 33 34 35 36 37 38 39")
	p.awaitRow("onmessage", "BLOB: 17 bytes")
	p.do(chromedp.Click(`.row.onmessage button`, chromedp.ByQuery))
	p.awaitRow("onmessage", "00000000  48 65 6c 6c 6f 00 ff 0a 31 32 33 34 35 36 37 38  Hello...12345678\n"+
		"00000010  39                                               9")
}

func testBinaryFile(t *testing.T, browser context.Context, _ *harness.Server) {
	s := harness.Start(t, harness.Binary(t), "--devconsole", "--binary", "cat")
	p := openPage(t, browser, s.Addr, "/")
	p.connect()
	p.choose("mode", "file")
	p.do(chromedp.Click(`#submit`, chromedp.ByQuery))
	p.awaitRow("exception", "no file is chosen")
	file := filepath.Join(t.TempDir(), "some.bin")
	harness.WriteFile(t, file, "file\ncontent", 0o644)
	p.do(chromedp.SetUploadFiles("#file", []string{file}, chromedp.ByQuery), chromedp.Click(`#submit`, chromedp.ByQuery))
	p.awaitRow("send", "BLOB: 12 bytes  file\u240acontent")
	p.awaitRow("onmessage", "file\u240acontent")
}
