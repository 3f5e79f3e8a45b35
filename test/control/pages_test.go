package control

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// attempts are what a page tries in order to read what the operator reads, or to do what the
// operator does. Each is JavaScript that gets a URL and ends when the browser has an answer:
// "in" if the page has learned or done something.
var attempts = map[string]string{
	"WebSocket": `new Promise(done => { const s = new WebSocket(url.replace("http", "ws") + "/ws");
		s.onopen = () => { s.close(); done("in"); }; s.onclose = () => done("out"); })`,
	"events": `new Promise(done => { const s = new EventSource(url + "/api/channels/process:cat");
		s.onopen = () => { s.close(); done("in"); }; s.onerror = () => { s.close(); done("out"); } })`,
	"fetch":         `fetch(url + "/api/hub").then(r => r.ok ? "in" : "out", () => "out")`,
	"blind fetch":   `fetch(url + "/api/ticket", {method: "POST", mode: "no-cors"}).then(r => r.ok ? "in" : "out", () => "out")`,
	"asking before": `fetch(url + "/api/ticket", {method: "POST", headers: {"Content-Type": "application/json"}}).then(r => r.ok ? "in" : "out", () => "out")`,
	"image": `new Promise(done => { const i = new Image(); i.onload = () => done("in"); i.onerror = () => done("out");
		i.src = url + "/api/hub"; })`,
	"script": `new Promise(done => { const s = document.createElement("script"); s.onload = () => done("in"); s.onerror = () => done("out");
		s.src = url + "/api/hub"; document.body.append(s); })`,
	"form": `const frame = document.createElement("iframe"), form = document.createElement("form");
		frame.name = form.target = "f" + Math.random(); form.method = "POST"; form.action = url + "/api/ticket";
		document.body.append(frame, form); form.submit(); "out"`,
	"frame": `new Promise(done => { const f = document.createElement("iframe"); f.src = url + "/api/hub";
		f.onload = () => { try { done(f.contentDocument.body.textContent.includes("clients") ? "in" : "out"); } catch { done("out"); } };
		document.body.append(f); })`,
}

// onlooker is a page in a browser, and the server that it attacks.
type onlooker struct {
	*managed
	t    *testing.T
	page context.Context
}

func (v *onlooker) run(actions ...chromedp.Action) {
	v.t.Helper()
	ctx, cancel := harness.WithPatience(v.t, v.page)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.t.Fatalf("the browser: %v", err)
	}
}

func (v *onlooker) show(url string) {
	v.t.Helper()
	v.run(chromedp.Navigate(url), chromedp.WaitReady("body"))
}

// try makes an attempt on a place.
func (v *onlooker) try(attempt, place string) (outcome string) {
	v.t.Helper()
	script := fmt.Sprintf("{ const url = %q; %s }", place, attempt)
	v.run(chromedp.Evaluate(script, &outcome, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return outcome
}

// attack tries everything, in vain: the server has let in nothing.
func (v *onlooker) attack(place string) {
	v.t.Helper()
	before := v.admitted()
	for name, attempt := range attempts {
		refused := v.refused()
		if outcome := v.try(attempt, place); outcome != "out" {
			v.t.Errorf("%s at %s: %s", name, place, outcome)
		}
		harness.Until(v.t, name+" is refused by the server", func() bool { return v.refused() > refused })
	}
	if after := v.admitted(); after != before {
		v.t.Errorf("%d requests were admitted:\n%s", after-before, v.Out)
	}
}

// admitted counts the requests that were let in, and refused those that were not.
func (v *onlooker) admitted() int { return len(v.Out.With("ACCESS", "admin")) - v.refused() }

func (v *onlooker) refused() (n int) {
	for _, line := range v.Out.With("ACCESS", "admin") {
		if strings.Contains(line, ": Forbidden: ") || strings.Contains(line, ": Misdirected Request: ") || strings.Contains(line, ": Unauthorized: ") {
			n++
		}
	}
	return n
}

// site serves a page of somebody else's at an address, and returns its URL.
func site(t *testing.T, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(blank))
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func blank(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte("<!DOCTYPE html><title>somebody's</title><body>"))
}

// TestPages: a page of another site learns nothing and does nothing in a browser that can reach
// the operator's listener, neither by its address nor by a name of its own, whether there is a
// token or none. Without one, a page of this machine can.
func TestPages(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for name, test := range map[string]struct {
		flags []string
		run   func(v *onlooker)
	}{
		"another site, token": {nil, func(v *onlooker) { v.show(site(v.t, "127.0.0.2:0")); v.attack("http://" + v.address) }},
		"another site, none":  {[]string{"--admintoken=none"}, func(v *onlooker) { v.show(site(v.t, "127.0.0.2:0")); v.attack("http://" + v.address) }},
		"rebinding, token":    {nil, func(v *onlooker) { v.attack(v.rebind()) }},
		"rebinding, none":     {[]string{"--admintoken=none"}, func(v *onlooker) { v.attack(v.rebind()) }},
		"this machine, token": {nil, func(v *onlooker) { v.show(site(v.t, "127.0.0.1:0")); v.attack("http://" + v.address) }},
		"this machine, none":  {[]string{"--admintoken=none"}, ofThisMachine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, _, closeWindow := browser.Window(t, chromium)
			t.Cleanup(closeWindow)
			if err := chromedp.Run(page); err != nil { // whose context is that of the page from now on
				t.Fatal(err)
			}
			test.run(&onlooker{atLoopback(t, catOptions(), test.flags...), t, page})
		})
	}
}

// ofThisMachine: a page of localhost may do what the operator may. A page without a request of
// its own, as for an image, may not.
func ofThisMachine(v *onlooker) {
	v.show(strings.Replace(site(v.t, "127.0.0.1:0"), "127.0.0.1", "localhost", 1))
	for name, want := range map[string]string{"WebSocket": "in", "fetch": "in", "asking before": "in", "image": "out", "script": "out", "frame": "out"} {
		if outcome := v.try(attempts[name], "http://"+v.address); outcome != want {
			v.t.Errorf("%s of a page of this machine: %s, want %s", name, outcome, want)
		}
	}
}

// rebind shows a page of a name that belongs to somebody else, and then to this machine: what
// it asks its own site for comes to the operator's listener. It returns its origin. Browsers
// know names below localhost without asking anyone.
func (v *onlooker) rebind() string {
	v.t.Helper()
	var rebound atomic.Bool
	to := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", v.address, r.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rebound.Load() {
			to.ServeHTTP(w, r)
			return
		}
		blank(w, r)
	}))
	v.t.Cleanup(s.Close)
	place := "http://evil.localhost:" + strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	v.show(place)
	rebound.Store(true)
	return place
}
