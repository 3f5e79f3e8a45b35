//go:build unix

package libwebsocketd

import (
	"net/http"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
)

// byBearer believes the header X-User, and asks for a bearer token.
type byBearer struct{ byUser }

func (byBearer) Name() string { return "bearer" }

func (byBearer) Schemes() []string { return []string{"Bearer"} }

const resourceAt = "/.well-known/oauth-protected-resource"

// tokens returns Credentials of byBearer, whose tokens somebody issues, and another kind.
func tokens() *Credentials {
	return &Credentials{Kinds: []Credential{byBearer{}, byUser{}}, AuthorizationServers: []string{"https://id.example"}}
}

// TestResourceMetadata: whoever is refused for want of a token is told where to read who
// issues one, for each program on its own; that is public.
func TestResourceMetadata(t *testing.T) {
	t.Parallel()
	open, ours, password := echoProgram(), echoProgram(), echoProgram()
	open.Name, open.Auth = "open", []string{gate.NoAuth}
	ours.Name, ours.Path = "ours", "/a/b"
	password.Name, password.Auth = "password", []string{"test"}
	s := serve(t, Config{Programs: []Program{open, ours, password}, Faces: []Face{wholeFace{}}, Credentials: tokens(), HeaderHTTP: http.Header{"X-Own": {"1"}}})
	base := "http://" + s.addr
	for path, metadata := range map[string]string{"/a/b": resourceAt + "/a/b", "/a/b/c?d=e": resourceAt + "/a/b/c", "/password": ""} {
		want := ""
		if metadata != "" {
			want = `Bearer realm="websocketd", resource_metadata="` + base + metadata + `"`
		}
		for _, lines := range []string{"Accept: application/json\n", "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"} {
			status, _, header := s.ask(t, "GET "+path+" HTTP/1.1\nHost: HOST\n"+lines+"\n")
			if got := header.Get("WWW-Authenticate"); status != 401 || want != "" && got != want || want == "" && strings.Contains(got, "resource") {
				t.Errorf("%s: %d %q, want %q", path, status, got, want)
			}
		}
	}
	for path, resource := range map[string]string{
		"": "/", "/": "/", "/a/b": "/a/b", "/a/b/": "/a/b/", "/a//b/../b/c": "/a/b/c", "/nowhere": "/nowhere", "/open": "", "/password": "", "/open/x": "",
	} {
		status, body, header := s.ask(t, "GET "+resourceAt+path+" HTTP/1.1\nHost: HOST\nOrigin: https://any.example\nX-User: nobody\nConnection: close\n\n")
		want := `{"resource":"` + base + resource + `","authorization_servers":["https://id.example"],"bearer_methods_supported":["header"]}` + "\n"
		if resource == "" && status != 404 || resource != "" && (status != 200 || body != want) || header.Get("X-Own") != "1" || header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %q %v\nwant %q", path, status, body, header, want)
		}
	}
}

// TestResourceMetadataRefused: what the document is not for.
func TestResourceMetadataRefused(t *testing.T) {
	t.Parallel()
	cfg := shell("cat")
	cfg.Credentials = tokens()
	s := serve(t, cfg)
	for request, want := range map[string]int{
		"GET " + resourceAt + " HTTP/1.1\nHost: evil.example\n":                            421,
		"POST " + resourceAt + "/x HTTP/1.1\nHost: HOST\nContent-Length: 0\n":              405,
		"OPTIONS " + resourceAt + "/x HTTP/1.1\nHost: HOST\nOrigin: https://any.example\n": 204,
		"GET " + resourceAt + "s HTTP/1.1\nHost: HOST\nAccept: text/event-stream\n":        404,
		"GET " + resourceAt + "/%00 HTTP/1.1\nHost: HOST\n":                                400,
	} {
		if status, body, header := s.ask(t, request+"Connection: close\n\n"); status != want || status == 204 && header.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("%q: %d %v %.80q", request, status, header, body)
		}
	}
	cfg.Credentials = users()
	if status, _, _ := serve(t, cfg).ask(t, "GET "+resourceAt+" HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 404 {
		t.Errorf("nobody issues tokens: %d", status)
	}
}
