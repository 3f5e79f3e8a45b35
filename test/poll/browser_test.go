package poll

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// page is one of another origin than the server's.
type page struct {
	t   *testing.T
	ctx context.Context
}

// openPage shows an empty page that a test has served, under a host name.
func openPage(t *testing.T, chromium context.Context, host string) *page {
	t.Helper()
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
	}))
	tab, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(func() {
		closeWindow()
		pages.Close()
	})
	if err := chromedp.Run(tab, chromedp.Navigate(strings.Replace(pages.URL, "127.0.0.1", host, 1))); err != nil {
		t.Fatal(err)
	}
	return &page{t, tab}
}

// eval is the value of a JavaScript expression, a promise's when it has come.
func eval[V any](p *page, expression string) (value V) {
	p.t.Helper()
	ctx, cancel := harness.WithPatience(p.t, p.ctx)
	defer cancel()
	wait := func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }
	if err := chromedp.Run(ctx, chromedp.Evaluate(expression, &value, wait)); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// listen is an EventSource that writes down what happens to it, and leaves it to the
// server to stop it.
const listen = `window.seen = [];
window.source = new EventSource(%q);
for (const kind of ["message", "json", "base64", "end"])
	source.addEventListener(kind, event => seen.push(kind + " " + event.data + " " + event.lastEventId.split(":")[1]));
source.addEventListener("error", () => seen.push("error " + source.readyState));
0`

// TestBrowser is one browser for all: to start it takes longer than a test does.
func TestBrowser(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	t.Run("EventSource", func(t *testing.T) { testEventSource(t, chromium) })
	t.Run("Gzip", func(t *testing.T) { testGzip(t, chromium) })
	t.Run("CutOff", func(t *testing.T) { testCutOff(t, chromium) })
	t.Run("Fetch", func(t *testing.T) { testFetch(t, chromium) })
	t.Run("OtherHost", func(t *testing.T) { testOtherHost(t, chromium) })
	t.Run("NamedHost", func(t *testing.T) { testNamedHost(t, chromium) })
}

// A page of the same host name, from whatever port, gets every line and the end. Its
// EventSource comes back once, is told to stop, and has had one process.
func testEventSource(t *testing.T, chromium context.Context) {
	command, starts := counted(t, `printf ' a\n\nb\rc\n'; exit 3`)
	s := start(t, command...)
	p := openPage(t, chromium, "127.0.0.1")
	eval[any](p, fmt.Sprintf(listen, "http://"+s.Addr+"/"))
	harness.Until(t, "the EventSource has stopped", func() bool { return eval[int](p, "source.readyState") == 2 })
	got := strings.Join(eval[[]string](p, "seen"), "|")
	if want := `message  a 1|message  2|json "b\rc" 3|end {"code":4003,"reason":"exit status 3"} 3|error 0|error 2`; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	if again := s.Out.With("No Content"); len(again) != 1 || starts() != 1 {
		t.Errorf("%d processes were started, and 204 was answered %d times", starts(), len(again))
	}
}

// One whose connection breaks after the first message does not get a second process
// either.
func testCutOff(t *testing.T, chromium context.Context) {
	command, starts := counted(t, "echo up; sleep 1000")
	options := harness.Options{Bin: harness.Binary(t), Port: harness.FreePort(t), Args: command}
	first := options.Start(t)
	p := openPage(t, chromium, "127.0.0.1")
	eval[any](p, fmt.Sprintf(listen, "http://"+first.Addr+"/"))
	harness.Until(t, "the EventSource has a message", func() bool { return eval[int](p, "seen.length") > 0 })
	first.Signal(t, syscall.SIGKILL)
	first.Wait(t)
	second := options.Start(t)
	harness.Until(t, "the EventSource has stopped", func() bool { return eval[int](p, "source.readyState") == 2 })
	if again := second.Out.With("No Content"); len(again) != 1 || starts() != 1 {
		t.Errorf("%d processes were started, and 204 was answered %d times; %q", starts(), len(again), eval[[]string](p, "seen"))
	}
}

// A page of the same host name may POST, also what its browser asks about first.
func testFetch(t *testing.T, chromium context.Context) {
	s := start(t, "sh", "-c", "cat; exit 3")
	p := openPage(t, chromium, "127.0.0.1")
	for _, headers := range []string{`{}`, `{"Content-Type": "application/json"}`} {
		got := eval[string](p, fmt.Sprintf(`fetch("http://%s/", {method: "POST", body: "{}\n", headers: %s}).then(r => r.text())`, s.Addr, headers))
		if got != "{}\n" {
			t.Errorf("%s: %q", headers, got)
		}
	}
}

// A page of another host name starts nothing, whatever it does.
func testOtherHost(t *testing.T, chromium context.Context) {
	command, starts := counted(t, "echo hello")
	s := start(t, append([]string{"--host=localhost"}, command...)...)
	p := openPage(t, chromium, "other.localhost")
	url := "http://" + s.Addr + "/"
	eval[any](p, fmt.Sprintf(listen, url))
	harness.Until(t, "the EventSource has failed", func() bool { return eval[int](p, "source.readyState") == 2 })
	if got := eval[[]string](p, "seen"); len(got) != 1 || got[0] != "error 2" {
		t.Errorf("the EventSource has seen %q", got)
	}
	for _, attempt := range []string{
		`new Promise(done => { const image = new Image(); image.onerror = () => done("refused"); image.onload = () => done("loaded"); image.src = "%s"; })`,
		`fetch("%s", {mode: "no-cors", headers: {"Accept": "text/event-stream"}}).then(r => r.type == "opaque" ? "refused" : "read")`,
		`fetch("%s?wait=1s", {mode: "no-cors", headers: {"Accept": "application/json"}}).then(r => r.type == "opaque" ? "refused" : "read")`,
		`fetch("%s", {mode: "no-cors", method: "POST", body: "x"}).then(r => r.type == "opaque" ? "refused" : "read")`,
		`fetch("%s", {method: "POST", body: "x"}).then(() => "read", () => "refused")`,
		`fetch("%s", {method: "POST", body: "x", headers: {"Content-Type": "application/json"}}).then(() => "read", () => "refused")`,
		`fetch("%s", {headers: {"Accept": "text/event-stream"}}).then(() => "read", () => "refused")`,
	} {
		if got := eval[string](p, fmt.Sprintf(attempt, url)); got != "refused" {
			t.Errorf("%s: %s", attempt, got)
		}
	}
	if n := starts(); n != 0 {
		t.Errorf("%d processes were started:\n%s", n, s.Out)
	}
	if refused := s.Out.With("Forbidden"); len(refused) < 6 {
		t.Errorf("only %d refusals:\n%s", len(refused), s.Out)
	}
}
