package browserclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

const secret = "token+of/ada-0123456789~"

// lifetimes are those of the programs of serve, by their paths.
var lifetimes = []string{"connection", "shared", "session"}

// serve serves a program of each lifetime, which says who its client is, and a page, to those
// with the token.
func serve(t *testing.T, flags ...string) *harness.Server {
	t.Helper()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "tokens"), "ada:"+secret+"\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "public", "page.html"), page(""), 0o644)
	config := ""
	for _, lifetime := range lifetimes {
		config += fmt.Sprintf("[program.%[1]s]\ncommand = [\"sh\", \"-c\", 'echo \"hello ${REMOTE_USER:-all}\"; exec cat']\nlifetime = %[1]q\n", lifetime)
	}
	harness.WriteFile(t, filepath.Join(dir, "config.toml"), config, 0o644)
	return harness.Options{Bin: harness.Binary(t), Dir: dir,
		Args: append(flags, "--config=config.toml", "--tokenfile=tokens", "--staticdir=public")}.Start(t)
}

// page is one with the browser client of a server.
func page(server string) string {
	return `<!DOCTYPE html><title>page</title><script src="` + server + `/.websocketd/client.js"></script>
<script>
// talk returns what a program says first, and what it says to a question; or how that ended.
async function talk(url, options) {
	const c = websocketd.connect(url, {tries: 0, patience: 60_000, ...options}), got = [];
	for await (const text of c) {
		if (got.push(text) === 1) c.send("a line");
		if (got.length === 2) break;
	}
	if (got.length < 2) got.push((await c.ended).text);
	c.close();
	return got.join(", ");
}
</script><p id="ready">`
}

// tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, chromium context.Context) *tab {
	t.Helper()
	ctx, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	if err := chromedp.Run(ctx); err != nil { // whose context is that of the tab from now on
		t.Fatal(err)
	}
	return &tab{t, ctx}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := harness.WithPatience(b.t, b.ctx)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns what JavaScript resolves to.
func (b *tab) eval(script string) (value string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(script, &value, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return value
}

// says is what a client with the token is told at a path.
func says(lifetime string) string {
	if lifetime == "shared" { // which is nobody's
		return "hello all, a line"
	}
	return "hello ada, a line"
}

// TestLogin: a page that a login URL leads to talks to programs by the cookie, and so does
// one that is loaded again. A page of another host does not have the cookie, and after
// logout nobody has it.
func TestLogin(t *testing.T) {
	t.Parallel()
	s, b := serve(t, "--origin=*"), newTab(t, browser.Start(t))
	ask, err := http.NewRequest("POST", "http://"+s.Addr+"/.websocketd/ticket", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Authorization", "Bearer "+secret)
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var told struct{ Login string }
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		t.Fatal(err)
	}
	own := "http://" + s.Addr + "/page.html"
	b.run(chromedp.Navigate("http://"+s.Addr+told.Login+"&to=/page.html"), chromedp.WaitReady("#ready"))
	for range 2 {
		for _, lifetime := range lifetimes {
			if got := b.eval(fmt.Sprintf("talk(%q)", "/"+lifetime)); got != says(lifetime) {
				t.Errorf("%s: %q", lifetime, got)
			}
		}
		b.run(chromedp.Navigate(own), chromedp.WaitReady("#ready"))
	}
	if got := b.eval("document.cookie"); got != "" {
		t.Errorf("a script reads the cookie: %q", got)
	}
	b.run(chromedp.Navigate(elsewhere(t)+"?server="+s.Addr), chromedp.WaitReady("#ready"))
	for _, lifetime := range lifetimes {
		for _, how := range []string{"{reconnect: false}", "{reconnect: false, fetch: (url, init) => fetch(url, {...init, credentials: 'include'})}"} {
			if got := b.eval(fmt.Sprintf("talk(%q, %s)", "http://"+s.Addr+"/"+lifetime, how)); strings.Contains(got, "hello") {
				t.Errorf("another site gets %q of %s with %s", got, lifetime, how)
			}
		}
	}
	b.run(chromedp.Navigate(own), chromedp.WaitReady("#ready"))
	if got := b.eval(`fetch("/.websocketd/logout", {method: "POST"}).then(r => String(r.status))`); got != "204" {
		t.Errorf("logout: %s", got)
	}
	if got := b.eval(`talk("/connection")`); !strings.HasPrefix(got, "401 Unauthorized") {
		t.Errorf("after logout: %q", got)
	}
}

// TestTokenOfAPage: a page shows a token that it has, also one of another origin that may
// connect; without the token it is refused, in the server's words where it may read them.
func TestTokenOfAPage(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	other := elsewhere(t)
	s := serve(t, "--origin="+other)
	b := newTab(t, chromium)
	b.run(chromedp.Navigate(other+"?server="+s.Addr), chromedp.WaitReady("#ready"))
	for _, lifetime := range lifetimes {
		url := "http://" + s.Addr + "/" + lifetime
		for name, token := range map[string]string{"a string": fmt.Sprintf("%q", secret), "a function": fmt.Sprintf("async () => %q", secret)} {
			if got := b.eval(fmt.Sprintf("talk(%q, {token: %s})", url, token)); got != says(lifetime) {
				t.Errorf("%s, %s: %q", lifetime, name, got)
			}
		}
		if got := b.eval(fmt.Sprintf("talk(%q, {reconnect: false})", url)); strings.Contains(got, "hello") {
			t.Errorf("%s, without a token: %q", lifetime, got)
		}
	}
}

// elsewhere serves a page on another host, with the browser client of the server that its URL
// names, and returns that URL.
func elsewhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(page("http://" + r.URL.Query().Get("server"))))
	}))
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}
