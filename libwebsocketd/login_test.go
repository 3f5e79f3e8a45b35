//go:build unix

package libwebsocketd

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"websocketd/libwebsocketd/gate"
)

// bearers is a Credential of bearer tokens, each of which is known until it is forgotten.
type bearers struct {
	forgotten sync.Map // by user
}

func (*bearers) Name() string { return "token" }

func (*bearers) Schemes() []string { return []string{"Bearer"} }

func (b *bearers) Identify(_ *http.Request, _ gate.Client, shown gate.Proof) (Identity, *gate.Refusal) {
	user, ok := strings.CutPrefix(shown.Secret, "token-of-")
	who := Identity{User: user, Proof: "Bearer"}
	switch {
	case shown.Scheme == "":
		return Identity{}, nil
	case !ok || !b.Knows(who):
		return Identity{}, gate.Wrong("this token is not known")
	}
	return who, nil
}

func (b *bearers) Knows(who Identity) bool {
	_, gone := b.forgotten.Load(who.User)
	return !gone
}

// guarded is a server that a client of gets nothing from without a token.
type guarded struct {
	*serving
	*bearers
}

func serveGuarded(t *testing.T, cfg Config) guarded {
	t.Helper()
	b := new(bearers)
	cfg.Credentials = &Credentials{Kinds: []Credential{b}}
	return guarded{serve(t, cfg), b}
}

// request makes a request with header lines.
func (g guarded) request(t *testing.T, method, target, lines string) (status int, body string, header http.Header) {
	t.Helper()
	return g.ask(t, method+" "+target+" HTTP/1.1\nHost: HOST\nConnection: close\n"+lines+"\n")
}

// handshake makes a handshake with header lines, and returns its status and what it confirms.
func (g guarded) handshake(t *testing.T, target, lines string) (status int, protocol string) {
	t.Helper()
	status, _, header := g.ask(t, "GET "+target+" HTTP/1.1\nHost: HOST\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"+lines+"\n")
	return status, header.Get("Sec-WebSocket-Protocol")
}

// ticket returns a ticket of a user, and its login URL.
func (g guarded) ticket(t *testing.T, user string) (ticket, login string) {
	t.Helper()
	status, body, header := g.request(t, "POST", ticketPath, "Authorization: Bearer token-of-"+user+"\n")
	var told ticketDocument
	if err := json.Unmarshal([]byte(body), &told); err != nil || status != 200 || told.Expires != 30 || len(told.Ticket) != 43 || header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %q %v", status, body, header)
	}
	return told.Ticket, told.Login
}

// login returns the header line with the cookie of a login of a user.
func (g guarded) login(t *testing.T, user string) string {
	t.Helper()
	status, body, header := g.request(t, "POST", loginPath, "Authorization: Bearer token-of-"+user+"\n")
	if status != http.StatusNoContent || header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %q %v", status, body, header)
	}
	return cookieLine(t, header)
}

func cookieLine(t *testing.T, header http.Header) string {
	t.Helper()
	cookies := (&http.Response{Header: header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("Set-Cookie: %q", header.Values("Set-Cookie"))
	}
	c := cookies[0]
	if c.Path != "/" || !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 0 || !strings.HasPrefix(c.Name, "websocketd-login-") || len(c.Value) != 43 {
		t.Errorf("%+v", c)
	}
	return "Cookie: " + c.Name + "=" + c.Value + "\n"
}

const asAnn = "Authorization: Bearer token-of-ann\n"

// whoami is a script that says whose it is, and what it sees of the request that might open
// something.
const whoami = `echo "$REMOTE_USER,$AUTH_TYPE,$QUERY_STRING,$HTTP_COOKIE,$HTTP_SEC_WEBSOCKET_PROTOCOL,$HTTP_AUTHORIZATION"`

// TestTicketOnce: a ticket lets its user in once; the request for the state does not use it.
func TestTicketOnce(t *testing.T) {
	t.Parallel()
	g := serveGuarded(t, shell(whoami))
	ticket, _ := g.ticket(t, "ann")
	for range 2 {
		if status, body, _ := g.request(t, "GET", "/?state&token="+ticket, "Accept: application/json\n"); status != 200 {
			t.Errorf("state: %d %s", status, body)
		}
	}
	mustRead(t, g.dial(t, "/?a=1&token="+ticket, nil), "ann,Bearer,a=1,,,")
	for name, target := range map[string]string{"used": "/?token=" + ticket, "lasting": "/?token=token-of-ann", "empty": "/?token="} {
		if status, _ := g.handshake(t, target, asAnn); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
	late, _ := g.ticket(t, "ann")
	g.forgotten.Store("ann", true)
	if status, _ := g.handshake(t, "/?token="+late, ""); status != 403 {
		t.Errorf("of somebody who is gone: %d", status)
	}
}

// TestTicketRefused: a ticket is for who has credentials, not for who has a ticket, nor for a
// page of another site.
func TestTicketRefused(t *testing.T) {
	t.Parallel()
	g := serveGuarded(t, shell("cat"))
	ticket, _ := g.ticket(t, "ann")
	for _, test := range []struct {
		method, target, lines string
		status                int
		header, want          string
	}{
		{"POST", ticketPath, "", 401, "WWW-Authenticate", `Bearer realm="websocketd"`},
		{"POST", loginPath, "", 401, "WWW-Authenticate", `Bearer realm="websocketd"`},
		{"POST", loginPath, "Authorization: Bearer x\n", 401, "WWW-Authenticate", `Bearer realm="websocketd", error="invalid_token"`},
		{"POST", ticketPath + "?token=" + ticket, "", 403, "", ""},
		{"POST", ticketPath, asAnn + "Origin: http://bad.example\n", 403, "", ""},
		{"POST", loginPath, asAnn + "Origin: http://bad.example\n", 403, "", ""},
		{"GET", loginPath + "?token=" + ticket, "Sec-Fetch-Site: cross-site\n", 403, "", ""},
		{"GET", ticketPath, asAnn, 405, "Allow", "POST"},
		{"GET", logoutPath, asAnn, 405, "Allow", "POST"},
		{"PUT", loginPath, asAnn, 405, "Allow", "GET, POST"},
		{"GET", loginPath, asAnn, 403, "", ""},
		{"GET", loginPath + "?token=" + ticket, "", 200, "", ""},
	} {
		status, body, header := g.request(t, test.method, test.target, test.lines)
		if status != test.status || test.header != "" && header.Get(test.header) != test.want || header.Get("Cache-Control") != "no-store" || status != 200 && header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s: %d %s %v", test.method, test.target, status, body, header)
		}
	}
}

// TestLoginNeedsCredentials: a server without credentials has nothing at these paths.
func TestLoginNeedsCredentials(t *testing.T) {
	t.Parallel()
	s := serve(t, shell("cat"))
	for _, path := range []string{ticketPath, loginPath, logoutPath} {
		if status, body, header := s.ask(t, "POST "+path+" HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 404 {
			t.Errorf("%s: %d %s %v", path, status, body, header)
		}
	}
}

// TestLoginCookie: the cookie of a login proves whose it is, whatever else is shown, until
// logout, and until the user is gone. Credentials for a login count before a cookie.
func TestLoginCookie(t *testing.T) {
	t.Parallel()
	g := serveGuarded(t, shell(whoami))
	ann, bob := g.login(t, "ann"), g.login(t, "bob")
	for _, more := range []string{"", "Authorization: Bearer a-session's-secret\n"} {
		c := g.dial(t, "/", lines(ann+more))
		mustRead(t, c, "ann,Bearer,,,,")
	}
	status, _, header := g.request(t, "POST", loginPath, ann+"Authorization: Bearer token-of-carl\n")
	carl := cookieLine(t, header)
	if status != 204 {
		t.Errorf("%d", status)
	}
	mustRead(t, g.dial(t, "/", lines(carl)), "carl,Bearer,,,,")
	if status, _ := g.handshake(t, "/", ann); status != 401 {
		t.Errorf("after another login in its place: %d", status)
	}
	status, _, header = g.request(t, "POST", logoutPath, carl)
	if gone := (&http.Response{Header: header}).Cookies(); status != 204 || len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("logout: %d %v", status, gone)
	}
	if status, _ := g.handshake(t, "/", carl); status != 401 {
		t.Errorf("after logout: %d", status)
	}
	g.forgotten.Store("bob", true)
	if status, _ := g.handshake(t, "/", bob); status != 401 {
		t.Errorf("of somebody who is gone: %d", status)
	}
	g.forgotten.Delete("bob")
	if status, _ := g.handshake(t, "/", bob); status != 401 {
		t.Errorf("of somebody who was gone: %d", status)
	}
	if status, _ := g.handshake(t, "/", "Authorization: Bearer x\n"+bob); status != 401 {
		t.Errorf("with a wrong token: %d", status)
	}
}

// lines returns header lines as a header.
func lines(text string) http.Header {
	header := http.Header{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header.Add(name, value)
	}
	return header
}

// TestLoginURL: a ticket in the login URL is good for a cookie, with a page that leads on to
// a path of this server, and to nothing else.
func TestLoginURL(t *testing.T) {
	t.Parallel()
	g := serveGuarded(t, Config{Static: fstest.MapFS{"a.html": {Data: []byte("a page")}}})
	for to, want := range map[string]string{
		"": "/", "/": "/", "/a.html?b=c%26d": "/a.html?b=c&amp;d", "/a%22%3E%3Cscript%3E": "/a%22%3E%3Cscript%3E", "/a/..//b": "/a/..//b",
	} {
		_, login := g.ticket(t, "ann")
		status, body, header := g.request(t, "GET", login+"&to="+to, "")
		if status != 200 || !strings.Contains(body, `content="0;url=`+want+`"`) || header.Get("Referrer-Policy") != "no-referrer" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %v", to, status, body, header)
		}
		cookie := cookieLine(t, header)
		if status, body, _ := g.request(t, "GET", "/a.html", cookie); status != 200 || body != "a page" {
			t.Errorf("the page: %d %s", status, body)
		}
	}
	_, login := g.ticket(t, "ann")
	for _, to := range []string{"/%252Fbad.example/%22", "/%252Fbad.example", "/%25252Fbad.example", "/%255Cbad.example", "/%2509/bad.example", "//bad.example", "https://bad.example/", "%5C%5Cbad.example", "/%5Cbad.example", "/%09/bad.example", "a.html", "javascript:alert(1)", "%00"} {
		if status, body, header := g.request(t, "GET", login+"&to="+to, ""); status != 400 || header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", to, status, body)
		}
	}
	if status, _, _ := g.request(t, "GET", login, ""); status != 200 {
		t.Errorf("a wrong to= has used the ticket: %d", status)
	}
	if status, _, header := g.request(t, "GET", login, ""); status != 403 || header.Get("Set-Cookie") != "" {
		t.Errorf("used: %d", status)
	}
}

// TestLoginIsOpened: a login URL that is typed, or that a page of this server leads to, works
// whatever pages may connect; no page uses it for anything else.
func TestLoginIsOpened(t *testing.T) {
	t.Parallel()
	for _, origins := range [][]string{nil, {"app.example"}, {"file://"}} {
		g := serveGuarded(t, Config{Settings: Settings{Origins: origins}, Static: fstest.MapFS{}})
		ann, _ := g.anyone.Check(&http.Request{Header: lines(asAnn)}, gate.Client{})
		for sent, want := range map[string]int{
			"":                       200,
			"Sec-Fetch-Site: none\n": 200,
			"Sec-Fetch-Site: none\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\n":        200,
			"Sec-Fetch-Site: same-origin\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\n": 200,
			"Sec-Fetch-Site: same-origin\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe\n":   403,
			"Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image\n":      403,
			"Sec-Fetch-Site: same-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image\n":       403,
			"Origin: http://bad.example\n":         403,
			"Origin: null\nSec-Fetch-Site: none\n": 403,
		} {
			if strings.Contains(sent, "iframe") && origins == nil {
				want = 200 // a page of this server may
			}
			login := loginPath + "?token=" + g.logins.Ticket(ann, "")
			if status, body, _ := g.request(t, "GET", login, sent); status != want {
				t.Errorf("%v, %q: %d %s", origins, sent, status, body)
			}
		}
	}
}

// TestOtherKind: a ticket and a login count where the kind of their proof does.
func TestOtherKind(t *testing.T) {
	t.Parallel()
	open, closed := echoProgram(), echoProgram()
	open.Name, open.Auth, closed.Name, closed.Auth = "open", []string{"token"}, "closed", []string{"test"}
	s := serve(t, Config{Programs: []Program{open, closed}, Credentials: &Credentials{Kinds: []Credential{new(bearers), byUser{}}}})
	g := guarded{serving: s}
	ticket, _ := g.ticket(t, "ann")
	cookie := g.login(t, "ann")
	for target, want := range map[string]int{"/open": 101, "/closed": 401, "/closed?token=" + ticket: 401} {
		if status, _ := g.handshake(t, target, cookie); status != want {
			t.Errorf("%s: %d, want %d", target, status, want)
		}
	}
	if status, _ := g.handshake(t, "/closed", cookie+"X-User: bob\n"); status != 101 {
		t.Errorf("with the other proof besides: %d", status)
	}
}

// TestBoundTicket: the ticket of a session is for that alone: for no other session, program,
// script or page.
func TestBoundTicket(t *testing.T) {
	t.Parallel()
	one, other := echoProgram(), echoProgram()
	one.Name, other.Name = "one", "other"
	scripts := t.TempDir()
	if err := os.WriteFile(filepath.Join(scripts, "one.cgi"), []byte("#!/bin/sh\nprintf '\\n'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	g := serveGuarded(t, Config{Programs: []Program{one, other}, CGIDir: scripts, CGIPath: "/one"})
	ann, _ := g.anyone.Check(&http.Request{Header: lines(asAnn)}, gate.Client{})
	ticket := g.logins.Ticket(ann, bondOf("/one", "x"))
	for _, target := range []string{"/other?session=x", "/one?session=y", "/one?", ticketPath + "?session=x"} {
		if status, _ := g.handshake(t, target+"&token="+ticket, ""); status != 403 && status != 405 {
			t.Errorf("%s: %d", target, status)
		}
	}
	if status, _, _ := g.request(t, "GET", "/one/one.cgi?session=x&token="+ticket, ""); status != 403 {
		t.Errorf("a script: %d", status)
	}
	if status, _, _ := g.request(t, "GET", loginPath+"?session=x&token="+ticket, ""); status != 403 {
		t.Errorf("a login: %d", status)
	}
	if status, _ := g.handshake(t, "/one/below?session=x&token="+ticket, ""); status != 101 {
		t.Errorf("trying has used it: %d", status)
	}
}

// TestOwnProtocol: the item websocketd is confirmed if no other is; one with a token never.
func TestOwnProtocol(t *testing.T) {
	t.Parallel()
	named := echoProgram()
	named.Name, named.Protocols = "named", []string{"chat"}
	anything := echoProgram()
	anything.Name, anything.Protocols = "any", []string{"*"}
	plain := echoProgram()
	plain.Name = "plain"
	g := serveGuarded(t, Config{Programs: []Program{named, anything, plain}})
	bearer := gate.BearerPrefix + base64.RawURLEncoding.EncodeToString([]byte("token-of-ann"))
	for _, test := range []struct{ path, offered, want string }{
		{"/named", "websocketd, %s", "websocketd"},
		{"/named", "%s, websocketd, chat", "chat"},
		{"/named", "%s, other", ""},
		{"/any", "%s, websocketd", "websocketd"},
		{"/any", "%s, websocketd, mine", "mine"},
		{"/plain", "chat, websocketd, %s", "websocketd"},
		{"/plain", "%s", ""},
	} {
		if status, got := g.handshake(t, test.path, "Sec-WebSocket-Protocol: "+fmt.Sprintf(test.offered, bearer)+"\n"); status != 101 || got != test.want {
			t.Errorf("%s, %s: %d %q", test.path, test.offered, status, got)
		}
	}
}

// TestLoginURLFromElsewhere: whom a page of another site leads to a login URL is asked first,
// and the ticket is as good as it was. Nothing else is answered to that page.
func TestLoginURLFromElsewhere(t *testing.T) {
	t.Parallel()
	lax := shell("cat")
	lax.Origins = []string{"*"}
	g := serveGuarded(t, lax)
	_, login := g.ticket(t, "ann")
	target := login + "&to=/a%22b"
	const led = "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nSec-Fetch-Site: "
	for _, site := range []string{"cross-site", "same-site"} {
		status, body, header := g.request(t, "GET", target, led+site+"\n")
		if status != 200 || header.Get("Set-Cookie") != "" || !strings.Contains(body, `href="`+strings.ReplaceAll(target, "&", "&amp;")+`"`) ||
			strings.Contains(body, "refresh") || !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %d %s %v", site, status, body, header)
		}
	}
	strict := serveGuarded(t, shell("cat"))
	_, other := strict.ticket(t, "ann")
	for _, lines := range []string{
		"Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe\n", "Sec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image\n", "Sec-Fetch-Mode: cors\nSec-Fetch-Dest: empty\n",
		"Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nOrigin: http://bad.example\n",
	} {
		if status, _, header := strict.request(t, "GET", other, "Sec-Fetch-Site: cross-site\n"+lines); status != 403 || header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", lines, status)
		}
	}
	if status, _, _ := strict.request(t, "GET", ticketPath, led+"cross-site\n"); status != 403 {
		t.Errorf("another path: %d", status)
	}
	for g, login := range map[guarded]string{g: target, strict: other} {
		if status, _, header := g.request(t, "GET", login, led+"same-origin\n"); status != 200 || header.Get("Set-Cookie") == "" {
			t.Errorf("its own page: %d", status)
		}
	}
}
