package mcp

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// flows is what a page sees of the whole flow, by era.
var flows = map[string]string{
	legacy: `{"session":64,"server":"sdkserver","initialized":202,"stream":true,"tools":true,"echo":"Grüße","steps":"1 2 3 stepped","deleted":204,"after":404}`,
	modern: `{"server":true,"tools":true,"echo":"Grüße","steps":"1 2 3 stepped"}`,
}

// TestPages: a page of an allowed origin does everything, one of another origin nothing.
func TestPages(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"allowed": testAllowedPage, "with a token": testTokenPage, "of another origin": testForeignPage, "rebound": testReboundPage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, chromium)
		})
	}
}

// homepage serves a page with page.js at an origin of its own.
func homepage(t *testing.T) (origin string) {
	t.Helper()
	script, err := os.ReadFile("testdata/page.js")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!DOCTYPE html><title>a page</title><script>%s</script>", script)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// show shows a URL in a window of its own.
func show(t *testing.T, chromium context.Context, url string) context.Context {
	t.Helper()
	tab := window(t, chromium)
	runIn(t, tab, chromedp.Navigate(url))
	return tab
}

func window(t *testing.T, chromium context.Context) context.Context {
	t.Helper()
	tab, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	if err := chromedp.Run(tab); err != nil { // the context of the first run is that of the tab
		t.Fatal(err)
	}
	return tab
}

func runIn(t *testing.T, tab context.Context, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := harness.WithPatience(t, tab)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatalf("the browser: %v", err)
	}
}

// said returns what a promise of the page's resolves to.
func said(t *testing.T, tab context.Context, promise string) (words string) {
	t.Helper()
	runIn(t, tab, chromedp.Evaluate(promise, &words, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return words
}

// paged starts our binary before the SDK's server.
func paged(t *testing.T, flags ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append(append([]string{"--mcp"}, flags...), sdkServer(t))...)
}

func testAllowedPage(t *testing.T, chromium context.Context) {
	home := homepage(t)
	s := paged(t, "--origin="+home)
	tab := show(t, chromium, home)
	for era, want := range flows {
		if got := said(t, tab, fmt.Sprintf("flow(%q, %q)", "http://"+s.Addr+"/", era)); got != want {
			t.Errorf("%s: %s, not %s", era, got, want)
		}
	}
	s.Out.Await(t, "cancelled: by a page")
}

// testTokenPage: the page is told who lets it in, and then does everything.
func testTokenPage(t *testing.T, chromium context.Context) {
	const token = "token-of-ada-0123456789"
	home, file := homepage(t), filepath.Join(t.TempDir(), "tokens")
	harness.WriteFile(t, file, "ada:"+token+"\n", 0o600)
	s := paged(t, "--origin="+home, "--tokenfile="+file)
	tab := show(t, chromium, home)
	if got := said(t, tab, fmt.Sprintf("refused(%q)", "http://"+s.Addr+"/")); !strings.HasPrefix(got, "401 Bearer") {
		t.Errorf("without a token: %s", got)
	}
	if n := len(s.Children()); n != 0 {
		t.Errorf("%d processes for nobody", n)
	}
	for era, want := range flows {
		if got := said(t, tab, fmt.Sprintf("(window.token = %q, flow(%q, %q))", token, "http://"+s.Addr+"/", era)); got != want {
			t.Errorf("%s: %s, not %s", era, got, want)
		}
	}
}

// testForeignPage: nothing is read by a page of another origin, nor by one of none, and no
// process is started.
func testForeignPage(t *testing.T, chromium context.Context) {
	for name, promise := range map[string]string{"another origin": "tries('%s')", "no origin": `new Promise(done => {
		addEventListener("message", ({ data }) => done(data));
		const box = Object.assign(document.createElement("iframe"), { sandbox: "allow-scripts",
			srcdoc: "<script>" + document.scripts[0].textContent + "; tries('%s').then(words => parent.postMessage(words, '*'))</scr" + "ipt>" });
		document.documentElement.append(box);
	})`} {
		s := paged(t, "--origin="+homepage(t))
		tab := show(t, chromium, homepage(t))
		if got := said(t, tab, fmt.Sprintf(promise, "http://"+s.Addr+"/")); got != "" {
			t.Errorf("a page of %s reads: %s", name, got)
		}
		harness.Reaches(t, "refusals of "+name, 5, func() int { return len(s.Out.With("403")) })
		if n := len(s.Children()); n != 0 {
			t.Errorf("a page of %s has started %d processes", name, n)
		}
	}
}

// testReboundPage: a page whose name leads to this machine by now, which a browser takes for
// the server's own, gets nothing.
func testReboundPage(t *testing.T, chromium context.Context) {
	s := paged(t)
	script, err := os.ReadFile("testdata/page.js")
	if err != nil {
		t.Fatal(err)
	}
	origin := fmt.Sprintf("http://evil.localhost:%d", s.Port)
	tab := window(t, chromium)
	page := base64.StdEncoding.EncodeToString([]byte("<!DOCTYPE html><title>before</title><script>" + string(script) + "</script>"))
	chromedp.ListenTarget(tab, func(event any) {
		if e, ok := event.(*fetch.EventRequestPaused); ok {
			go chromedp.Run(tab, fetch.FulfillRequest(e.RequestID, http.StatusOK).WithBody(page).
				WithResponseHeaders([]*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/html; charset=utf-8"}}))
		}
	})
	runIn(t, tab, fetch.Enable(), chromedp.Navigate(origin+"/"), fetch.Disable())
	got := said(t, tab, fmt.Sprintf("tries(%q)", origin+"/"))
	for _, name := range []string{"plain", "simple", "blind", "get", "remove"} {
		if !strings.Contains(got, name+": 421 ") {
			t.Errorf("a rebound page is not answered %s: 421, but %s", name, got)
		}
	}
	if n := len(s.Children()); n != 0 {
		t.Errorf("%d processes for a rebound page", n)
	}
}
