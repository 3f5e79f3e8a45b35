package pow

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestRESTLimits: what the server has no room for is refused before it becomes a call.
func TestRESTLimits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flags []string
		words string
	}{
		{[]string{"--maxforks=1", "--maxsessions=9"}, "--maxforks"},
		{[]string{"--maxsessions=1"}, "--maxsessions"},
		{[]string{"--spawnrate=1/h"}, "--spawnrate"},
	} {
		s := serve(t, script("cat", "exec cat"), test.flags...)
		a := newAPI(t, s, "/pow/")
		id := a.call("cat")
		got := a.ask("POST", "new", callOf("cat"))
		if got.StatusCode != 429 || got.Header.Get("Retry-After") == "" || !strings.Contains(got.body, test.words) {
			t.Errorf("%v: %d %s", test.flags, got.StatusCode, got.body)
		}
		if n := len(s.Children()); n != 1 {
			t.Errorf("%v: %d processes", test.flags, n)
		}
		a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
	}
}

// TestRESTRate: input that comes too fast waits for its turn, and then is taken.
func TestRESTRate(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("cat", "cat"), "--messagerate=2"), "/pow/")
	id, began := a.call("cat"), time.Now()
	for range 6 {
		a.expect("POST", "input/"+id, "x", 200, "input sent")
	}
	if took := time.Since(began); took < 1900*time.Millisecond {
		t.Errorf("4 messages more than may come at once took %s at 2 a second", took)
	}
	a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
}

// TestRESTPlaceOfResult: a call whose client has its result makes room for another.
func TestRESTPlaceOfResult(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("true", ":"), "--maxsessions=1"), "/pow/")
	for range 5 {
		id := a.call("true")
		a.fulfilled(id, "")
		a.expect("POST", "cancel/"+id, "", 200, "process cancelled") // nothing is left of it
	}
}

// TestRESTUsers: who may call what is asked by HTTP's own means, and a call belongs to who has
// made it.
func TestRESTUsers(t *testing.T) {
	t.Parallel()
	tokens := filepath.Join(t.TempDir(), "tokens")
	harness.WriteFile(t, tokens, "ann:annes-token-0123456789\nbob:bobs-token-0123456789\n", 0o600)
	s := serve(t, script("all", "cat")+script("anns", "cat", `allow = ["ann"]`), "--tokenfile="+tokens)
	ann := newAPI(t, s, "/pow/", "Authorization: Bearer annes-token-0123456789")
	bob := newAPI(t, s, "/pow/", "Authorization: Bearer bobs-token-0123456789")
	nobody := &api{t: t, base: ann.base, client: ann.client, router: ann.router}
	for _, path := range []string{"new", "status/" + unknownID, "docs/", "openapi.json"} {
		method := "GET"
		if path == "new" {
			method = "POST"
		}
		if got := nobody.ask(method, path, callOf("all")); got.StatusCode != 401 || got.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
	}
	if got := bob.ask("POST", "new", callOf("anns")); got.StatusCode != 403 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	for _, name := range []string{"all", "anns"} {
		id := ann.call(name)
		for op, method := range map[string]string{"status": "GET", "input": "POST", "closeInput": "POST", "cancel": "POST"} {
			bob.expect(method, op+"/"+id, "", 404, "process not found\n")
			if got := nobody.ask(method, op+"/"+id, ""); got.StatusCode != 401 {
				t.Errorf("%s: %d", op, got.StatusCode)
			}
		}
		ann.expect("POST", "input/"+id, name+"\n", 200, "input sent")
		ann.expect("POST", "closeInput/"+id, "", 200, "input closed")
		ann.fulfilled(id, name)
	}
}

// TestRESTOrigins: a page of another origin may do what its origin may, and a browser hears
// that before it asks.
func TestRESTOrigins(t *testing.T) {
	t.Parallel()
	s := serve(t, script("open", "exec cat", `origin = ["https://page.example"]`)+script("own", "exec cat"))
	a := newAPI(t, s, "/pow/")
	const named, other = "Origin: https://page.example", "Origin: https://other.example"
	preflight := a.ask("OPTIONS", "new", "", named, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
	if preflight.StatusCode != 204 || preflight.Header.Get("Access-Control-Allow-Origin") != "https://page.example" ||
		!strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("%d %v", preflight.StatusCode, preflight.Header)
	}
	if got := a.ask("OPTIONS", "new", "", other, "Access-Control-Request-Method: POST"); got.StatusCode != 403 {
		t.Errorf("another origin: %d", got.StatusCode)
	}
	got := a.ask("POST", "new", callOf("open"), named)
	if got.StatusCode != 200 || got.Header.Get("Access-Control-Allow-Origin") != "https://page.example" || got.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	for _, header := range []string{other, "Origin: null", "Sec-Fetch-Site: cross-site"} {
		if got := a.ask("POST", "new", callOf("open"), header); got.StatusCode != 403 || got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", header, got.StatusCode, got.Header)
		}
	}
	led := []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"} // by a link
	for path, status := range map[string]int{"docs/": 200, "docs": 302, "": 302, "openapi.json": 200, "status/" + unknownID: 403} {
		if got := a.ask("GET", path, "", led...); got.StatusCode != status {
			t.Errorf("a link to %s: %d", path, got.StatusCode)
		}
	}
	beside := s.Ask(t, harness.Get("/pow").Add("Sec-Fetch-Site", "cross-site").Add("Sec-Fetch-Mode", "navigate").Add("Sec-Fetch-Dest", "document"))
	if beside.Status() != 307 || beside.Header("Location") != "/pow/" {
		t.Errorf("a link to /pow: %d %v", beside.Status(), beside.Response.Header)
	}
	if got := a.ask("POST", "new", callOf("own"), named); got.StatusCode != 403 { // that program's are others
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	id := a.call("own")
	if got := a.ask("GET", "status/"+id, "", named); got.StatusCode != 403 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if n := len(s.Children()); n != 2 {
		t.Errorf("%d processes", n)
	}
}

// TestRESTPlaceOfSession: calls that are over and whose clients know, that were canceled, or that
// never were any, keep no session out, and no call.
func TestRESTPlaceOfSession(t *testing.T) {
	t.Parallel()
	for what, fill := range map[string]func(a *api){
		"told":     func(a *api) { a.fulfilled(a.call("true"), "") },
		"canceled": func(a *api) { a.expect("POST", "cancel/"+a.call("cat"), "", 200, "process cancelled") },
		"unknown":  func(a *api) { a.call("nope") },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := serve(t, script("true", ":")+script("cat", "exec cat")+script("held", "exec cat", `lifetime = "session"`), "--maxsessions=2")
			a := newAPI(t, s, "/pow/")
			for range 20 {
				fill(a)
			}
			for range 2 {
				c := s.Open(t, harness.Handshake("/held"))
				defer c.Conn.Close()
			}
			if c := s.Ask(t, harness.Handshake("/held")); c.Status() != 429 {
				t.Errorf("a third session: %d", c.Status())
			}
		})
	}
}
