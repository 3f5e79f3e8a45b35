package console

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// guarded serves a program that says who its client is, to those who have credentials.
func guarded(t *testing.T, flag, line string) *harness.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials")
	harness.WriteFile(t, file, line+"\n", 0o600)
	return harness.Start(t, harness.Binary(t), flag+file, "--devconsole", "--resume=1m", "sh", "-c", `echo "hello $REMOTE_USER" | tee /dev/stderr; exec cat`)
}

// testToken: the page asks for a token when its server does. The token is in the memory of
// the page alone, and gone when it is loaded again.
func testToken(t *testing.T, browser context.Context, _ *harness.Server) {
	const secret = "token-of-ada-0123456789"
	s := guarded(t, "--tokenfile=", "ada:"+secret)
	p := openPage(t, browser, s.Addr, "/")
	p.until(`!$("login").hidden && document.activeElement === $("token") && $("wrong").textContent === "" && programs === null`)
	p.do(chromedp.Evaluate("connect()", nil))
	p.awaitRow("onclose", "The server refused: 401, it asks for a token.")
	for wrong, says := range map[string]string{"not-the-token-012345": "It does not take this token.", "caf\u00e9": "No token has such characters."} {
		p.fill("token", wrong)
		p.keys("\r")
		p.until(`!$("login").hidden && $("wrong").textContent === "` + says + `"`)
	}
	p.fill("token", secret)
	keepPicture(t, p, "token")
	p.keys("\r")
	p.until(`$("login").hidden && programs?.length === 1 && document.activeElement === $("url")`)
	p.connect()
	p.awaitRow("onmessage", "hello ada")
	p.awaitRow("stderr", "hello ada")
	p.send("a line")
	p.awaitRow("onmessage", "a line")
	if got := eval[string](p, `$("rows").textContent`); strings.Contains(got, "subprotocol") {
		t.Errorf("what carries the token is told: %s", got)
	}
	kept := eval[string](p, `[document.documentElement.outerHTML, $("token").value, JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href, JSON.stringify(history.state)].join("\n")`)
	p.mu.Lock()
	kept += strings.Join(p.requests, "\n")
	p.mu.Unlock()
	if strings.Contains(kept, secret) {
		t.Errorf("the token is kept: %s", kept)
	}
	p.do(chromedp.Reload())
	p.until(`!$("login").hidden && programs === null`)
}

// testPassword: the browser asks for a password by itself, and has it in a handshake too.
func testPassword(t *testing.T, browser context.Context, _ *harness.Server) {
	s := guarded(t, "--authfile=", "ada:"+sesame)
	p := openPage(t, browser, s.Addr, "/nothing-yet")
	asked := make(chan string, 16)
	chromedp.ListenTarget(p.ctx, func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			go chromedp.Run(p.ctx, fetch.ContinueRequest(e.RequestID))
		case *fetch.EventAuthRequired:
			asked <- e.AuthChallenge.Scheme
			go chromedp.Run(p.ctx, fetch.ContinueWithAuth(e.RequestID, &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: "ada", Password: "sesame-0123"}))
		}
	})
	p.do(fetch.Enable().WithHandleAuthRequests(true), chromedp.Navigate("http://"+s.Addr+"/"))
	p.until(`programs?.length === 1 && $("login").hidden`)
	p.do(fetch.Disable())
	if scheme := <-asked; !strings.EqualFold(scheme, "Basic") {
		t.Errorf("the browser was asked for %s", scheme)
	}
	p.connect()
	p.awaitRow("onmessage", "hello ada")
	p.awaitRow("stderr", "hello ada")
}

// sesame is the SHA-crypt of sesame-0123.
const sesame = "$6$abcdefgh$di7O8RWetHCo2K8uUYNeEG2k3fooKcr419TjP.d5S2eBQPgTUVZR0Se7KOjcW6YufcNCmcMvR8OT7gdCygPSo."
