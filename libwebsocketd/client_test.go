//go:build unix

package libwebsocketd

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

const clientScript = "/.websocketd/client.js"

// shadowing has a file where the browser client is.
var shadowing = fstest.MapFS{".websocketd/client.js": {Data: []byte("another one")}, "index.html": {Data: []byte("a page")}}

// TestClient: the browser client is wherever a program is, before everything else, for
// whoever asks and from whatever page.
func TestClient(t *testing.T) {
	t.Parallel()
	kept := echoProgram()
	kept.Name, kept.Lifetime = "kept", doors{}
	for name, test := range map[string]struct {
		cfg  Config
		want bool
	}{
		"a command":        {shell("cat"), true},
		"a directory":      {Config{Dir: t.TempDir()}, true},
		"programs":         {Config{Programs: []Program{kept}, Faces: []Face{wholeFace{}}}, true},
		"and files":        {Config{Programs: []Program{kept}, Static: shadowing}, true},
		"and a console":    {Config{Programs: []Program{kept}, Console: true}, true},
		"and scripts":      {Config{Programs: []Program{kept}, CGIDir: t.TempDir(), CGIPath: "/.websocketd"}, true},
		"and strangers":    {Config{Programs: []Program{kept}, Credentials: users(), Settings: Settings{Origins: []string{"good.example"}}}, true},
		"a dialect":        {Config{Dialects: []Dialect{byName{}}}, true},
		"files alone":      {Config{Static: shadowing}, false},
		"files, console":   {Config{Static: shadowing, Console: true}, false},
		"scripts, console": {Config{CGIDir: t.TempDir(), Console: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.cfg)
			for _, mounted := range []bool{false, true} {
				if mounted {
					s.Mount("/.websocketd/", http.NotFoundHandler())
				}
				for _, lines := range []string{"", "Origin: http://bad.example\nSec-Fetch-Site: cross-site\nX-User: nobody\n", "Accept: text/event-stream\n", "Upgrade: websocket\nConnection: Upgrade\n"} {
					status, body, header := s.ask(t, "GET "+clientScript+" HTTP/1.1\nHost: HOST\nConnection: close\n"+lines+"\n")
					if is := status == 200 && header.Get("Content-Type") == "text/javascript; charset=utf-8" && body != "another one"; is != test.want {
						t.Errorf("%q: %d %v %.80q", lines, status, header, body)
					}
				}
			}
		})
	}
}

// TestClientRefused: Host is checked, and the method.
func TestClientRefused(t *testing.T) {
	t.Parallel()
	cfg := shell("cat")
	cfg.HeaderHTTP = http.Header{"X-Own": {"1"}}
	s := serve(t, cfg)
	for request, want := range map[string]int{
		"GET " + clientScript + " HTTP/1.1\nHost: evil.example\n":                                   421,
		"POST " + clientScript + " HTTP/1.1\nHost: HOST\nContent-Length: 0\n":                       405,
		"OPTIONS " + clientScript + " HTTP/1.1\nHost: HOST\nAccess-Control-Request-Method: GET\n":   405,
		"GET /%2ewebsocketd/client%2Ejs HTTP/1.0\nHost: HOST\n":                                     200,
		"GET " + clientScript + "/ HTTP/1.1\nHost: HOST\n":                                          404,
		"GET " + strings.ToUpper(clientScript) + " HTTP/1.1\nHost: HOST\n":                          404,
		"GET " + clientScript + " HTTP/1.1\nHost: HOST\nRange: bytes=0-3\n":                         206,
		"GET " + clientScript + " HTTP/1.1\nHost: HOST\nSec-WebSocket-Key: x\nUpgrade: websocket\n": 200,
	} {
		status, body, header := s.ask(t, request+"Connection: close\n\n")
		if status != want || status == 405 && header.Get("Allow") == "" || (status == 200) != (header.Get("X-Own") == "1" && header.Get("ETag") != "") && status != 206 {
			t.Errorf("%q: %d %v %.80q", request, status, header, body)
		}
	}
}
