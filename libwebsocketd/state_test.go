//go:build unix

package libwebsocketd

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"websocketd/libwebsocketd/gate"
)

// stated is a Lifetime that tells what it keeps, by the User of the client.
type stated struct{ doors }

func (stated) Name() string { return "kept" }

func (k stated) Serve(host *Runtime) Supervisor { return &stater{doorman{k.doors, host}} }

type stater struct{ doorman }

func (*stater) State(req *Request) (any, *gate.Refusal) {
	switch req.Identity().User {
	case "new":
		return nil, nil
	case "broken":
		return func() {}, nil
	case "stranger":
		return nil, &gate.Refusal{Status: http.StatusForbidden, Reason: "not yours"}
	}
	return map[string]any{"lifetime": "kept", "of": req.Program().Name}, nil
}

// TestState: GET ?state with Accept: application/json is answered for every program, after
// Host, identity and origin, and before files and CGI scripts. Everything else is for those.
func TestState(t *testing.T) {
	t.Parallel()
	kept, page := echoProgram(), echoProgram()
	kept.Name, kept.Lifetime, page.Name = "kept", stated{}, "page"
	kept.Origins = []string{"good.example", "file://"}
	scripts := t.TempDir()
	if err := os.WriteFile(filepath.Join(scripts, "kept"), []byte("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nscript'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := serve(t, Config{Programs: []Program{kept, page}, Credentials: users(), CGIDir: scripts,
		Static: fstest.MapFS{"page/index.html": {Data: []byte("a page")}}})
	for _, test := range []struct {
		target, header string
		status         int
		body           string
	}{
		{"/page?state", "", 200, `{"lifetime":"connection"}`},
		{"/page/below?state=&x=1", "", 200, `{"lifetime":"connection"}`},
		{"/kept?state", "", 200, `{"lifetime":"kept","epoch":null}`},
		{"/kept?x&state", "X-User: bob", 200, `{"lifetime":"kept","of":"kept"}`},
		{"/kept?state", "X-User: stranger", 403, "403 Forbidden: not yours"},
		{"/kept?state", "X-User: broken", 500, "500 Internal Server Error: this cannot be told: json: unsupported type: func()"},
		{"/kept?state", "X-User: ", 401, "401 Unauthorized: credentials are needed here"},
		{"/kept?state", "X-User: nobody", 401, "401 Unauthorized: who is it"},
		{"/kept?state", "Origin: http://good.example", 200, `{"lifetime":"kept","epoch":null}`},
		{"/kept?state", "Origin: http://bad.example", 403, "403 Forbidden: Origin http://bad.example is not allowed here: add bad.example to --origin to allow it"},
		{"/page?state", "Sec-Fetch-Site: cross-site", 403, "403 Forbidden: A page of another site (Sec-Fetch-Site: cross-site) is not allowed to read a program without its Origin: use EventSource, or fetch with cors, and --origin to allow that page"},
		{"/kept?state=of+Ohio", "", 200, "script"},
		{"/kept?state=of+Ohio&state", "", 200, "script"},
		{"/kept", "", 200, "script"},
		{"/page/?state=of+Ohio", "", 200, "a page"},
		{"/none?state", "", 404, "404 page not found"},
	} {
		request := "GET " + test.target + " HTTP/1.1\nHost: HOST\nAccept: text/html, application/json;q=0.5\nConnection: close\n"
		if test.header != "" {
			request += test.header + "\n"
		}
		if !strings.HasPrefix(test.header, "X-User: ") {
			request += "X-User: new\n"
		}
		status, body, header := s.ask(t, request+"\n")
		if status != test.status || strings.TrimSpace(body) != test.body {
			t.Errorf("%s %s: %d %q", test.target, test.header, status, body)
		}
		if status == 200 && test.body[0] == '{' && (header.Get("Content-Type") != "application/json" || header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: %v", test.target, header)
		}
		if origin := "http://good.example"; test.header == "Origin: "+origin && (header.Get("Access-Control-Allow-Origin") != origin || header.Get("Access-Control-Allow-Credentials") != "true") {
			t.Errorf("%s: %v", test.target, header)
		}
	}
	for _, request := range []string{"GET /kept?state HTTP/1.1\nHost: HOST\nX-User: new\nConnection: close\n\n", "POST /kept?state HTTP/1.1\nHost: HOST\nX-User: new\nAccept: application/json\nConnection: close\n\n"} {
		if status, body, _ := s.ask(t, request); status != 200 || strings.TrimSpace(body) != "script" {
			t.Errorf("%q: %d %q", request, status, body)
		}
	}
}

// TestStateWithoutAPage: without files there is a sentence about what is not there.
func TestStateWithoutAPage(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Programs: []Program{echoProgram()}})
	for target, want := range map[string]string{
		"/none?state": `{"type":"https://websocketd.example/doc/refusals.md#not-found","title":"There is nothing here","status":404,"detail":"no program is served at \"/none\""}`,
		"/echo?state": "404 Not Found: there is no page here; what is asked for comes with the header Accept: application/json",
	} {
		accept := ""
		if target == "/none?state" {
			accept = "Accept: application/json\n"
		}
		if status, body, _ := s.ask(t, "GET "+target+" HTTP/1.1\nHost: HOST\n"+accept+"Connection: close\n\n"); status != 404 || strings.TrimSpace(body) != want {
			t.Errorf("%s: %d %q", target, status, body)
		}
	}
}
