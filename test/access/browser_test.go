package access

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// attempts are what a page tries in order to have a program run, or to read what it says. Each
// is JavaScript that gets a URL and ends when the browser has an answer.
var attempts = map[string]string{
	"WebSocket": `new Promise(done => { const s = new WebSocket(url.replace("http", "ws"));
		s.onopen = () => { s.close(); done("in"); }; s.onclose = () => done("out"); })`,
	"bearer": `new Promise(done => { const s = new WebSocket(url.replace("http", "ws"), ["bearer.YW5u", "websocketd"]);
		s.onopen = () => { s.close(); done("in"); }; s.onclose = () => done("out"); })`,
	"events": `new Promise(done => { const s = new EventSource(url, {withCredentials: true});
		s.onopen = () => { s.close(); done("in"); }; s.onerror = () => { s.close(); done("out"); } })`,
	"fetch":       `fetch(url, {method: "POST", body: "x", credentials: "include"}).then(r => r.ok ? "in" : "out", () => "out")`,
	"blind fetch": `fetch(url, {method: "POST", body: "x", mode: "no-cors", credentials: "include"}).then(r => r.ok ? "in" : "out", () => "out")`,
	"form": `const frame = document.createElement("iframe"), form = document.createElement("form");
		frame.name = form.target = url; form.method = "POST"; form.action = url;
		document.body.append(frame, form); form.submit(); "out"`,
}

// victim is a house whose pages a browser shows, and which somebody's page attacks.
type victim struct {
	*house
	t      *testing.T
	page   context.Context
	legal  int // how many processes those who may have started
	number int // of the attempt
}

// show shows a page.
func (v *victim) show(url string) {
	v.t.Helper()
	v.run(chromedp.Navigate(url), chromedp.WaitReady("body"))
}

func (v *victim) run(actions ...chromedp.Action) {
	v.t.Helper()
	ctx, cancel := harness.WithPatience(v.t, v.page)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.t.Fatalf("the browser: %v", err)
	}
}

// entering is what the server's own page does: it leaves when the program has said something,
// and not before: one that is ended while it starts leaves no trace.
const entering = `new Promise(done => { const s = new WebSocket(url.replace("http", "ws"));
	s.onmessage = () => { s.close(); done("in"); }; s.onclose = () => done("out"); })`

// try makes an attempt on a program at a place, and waits until the server has answered.
func (v *victim) try(attempt, place, path string) (outcome string) {
	v.t.Helper()
	v.number++
	mark := fmt.Sprintf("try=%d-", v.number)
	script := fmt.Sprintf("{ const url = %q; %s }", place+path+"?"+mark, attempt)
	v.run(chromedp.Evaluate(script, &outcome, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	v.Out.Await(v.t, mark)
	return outcome
}

// attack tries everything, in vain.
func (v *victim) attack(place string) {
	v.t.Helper()
	for name, attempt := range attempts {
		for _, path := range []string{"/own", "/shared", "/session"} {
			if outcome := v.try(attempt, place, path); outcome != "out" {
				v.t.Errorf("%s at %s%s: %s", name, place, path, outcome)
			}
		}
	}
	if n := v.started(v.t); n != v.legal {
		v.t.Errorf("%d processes were started, expected %d", n, v.legal)
	}
}

// enter opens a WebSocket of the server's own page.
func (v *victim) enter() {
	v.t.Helper()
	v.legal++
	if outcome := v.try(entering, "http://"+v.Addr, "/own"); outcome != "in" {
		v.t.Fatalf("the page of the server's own is kept %s", outcome)
	}
	harness.Reaches(v.t, "processes", v.legal, func() int { return v.started(v.t) })
}

// evil serves a page on another host, and returns its URL.
func evil(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
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
	w.Write([]byte("<!DOCTYPE html><title>evil</title><body>"))
}

// TestPages: a page of somebody else's has no program run and reads nothing, also in a
// browser that could: it has a password, or a login.
func TestPages(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *victim){
		"cross-site, without credentials": crossSiteWithout,
		"cross-site, with a password":     crossSitePassword,
		"cross-site, with a login":        crossSiteLogin,
		"rebinding, without credentials":  rebindingWithout,
		"rebinding, with a login":         rebindingLogin,
		"led to a login":                  ledToLogin,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, _, closeWindow := browser.Window(t, chromium)
			t.Cleanup(closeWindow)
			if err := chromedp.Run(page); err != nil { // whose context is that of the page from now on
				t.Fatal(err)
			}
			h := newHouse(t)
			h.write(t, "public/page.html", "<!DOCTYPE html><title>own</title><body>")
			test(t, &victim{house: h, t: t, page: page})
		})
	}
}

func crossSiteWithout(t *testing.T, v *victim) {
	v.house.open(t)
	v.show("http://" + v.Addr + "/page.html")
	v.enter()
	v.show(evil(t))
	v.attack("http://" + v.Addr)
}

func crossSitePassword(t *testing.T, v *victim) {
	v.house.open(t, kindOf("password").flags(t, v.house)...)
	who := url.UserPassword("ann", annsPassword)
	v.show((&url.URL{Scheme: "http", User: who, Host: v.Addr, Path: "/page.html"}).String())
	v.enter() // the browser sends the password along by itself
	v.show(evil(t))
	v.attack("http://" + v.Addr)
}

func crossSiteLogin(t *testing.T, v *victim) {
	k := kindOf("token")
	v.house.open(t, append(k.flags(t, v.house), "--origin=*")...) // the origin does not stop them
	v.login(k)
	v.enter()
	v.show(evil(t))
	v.attack("http://" + v.Addr) // the cookie does not go along
}

// ledToLogin: a page of somebody else's leads to a login, and is answered with a question.
func ledToLogin(t *testing.T, v *victim) {
	k := kindOf("token")
	v.house.open(t, k.flags(t, v.house)...)
	v.show(evil(t))
	v.run(chromedp.Evaluate(fmt.Sprintf("location = %q", v.loginURL(k)), nil))
	v.await("websocketd: log in?")
	v.run(chromedp.Evaluate(`document.querySelector("a").click()`, nil))
	v.await("own")
	v.enter()
}

// login follows a login URL.
func (v *victim) login(k kind) {
	v.t.Helper()
	v.show(v.loginURL(k))
	v.await("own")
}

// loginURL returns one that leads to a page of the house.
func (v *victim) loginURL(k kind) string {
	v.t.Helper()
	return "http://" + v.Addr + "/.websocketd/login?to=/page.html&token=" + v.ticket(v.t, k.ann[0])
}

// await waits until a page of this title is shown.
func (v *victim) await(title string) {
	v.t.Helper()
	harness.Until(v.t, "the page "+title, func() bool {
		var shown string
		v.run(chromedp.Title(&shown))
		return shown == title
	})
}

func rebindingWithout(t *testing.T, v *victim) {
	v.house.open(t)
	place := v.rebind()
	v.attack(place)
	if !v.Out.Has("status:'421'") {
		t.Errorf("it is not the Host that is refused:\n%s", v.Out)
	}
}

func rebindingLogin(t *testing.T, v *victim) {
	k := kindOf("token")
	v.house.open(t, append(k.flags(t, v.house), "--host=evil.localhost")...) // the Host does not stop them
	v.login(k)
	v.enter()
	v.attack(v.rebind())
	if !v.Out.Has("status:'401'") {
		t.Errorf("it is not the credentials that are missing:\n%s", v.Out)
	}
}

// rebind shows a page of a name that belongs to somebody else, and then to this machine. It
// returns its origin. Browsers know names below localhost without asking anyone.
func (v *victim) rebind() string {
	v.t.Helper()
	var rebound atomic.Bool
	to := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", v.Addr, r.In.Host
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

// kindOf returns the row of a name.
func kindOf(name string) kind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	panic("no row of the name " + strings.ToUpper(name))
}
