//go:build unix

package libwebsocketd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/stdio"
)

// namesFace answers with what the program says whose name the path ends with.
var namesFace = Mounted{Pattern: "/call/{name}", Serve: func(w http.ResponseWriter, req *Request) {
	if req.Program() != nil {
		panic("there is a program")
	}
	at, refusal := req.Named(req.HTTP.PathValue("name"))
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	own, refusal := at.StartProcess(nil, stdio.FramingRaw)
	if refusal != nil {
		at.Refuse(w, refusal)
		return
	}
	defer own.Close()
	for {
		batch, err := own.Receive()
		for _, m := range batch {
			w.Write(m.Data)
		}
		if err != nil {
			return
		}
	}
}}

// TestMountedNames: what is mounted leads plain requests to programs by name. Who may reach some
// program is let in, and the program checks again.
func TestMountedNames(t *testing.T) {
	t.Parallel()
	g := serveGuarded(t, Config{Mounts: []Mounted{namesFace}, Command: []string{"/bin/echo", "COMMAND"}, HeaderHTTP: http.Header{"X-All": {"yes"}}, Programs: []Program{
		sayUser("any", Settings{}), sayUser("anns", Settings{Allow: []string{"ann"}}),
		sayUser("open", Settings{Auth: []string{"none"}, Origins: []string{"good.example", "file://"}})}})
	const ann, bob = "Authorization: Bearer token-of-ann\n", "Authorization: Bearer token-of-bob\n"
	for _, test := range []struct {
		target, lines string
		status        int
		says          string
	}{
		{"/call/any", ann, 200, "any ann"},
		{"/call/anns", ann, 200, "anns ann"},
		{"/call/anns", bob, 403, ""},
		{"/call/any", "", 401, ""},
		{"/call/open", "", 200, "open "},
		{"/call/any", "Authorization: Bearer wrong\n", 401, ""},
		{"/call/none", ann, 404, "there is no program"},
		{"/call/none", "", 404, ""},
		{"/call/any", ann + "Origin: http://bad.example\n", 403, ""},
		{"/call/open", ann + "Origin: http://good.example\n", 200, "open ann"},
		{"/call/any", ann + "Origin: http://good.example\n", 403, ""}, // it is let in, for the other
		{"/call/any", ann + "Origin: http://HOST\n", 200, "any ann"},
	} {
		status, body, header := g.request(t, "GET", test.target, test.lines)
		if status != test.status || !strings.Contains(body, test.says) || header.Get("X-All") != "yes" || (status == 401) != (header.Get("Www-Authenticate") != "") {
			t.Errorf("%s with %q: %d %q %v", test.target, test.lines, status, body, header)
		}
	}
	if status, _, _ := g.ask(t, "GET /call/open HTTP/1.1\nHost: evil.example\nConnection: close\n\n"); status != http.StatusMisdirectedRequest {
		t.Errorf("another Host: %d", status)
	}
	if status, _ := g.handshake(t, "/call/any", ann); status != http.StatusSwitchingProtocols {
		t.Errorf("a handshake there, for COMMAND: %d", status)
	}
}

// TestMountedClosed: where each program wants credentials, so does what is mounted, but not of
// a browser that asks what a page may do.
func TestMountedClosed(t *testing.T) {
	t.Parallel()
	whose := Mounted{Pattern: "/x/", Serve: func(w http.ResponseWriter, req *Request) { fmt.Fprintf(w, "%q", req.Identity().User) }}
	g := serveGuarded(t, Config{Mounts: []Mounted{whose}, Programs: []Program{sayUser("any", Settings{})}})
	for _, path := range []string{"/x/", "/x"} {
		if status, _, _ := g.request(t, "GET", path, ""); status != 401 {
			t.Errorf("%s without a token: %d", path, status)
		}
	}
	if status, body, _ := g.request(t, "OPTIONS", "/x/", "Access-Control-Request-Method: POST\nOrigin: http://HOST\n"); status != 200 || body != `""` {
		t.Errorf("a preflight: %d %q", status, body)
	}
	if status, _, _ := g.request(t, "OPTIONS", "/x/", ""); status != 401 {
		t.Errorf("OPTIONS, and no preflight: %d", status)
	}
	ticket, _ := g.ticket(t, "ann")
	if status, body, _ := g.request(t, "GET", "/x/y?token="+ticket, ""); status != 200 || body != `"ann"` {
		t.Errorf("with a ticket: %d %q", status, body)
	}
	if err := g.Reload([]Program{sayUser("open", Settings{Auth: []string{"none"}})}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/x/": 200, "/x": 307} {
		if status, _, _ := g.request(t, "GET", path, ""); status != want {
			t.Errorf("%s, where a program wants nothing: %d", path, status)
		}
	}
}

// TestMountedHandshake: a handshake is not for what is mounted, nor for the redirect that leads
// there.
func TestMountedHandshake(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{Command: []string{"/bin/echo", "COMMAND"}, Dialects: []Dialect{byName{}},
		Mounts:   []Mounted{{Pattern: "/x/", Serve: func(w http.ResponseWriter, req *Request) { io.WriteString(w, "mounted") }}},
		Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	for _, path := range []string{"/x/", "/x/y", "/x"} {
		mustRead(t, s.dial(t, path, nil), "COMMAND")
		c := s.dial(t, path, http.Header{"Sec-WebSocket-Protocol": {"call-1"}})
		if c.Subprotocol() != "call-1" {
			t.Errorf("%s is not for the Dialect", path)
		}
	}
	if status, body, _ := s.ask(t, "GET /x/ HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status != 200 || body != "mounted" {
		t.Errorf("%d %q", status, body)
	}
	if status, _, header := s.ask(t, "GET /x HTTP/1.1\nHost: HOST\nConnection: close\n\n"); status/100 != 3 || header.Get("Location") != "/x/" {
		t.Errorf("%d %v", status, header)
	}
}

// TestMountedGoesAway: Shutdown waits for what is mounted, whose Context is done then, and for
// what that has begun with Go.
func TestMountedGoesAway(t *testing.T) {
	t.Parallel()
	in, out := make(chan struct{}), make(chan struct{})
	face := Mounted{Pattern: "POST /x", Serve: func(w http.ResponseWriter, req *Request) {
		req.Go(func() {
			<-req.Context().Done()
			<-out
		})
		close(in)
		<-req.HTTP.Context().Done()
		fmt.Fprint(w, context.Cause(req.HTTP.Context()))
	}}
	s := serve(t, Config{Mounts: []Mounted{face}, Programs: []Program{{Name: "cat", Command: []string{"/bin/cat"}}}})
	answered := make(chan string, 1)
	go func() {
		_, body, _ := s.ask(t, "POST /x HTTP/1.1\nHost: HOST\nContent-Length: 0\nConnection: close\n\n")
		answered <- body
	}()
	<-in
	over := make(chan error, 1)
	go func() { over <- s.Shutdown(context.Background()) }()
	if body := <-answered; body != "server is going away" {
		t.Errorf("it is answered %q", body)
	}
	testkit.Eventually(t, "the server closes", s.isClosed)
	select {
	case <-over:
		t.Error("Shutdown has not waited")
	default:
	}
	close(out)
	if err := <-over; err != nil {
		t.Error(err)
	}
	if got := s.log.Category("http"); !slices.Contains(got, "MOUNTED") {
		t.Errorf("the log has %q", got)
	}
}
