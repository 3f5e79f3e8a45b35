package console

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// testPolicy shows that a violation of the policy would have been noticed.
func testPolicy(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	eval[any](p, `document.body.setAttribute("style", "color: red")`)
	p.until(`refused.length === 1 && refused[0].startsWith("style-src")`)
	eval[any](p, `fetch("https://example.com/").catch(() => {})`)
	p.until(`refused.length === 2 && refused[1].startsWith("connect-src")`)
	harness.Until(t, "the browser tells it too", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.problems) >= 2
	})
	p.provoked = true
}

// testPhone: everything fits into the width of a phone, also what is long.
func testPhone(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/long")
	p.do(chromedp.EmulateViewport(375, 667, chromedp.EmulateMobile))
	p.connect()
	p.awaitRow("onmessage", "line 129:")
	eval[any](p, `addData("send", new Uint8Array(100).buffer)`)
	p.do(chromedp.Click(`.row.send button`, chromedp.ByQuery))
	p.awaitRow("send", "00000060")
	for _, e := range []string{"document.documentElement", "document.body", "log", "document.querySelector('.row.send pre')"} {
		if over := eval[int](p, fmt.Sprintf("%s.scrollWidth - %s.clientWidth", e, e)); over > 0 {
			t.Errorf("%s is %d pixels too wide", e, over)
		}
	}
	if height := eval[int](p, "log.clientHeight"); height < 250 {
		t.Errorf("only %d pixels are left for the log", height)
	}
	keepPicture(t, p, "phone")
}

// testAccessible: every control has a name, whatever way it got it.
func testAccessible(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.connect()
	nameless := eval[[]string](p, `[...document.querySelectorAll("button, input, select, textarea, [role=list], [role=region], [role=toolbar]")]
		.filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).filter(e => !e.hidden).map(e => e.outerHTML)`)
	for _, e := range nameless {
		t.Errorf("has no name: %s", e)
	}
	p.send("spoken")
	p.until(`document.getElementById("say").textContent.includes("onmessage spoken")`)
}

// testRules: rows of every kind, and the list of programs, break no rule of axe-core, wide and narrow, light and
// dark.
func testRules(t *testing.T, browser context.Context, s *harness.Server) {
	p := openPage(t, browser, s.Addr, "/echo")
	p.loadAxe()
	looks := func(what string) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 375} {
				p.show(width, scheme)
				p.audit(fmt.Sprintf("%s, %s, %d wide", what, scheme, width))
			}
		}
	}
	looks("programs")
	p.connect()
	for _, text := range []string{"plain", `{"text":"x","numbers":[1,2.5,null,true]}`, "\x1b[31mred \x1b[1;32mgreen \x1b[7mturned", "http://localhost:1/x"} {
		p.send(text)
	}
	p.awaitRow("onmessage", "http://localhost:1/x")
	looks("messages")
	p.click("toggle")
	p.awaitRow("onclose", "")
	p.fill("url", "ws://"+s.Addr+"/nothing")
	p.focus("url")
	p.keys("\r")
	p.awaitRow("onclose", "The server refused")
	looks("endings")
}

// testPictures draws the page light and dark.
func testPictures(t *testing.T, browser context.Context, _ *harness.Server) {
	pace := "0"
	if pictures != "" {
		pace = "0.5"
	}
	o := harness.Options{
		Bin: harness.Binary(t),
		Args: []string{"--devconsole", "--dir=" + harness.Scripts(t, map[string]string{
			"count.sh":   `for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep ` + pace + `; done`,
			"greeter.py": `while read -r name; do echo "Hello $name!"; [ "$name" = nobody ] && { echo "no name to greet" >&2; exit 3; }; done`,
		})},
	}
	if pictures != "" {
		o.Port = 8080
	}
	s := o.Start(t)
	host := "localhost:" + strconv.Itoa(s.Port)
	p := openPage(t, browser, host, "/count.sh")
	p.keys("\r")
	p.awaitRow("onclose", "exit status 0")
	p.fill("url", "ws://"+host+"/greeter.py")
	p.connect()
	for _, name := range []string{"Ada", "Grace", "nobody"} {
		p.send(name)
		p.awaitRow("onmessage", "Hello "+name)
	}
	p.awaitRow("onclose", "exit status 3")
	brightness := func(scheme string) int {
		p.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"}, // nothing is on its way to another colour
		}))
		return keepPicture(t, p, scheme)
	}
	light, dark := brightness("light"), brightness("dark")
	if light < 200 || dark > 60 {
		t.Errorf("mean brightness %d in light and %d in dark", light, dark)
	}
}

// pictures says which pictures to keep, in the way of
// CONSOLE_PICTURES=light=../../doc/console.png,dark=/somewhere/else.png
var pictures = os.Getenv("CONSOLE_PICTURES")

// keepPicture draws the page and returns its mean brightness, up to 255.
func keepPicture(t *testing.T, p *page, name string) int {
	t.Helper()
	var data []byte
	p.do(chromedp.CaptureScreenshot(&data))
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	size, sum, n := picture.Bounds(), 0, 0
	for y := size.Min.Y; y < size.Max.Y; y += 7 {
		for x := size.Min.X; x < size.Max.X; x += 7 {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum, n = sum+int(r+g+b)/3>>8, n+1
		}
	}
	for wanted := range strings.SplitSeq(pictures, ",") {
		if file, ok := strings.CutPrefix(wanted, name+"="); ok {
			harness.WriteFile(t, file, string(data), 0o644)
		}
	}
	return sum / n
}
