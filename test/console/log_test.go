package console

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// kindButton is the button that shows and hides a group of kinds.
func kindButton(group string) chromedp.Action {
	return chromedp.Click(fmt.Sprintf(`//div[@id="kinds"]/button[.=%q]`, group), chromedp.BySearch)
}

func testFilter(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	for _, line := range []string{"apple", "Banana", "cherry"} {
		p.send(line)
	}
	p.awaitRow("onmessage", "cherry")
	p.focus("log")
	p.keys("/")
	p.keys("BANANA")
	p.until(`document.querySelectorAll(".row").length === 2`)
	p.awaitRow("send", "Banana")
	p.awaitRow("onmessage", "Banana")
	p.do(kindButton("sent"))
	p.until(`document.querySelectorAll(".row").length === 1`)
	p.until(`document.getElementById("status").textContent.includes("1 of 8 rows shown")`)
	p.fill("filter", "nothing like it")
	p.until(`document.getElementById("empty").textContent.includes("passes the filter")`)
	// Escape empties the box and takes the filter away, Enter keeps it.
	p.keys("\x1b")
	p.until(`document.querySelectorAll(".row").length === 5 && $("filter").value === "" && document.activeElement === log`)
	p.keys("/")
	p.keys("banana\r")
	p.until(`document.querySelectorAll(".row").length === 1 && document.activeElement === log`)
	for _, typed := range []string{"!/APPLE|cherry/", "/^b[an]+a /"} {
		p.fill("filter", typed)
		p.until(`[...document.querySelectorAll(".row:is(.send, .onmessage) .text")].map(e => e.textContent).join() === "Banana"`)
	}
	p.fill("filter", "/(/")
	p.until(`document.querySelectorAll(".row").length === 5 && $("filter").ariaInvalid === "true" && $("filter").title.includes("regular expression")`)
	p.fill("filter", "/ba")
	p.until(`document.querySelectorAll(".row").length === 0 && $("filter").ariaInvalid === "false"`)
	p.focus("log")
	// A browser's own way to empty the box tells it by another event.
	eval[any](p, `$("filter").value = ""; $("filter").dispatchEvent(new Event("search"))`)
	p.until(`document.querySelectorAll(".row").length === 5`)
	p.do(kindButton("sent"), kindButton("events"))
	p.until(`document.querySelectorAll(".row").length === 6`)
	p.do(kindButton("events"))
	p.until(`document.querySelectorAll(".row").length === 8`)
}

func testPause(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	p.awaitRow("onopen", "connected")
	p.keys(".", input.ModifierCtrl)
	p.until(`document.getElementById("pause").ariaPressed === "true"`)
	p.send("held back")
	p.until(`document.getElementById("pause").textContent === "Resume (2)"`)
	if rows := p.rows("onmessage"); len(rows) > 0 {
		t.Errorf("shown while paused: %q", rows)
	}
	p.click("pause")
	p.awaitRow("onmessage", "held back")
	p.until(`document.getElementById("pause").textContent === "Pause"`)
}

func testClear(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	p.send("gone soon")
	p.awaitRow("onmessage", "gone soon")
	p.click("clear")
	p.until(`document.querySelectorAll(".row").length === 0`)
	p.until(`$("intro").textContent.startsWith("You are talking with echo.")`)
	p.send("after")
	p.awaitRow("onmessage", "after")
	p.until(`document.querySelectorAll(".row").length === 2`)
	p.click("undo")
	p.until(`document.querySelectorAll(".row").length === 6 && $("undo").hidden`)
	p.awaitRow("onmessage", "gone soon")
	p.until(`$("status").textContent.includes("2 received (14 B) · 2 sent (14 B)")`)
}

// testSave downloads the rows and reads the file.
func testSave(t *testing.T, chromium context.Context, s *harness.Server) {
	p := openPage(t, chromium, s.Addr, "/three")
	p.keys("\r")
	p.awaitRow("onclose", "exit status 3")
	dir := t.TempDir()
	down := make(chan struct{}, 1)
	chromedp.ListenBrowser(p.ctx, func(event any) {
		if e, ok := event.(*cdpbrowser.EventDownloadProgress); ok && e.State == cdpbrowser.DownloadProgressStateCompleted {
			down <- struct{}{}
		}
	})
	p.do(chromedp.ActionFunc(func(context.Context) error {
		return cdpbrowser.SetDownloadBehavior(cdpbrowser.SetDownloadBehaviorBehaviorAllow).
			WithBrowserContextID(p.storage).
			WithDownloadPath(dir).WithEventsEnabled(true).Do(browser.Whole(p.ctx))
	}))
	p.click("save")
	harness.Until(t, "the file is downloaded", func() bool { return len(down) > 0 })
	files, err := filepath.Glob(filepath.Join(dir, "websocketd-console-*.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("downloaded: %q %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	stamp := `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t`
	want := regexp.MustCompile(`^` + stamp + `open\tws://` + regexp.QuoteMeta(s.Addr) + `/three\n` +
		stamp + `onopen\tconnected\n` +
		stamp + `onmessage\tabout to fail\n` +
		stamp + `onclose\t\[Clean: true, Code: 4003, Reason: exit status 3\]\n\t\tThe program ended with status 3.*\n$`)
	if !want.Match(text) {
		t.Errorf("saved:\n%s", text)
	}
}

// testKeys: every key the help names outside text boxes does something, and the
// help itself is there.
func testKeys(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	p.keys("\x1b")
	if got := p.focused(); got != "log" {
		t.Fatalf("Esc left the focus on %q", got)
	}
	p.keys("?")
	p.until(`document.getElementById("help").open`)
	for _, words := range []string{"Ctrl+Enter", "200,000 rows", "64 MiB"} {
		if !strings.Contains(eval[string](p, `document.getElementById("help").innerText`), words) {
			t.Errorf("the help does not speak of %s", words)
		}
	}
	p.keys("c") // belongs to the dialog now
	p.keys("\x1b")
	p.until(`!document.getElementById("help").open`)
	p.until(`document.querySelectorAll(".row").length === 2`)
	p.keys("t")
	p.until(`document.getElementById("times").ariaPressed === "false"`)
	p.until(`document.querySelector(".row time")?.offsetWidth === 0`)
	p.keys("p")
	p.until(`document.getElementById("pause").ariaPressed === "true"`)
	p.keys("p")
	p.keys("c")
	p.until(`document.querySelectorAll(".row").length === 0`)
	p.keys("z")
	p.until(`document.querySelectorAll(".row").length === 2`)
	p.keys("o")
	p.until(`document.getElementById("choice").open`)
	p.keys("\x1b")
	p.until(`!document.getElementById("choice").open`)
	for key, box := range map[string]string{"u": "url", "m": "message", "/": "filter"} {
		p.focus("log")
		p.keys(key)
		if got := p.focused(); got != box {
			t.Errorf("%q moved the focus to %q", key, got)
		}
	}
	if named := eval[int](p, `Object.keys(KEYS).filter(k => !HELP.some(([key]) => key === k)).length`); named != 0 {
		t.Errorf("%d keys are not in the help", named)
	}
}
