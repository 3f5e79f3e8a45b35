package control

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// managed is a server, and where its operator connects.
type managed struct {
	*harness.Server
	address string // host:port of the first address; "" without one
	token   string // that the server has made; "" without one
	runtime string // the socket by which `websocketd ctl` finds the server
	client  *http.Client
}

// shortDir returns a directory whose path leaves room for that of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wsd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// manage starts a server with an operator's listener, and reads in the log where it is.
func manage(t *testing.T, o harness.Options) *managed {
	t.Helper()
	if o.Bin == "" {
		o.Bin = harness.Binary(t)
	}
	o.Env = append([]string{"XDG_RUNTIME_DIR=" + shortDir(t)}, o.Env...)
	s := &managed{Server: o.Start(t), client: harness.HTTPClient(t)}
	_, s.runtime, _ = strings.Cut(s.Out.Await(t, "Managed by websocketd ctl"), "unix socket ")
	for _, line := range s.Out.With("Managed by its operator at") {
		if _, url, ok := strings.Cut(line, "http://"); ok {
			s.address, s.token, _ = strings.Cut(url, "/")
			s.token = strings.TrimPrefix(s.token, "#token=")
		}
	}
	return s
}

// atLoopback starts o with the operator's listener on a port that is free.
func atLoopback(t *testing.T, o harness.Options, flags ...string) *managed {
	t.Helper()
	o.Args = append(append([]string{"--admin=127.0.0.1:0"}, flags...), o.Args...)
	return manage(t, o)
}

// catOptions are those of the simplest server.
func catOptions(flags ...string) harness.Options {
	return harness.Options{Args: append(flags, "cat")}
}

// ask sends a request to the operator's address; headers are NAME: VALUE.
func (s *managed) ask(t *testing.T, method, path string, headers ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+s.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, s.client, r, headers)
}

// askSocket sends a request to a unix socket.
func askSocket(t *testing.T, socket, method, path string, headers ...string) (status int, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }}}
	r, err := http.NewRequest(method, "http://localhost"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, client, r, headers)
}

func send(t *testing.T, client *http.Client, r *http.Request, headers []string) (status int, body string) {
	t.Helper()
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if r.Header.Add(name, value); name == "Host" {
			r.Host = value
		}
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(all)
}

// watch opens the operator's WebSocket by a request that is made from the handshake.
func (s *managed) watch(t *testing.T, change func(harness.Request) harness.Request, path string) *harness.Conn {
	t.Helper()
	c := harness.DialTo(t, s.address)
	c.Send(t, change(harness.Handshake(path)).String())
	if err := c.ReadResponse(); err != nil {
		t.Fatal(err)
	}
	return c
}

// withToken shows the token.
func (s *managed) withToken(r harness.Request) harness.Request {
	return r.Add("Authorization", "Bearer "+s.token)
}

func same(r harness.Request) harness.Request { return r }

// tokenFile writes a file with a first line.
func tokenFile(t *testing.T, line string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	harness.WriteFile(t, file, line+"\nanything else\n", 0o600)
	return file
}
