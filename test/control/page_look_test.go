package control

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// looks shows the page in a window, light or dark.
func (v *pageView) looks(width, height int64, scheme string) {
	v.t.Helper()
	v.run(chromedp.EmulateViewport(width, height), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}))
}

// audit holds what the page shows against the rules of axe-core.
func (v *pageView) audit(what string) {
	v.t.Helper()
	var violations []string
	v.run(chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.flatMap(({id, help, nodes}) =>
		nodes.map(({html, failureSummary}) => id + ": " + help + ": " + html.slice(0, 200) + " " + failureSummary)))`, &violations,
		func(p *cdpruntime.EvaluateParams) *cdpruntime.EvaluateParams { return p.WithAwaitPromise(true) }))
	for _, violation := range violations {
		v.t.Errorf("%s: %s", what, violation)
	}
}

// TestDashboardAccessible: the page breaks no rule of axe-core, wide and narrow, light and dark,
// with a log, with a question, and while it asks for the token; and a narrow window shows all of
// it.
func TestDashboardAccessible(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node:axe")
	axe, err := os.ReadFile(filepath.Join(harness.ClientsDir(), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	s := superviseAt(t, keptAlive, "--admin=127.0.0.1:0")
	s.Out.Await(t, "instance:'web'", "| START")
	c := s.ConnectTo(t, "/web")
	v := openBoard(t, s)
	v.run(chromedp.Evaluate(string(axe), nil))
	v.is(rowOf)
	v.shows("#connections", "/web")
	v.does("mailer", "Log", false)
	v.shows("#lines", "no mailer.conf")
	v.run(chromedp.SendKeys("#search", "conf", chromedp.ByQuery))
	v.does("mailer", "Start", false)
	v.shows("#ended", "crashed")
	v.is(`document.querySelector("details").open = true, 0`)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1300, 1000, 360} {
			v.looks(width, 700, scheme)
			v.audit(fmt.Sprintf("%s, %d wide", scheme, width))
			if over := v.is(`document.documentElement.scrollWidth - innerWidth`); over.(float64) > 0 {
				t.Errorf("%d wide: the page is %v pixels wider", width, over)
			}
		}
		v.does("worker", "Scale", false)
		v.waits(`document.getElementById("sure").open`)
		v.audit(scheme + ", a question")
		v.run(chromedp.KeyEvent("\x1b"))
		v.waits(`!document.getElementById("sure").open`)
	}
	v.is(`login(new Refused(401, "")), 0`)
	v.audit("the token")
	c.SendClose(1000, "")
}

// TestDashboardKeys: everything is reached by the keyboard, and what was reached stays.
func TestDashboardKeys(t *testing.T) {
	t.Parallel()
	v := openBoard(t, superviseAt(t, keptAlive, "--admin=127.0.0.1:0"))
	v.is(rowOf)
	v.row("worker", "2 online")
	v.run(chromedp.Focus("#find"), chromedp.KeyEvent("worker-1"))
	v.waits(`document.querySelectorAll("#programs tbody tr").length === 1`)
	v.run(chromedp.KeyEvent("\t"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\t"))
	if on := v.is(`document.activeElement.ariaLabel`); on != "Stop worker-1" {
		t.Fatalf("the focus is on %v", on)
	}
	v.run(chromedp.KeyEvent("\r"))
	v.waits(`document.getElementById("sure").open`)
	v.run(chromedp.KeyEvent("\x1b"))
	v.waits(`document.activeElement.ariaLabel === "Stop worker-1"`)
	v.run(chromedp.KeyEvent("\r"))
	v.waits(`document.getElementById("sure").open`)
	v.run(chromedp.Focus("#yes"), chromedp.KeyEvent("\r"))
	v.row("worker-1", "stopped")
	v.waits(`document.activeElement.ariaLabel === "Start worker-1"`) // what is there in its place
}

// demo are the programs of the pictures in the documentation.
const demo = `
[program.db]
command = ["sh", "-c", "echo ready to accept connections; i=0; while :; do i=$((i+1)); echo \"query $i: $((i*7%23)) ms\"; sleep 0.4; done"]
lifetime = "supervised"
health = { script = ["true"], interval = "1s" }
[program.api]
command = ["sh", "-c", "echo \"listening on $PORT\"; n=0; while :; do n=$((n+1)); [ $((n%9)) -lt 3 ] && (j=0; while [ $j -lt 60000 ]; do j=$((j+1)); done); sleep 0.3; done"]
lifetime = "supervised"
instances = 2
port = "3000-3003"
after = ["db:healthy"]
[program.worker]
command = ["sh", "-c", "echo at work; i=0; while :; do i=$((i+1)); j=0; while [ $j -lt $((i%5*9000)) ]; do j=$((j+1)); done; sleep 0.5; done"]
lifetime = "supervised"
after = ["db:ready"]
[program.mailer]
command = ["sh", "-c", "sleep 0.2; echo 'no mailer.conf' >&2; exit 3"]
lifetime = "supervised"
max_restarts = 3
restart_delay = "10ms"
[program.greet]
command = ["cat"]
`

// pictures is where the pictures of the documentation are kept, in the way of
// PAGE_PICTURES=../../doc/images; "" is nowhere.
var pictures = os.Getenv("PAGE_PICTURES")

// TestDashboardPictures draws the page for the documentation: light, dark and narrow.
func TestDashboardPictures(t *testing.T) {
	t.Parallel()
	s := superviseAt(t, demo, "--admin=127.0.0.1:0")
	greeted, viewer := s.ConnectTo(t, "/greet"), s.ConnectTo(t, "/db")
	greeted.Echo(t, "hello")
	v := openBoard(t, s)
	v.is(rowOf)
	v.row("api", "2 online")
	v.row("mailer", "errored")
	samples := 3
	if pictures != "" {
		samples = 50
	}
	harness.Reaches(t, "samples of the charts", samples, func() int { return int(v.is(`series.get("worker").cpu.length`).(float64)) })
	v.does("mailer", "Start", false)
	v.shows("#ended", "errored")
	v.looks(1180, 960, "light")
	light := v.picture("dashboard-light")
	v.does("db", "Log", false)
	v.shows("#lines", "query")
	v.is(`scrollTo(0, 0)`)
	v.looks(1180, 960, "dark")
	dark := v.picture("dashboard-dark")
	if light < 200 || dark > 60 {
		t.Errorf("mean brightness %d in light and %d in dark", light, dark)
	}
	v.is(`hide(), scrollTo(0, 0)`)
	v.looks(390, 844, "light")
	v.picture("dashboard-phone")
	greeted.SendClose(1000, "")
	viewer.SendClose(1000, "")
}

// picture draws the page, and returns its mean brightness, up to 255.
func (v *pageView) picture(name string) int {
	v.t.Helper()
	var data []byte
	v.run(chromedp.CaptureScreenshot(&data))
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		v.t.Fatal(err)
	}
	if pictures != "" {
		harness.WriteFile(v.t, filepath.Join(pictures, name+".png"), string(data), 0o644)
	}
	size, sum, n := drawn.Bounds(), 0, 0
	for y := size.Min.Y; y < size.Max.Y; y += 7 {
		for x := size.Min.X; x < size.Max.X; x += 7 {
			r, g, b, _ := drawn.At(x, y).RGBA()
			sum, n = sum+int(r+g+b)/3>>8, n+1
		}
	}
	return sum / n
}
