package mcp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// refused checks that an answer is a refusal in the words of JSON-RPC, with no id.
func (a *answer) refused(t *testing.T, what string, status int) {
	t.Helper()
	var e envelope
	err := json.Unmarshal([]byte(a.body), &e)
	if a.status != status || err != nil || e.Error == nil || e.Error.Message == "" || string(e.ID) != "null" && e.ID != nil {
		t.Errorf("%s: %d, expected %d: %v %s", what, a.status, status, err, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), jsonType) {
		t.Errorf("%s: %v", what, a.header)
	}
}

// tokenFile returns a file with the tokens of ann and bob.
func tokenFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tokens")
	harness.WriteFile(t, name, "ann:"+tokenOf("ann")+"\nbob:"+tokenOf("bob")+"\n", 0o600)
	return name
}

func tokenOf(user string) string { return strings.Repeat(user, 12) }

func bearer(user string) string { return "Bearer " + tokenOf(user) }

// Who is not let in is told so as an error of JSON-RPC, and starts nothing.
func TestNotLetIn(t *testing.T) {
	t.Parallel()
	starts := filepath.Join(t.TempDir(), "starts")
	tokens := tokenFile(t)
	open := scripted(t, "--origin=https://page.example", "--", "-starts="+starts)
	closed := scripted(t, "--tokenfile="+tokens, "--", "-starts="+starts)
	for name, test := range map[string]struct {
		s      *harness.Server
		change func(r *http.Request)
		status int
	}{
		"another host":   {open, func(r *http.Request) { r.Host = "attacker.example" }, http.StatusMisdirectedRequest},
		"another origin": {open, func(r *http.Request) { r.Header.Set("Origin", "https://attacker.example") }, http.StatusForbidden},
		"no origin":      {open, func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
		"no token":       {closed, func(*http.Request) {}, http.StatusUnauthorized},
		"another token":  {closed, func(r *http.Request) { r.Header.Set("Authorization", "Bearer other") }, http.StatusUnauthorized},
	} {
		for _, modern := range []bool{true, false} {
			p := modernPeer(t, test.s)
			if !modern {
				p = &peer{t: t, http: p.http, url: p.url, version: legacyVersion}
			}
			r := p.request("7", map[bool]string{true: "tools/list", false: "initialize"}[modern], "")
			test.change(r)
			a := p.send(r).read()
			if test.status == http.StatusMisdirectedRequest { // of no program
				if a.status != test.status {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
				continue
			}
			a.refused(t, name, test.status)
			if challenge := a.header.Get("WWW-Authenticate"); test.status == http.StatusUnauthorized && !strings.HasPrefix(challenge, "Bearer") {
				t.Errorf("%s: WWW-Authenticate: %q", name, challenge)
			}
		}
	}
	p := modernPeer(t, closed)
	r := p.tool("1", "echo", `"payload":1`)
	if len(lines(starts)) > 0 {
		t.Errorf("%d processes were started", len(lines(starts)))
	}
	r.Header.Set("Authorization", bearer("ann"))
	if got := p.send(r).read().payload(t, "1"); got != "1" {
		t.Error(got)
	}
}

// A page of an allowed origin may ask with the headers of the protocol, and is told the id of
// its session; the question needs no token.
func TestPreflight(t *testing.T) {
	t.Parallel()
	tokens := tokenFile(t)
	s := scripted(t, "--origin=https://page.example", "--tokenfile="+tokens)
	p := modernPeer(t, s)
	wanted := "authorization,content-type,last-event-id,mcp-session-id,mcp-protocol-version,mcp-method,mcp-name,mcp-param-region"
	for _, method := range []string{"POST", "GET", "DELETE"} {
		r := p.bare("OPTIONS", "")
		r.Header = http.Header{"Origin": {"https://page.example"}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {wanted}}
		a := p.send(r).read()
		if a.status >= 300 || a.header.Get("Access-Control-Allow-Origin") != "https://page.example" {
			t.Errorf("%s: %d %v", method, a.status, a.header)
		}
		allowed := strings.ToLower(strings.Join(a.header.Values("Access-Control-Allow-Headers"), ","))
		for name := range strings.SplitSeq(wanted, ",") {
			if !strings.Contains(strings.ReplaceAll(","+allowed+",", " ", ""), ","+name+",") {
				t.Errorf("%s: %s is not allowed: %s", method, name, allowed)
			}
		}
		if methods := a.header.Get("Access-Control-Allow-Methods"); !strings.Contains(methods, method) {
			t.Errorf("%s is not allowed: %s", method, methods)
		}
	}
	r := p.request("1", "tools/list", "")
	r.Header.Set("Origin", "https://page.example")
	r.Header.Set("Authorization", bearer("ann"))
	exposed := strings.ToLower(strings.Join(p.send(r).read().header.Values("Access-Control-Expose-Headers"), ","))
	for _, name := range []string{"mcp-session-id", "www-authenticate"} {
		if !strings.Contains(exposed, name) {
			t.Errorf("%s is not exposed: %s", name, exposed)
		}
	}
	r = p.bare("OPTIONS", "")
	r.Header = http.Header{"Origin": {"https://attacker.example"}, "Access-Control-Request-Method": {"POST"}}
	if a := p.send(r).read(); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %d %v", a.status, a.header)
	}
}

// There are as many sessions as --maxsessions says; the next one is told to wait, and has a
// place when one has ended.
func TestMaxSessions(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--maxsessions=2")
	one := legacyPeer(t, s)
	legacyPeer(t, s)
	third := &peer{t: t, http: one.http, url: one.url, version: legacyVersion}
	a := third.initialize()
	if a.status != http.StatusTooManyRequests || third.session != "" || a.last(t, `"init"`).Error == nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	one.send(one.bare("DELETE", "")).read()
	harness.Until(t, "there is a place", func() bool { third.initialize(); return third.session != "" })
	if got := modernPeer(t, s).call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
}

// Whatever is posted, the server answers, with no status of its own failure, and goes on.
func TestAnyBody(t *testing.T) {
	t.Parallel()
	random := fuzzSeed(t)
	s := scripted(t)
	legacy := legacyPeer(t, s)
	modern := modernPeer(t, s)
	whole := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"payload":[1,"ü",{"a":null}]},"_meta":{"io.modelcontextprotocol/protocolVersion":%q,"io.modelcontextprotocol/clientCapabilities":{},"progressToken":"t"}}}`, modernVersion)
	for range 2000 {
		body := []byte(whole)
		for range 1 + random.IntN(4) {
			at := random.IntN(len(body))
			switch random.IntN(5) {
			case 0:
				body[at] = byte(random.IntN(256))
			case 1:
				body = body[:at+1]
			case 2:
				body = append(body[:at:at], body[min(len(body)-1, at+random.IntN(20)):]...)
			case 3:
				body = append(body[:at:at], append([]byte(pieces[random.IntN(len(pieces))]), body[at:]...)...)
			case 4:
				body = append(body[:at:at], append(body[at:at+random.IntN(len(body)-at)], body[at:]...)...)
			}
		}
		p := []*peer{legacy, modern}[random.IntN(2)]
		r := p.post(string(body))
		if p.modern {
			r.Header.Set("Mcp-Method", "tools/call")
			r.Header.Set("Mcp-Name", "echo")
		}
		a := p.send(r).read()
		if a.status >= 500 || a.status != http.StatusOK && a.status != http.StatusAccepted && len(a.messages) != 1 {
			t.Fatalf("%q: %d %s", body, a.status, a.body)
		}
	}
	for _, p := range []*peer{legacy, modern} {
		if got := p.call("echo", `"payload":1`); got != "1" {
			t.Error(got)
		}
	}
}

// pieces are what a mangled message gets more of.
var pieces = []string{`"`, `{`, `}`, `[`, `]`, `,`, `:`, `\`, `null`, `"id":2,`, `"method":"x",`, `1e9`, "\n", "\x00", "\ufeff", `"result":{},`, `"error":{},`, "\xff", `"id":null,`, `"jsonrpc":"1.0",`}

// The page of an allowed origin may read why its user is not let in; of another origin none may read
// anything.
func TestPageReadsRefusal(t *testing.T) {
	t.Parallel()
	p := modernPeer(t, scripted(t, "--origin=https://page.example", "--tokenfile="+tokenFile(t), "--allow=ann"))
	for _, test := range []struct {
		origin, user string
		status       int
		reads        bool
	}{
		{"https://page.example", "bob", http.StatusForbidden, true},
		{"https://page.example", "", http.StatusUnauthorized, true},
		{"https://attacker.example", "bob", http.StatusForbidden, false},
		{"https://attacker.example", "ann", http.StatusForbidden, false},
		{"https://attacker.example", "", http.StatusForbidden, false},
	} {
		r := p.request("1", "tools/list", "")
		r.Header.Set("Origin", test.origin)
		if test.user != "" {
			r.Header.Set("Authorization", bearer(test.user))
		}
		a := p.send(r).read()
		if reads := a.header.Get("Access-Control-Allow-Origin") == test.origin; a.status != test.status || reads != test.reads {
			t.Errorf("%+v: %d %v", test, a.status, a.header)
		}
	}
}
