package examples

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// embeds: a program of its own with the library in it ends as gracefully.
func embeds(t *testing.T, r run) {
	port := harness.FreePort(t)
	s := startEmbedded(t, r, port, fmt.Sprintf("-address=127.0.0.1:%d", port))
	if _, page := get(t, s, "/", nil); !strings.Contains(page, "new WebSocket(") {
		t.Errorf("the page: %q", page)
	}
	c := connect(t, s, "/count", nil)
	c.expect("1")
	endEmbedded(t, s, c)
}

// embedsSessions: a counter survives its page, the program knows of all sessions, and
// reaches their pages.
func embedsSessions(t *testing.T, r run) {
	port := harness.FreePort(t)
	s := startEmbedded(t, r, port, fmt.Sprintf("-port=%d", port))
	response, err := harness.HTTPClient(t).Get("http://" + s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	cookie, _, _ := strings.Cut(response.Header.Get("Set-Cookie"), ";")
	mine := http.Header{"Cookie": {cookie}}
	c := connect(t, s, "/?after=0", mine)
	c.expect("0")
	c.send("3")
	c.expect("3")
	c.leave()
	c = connect(t, s, "/?after=0", mine)
	c.expect("0")
	c.expect("3")
	c.send("-1")
	c.expect("2")
	other := connect(t, s, "/?after=0", nil)
	other.expect("0")

	want := "session 1: pages 1, clicks 2\nsession 2: pages 1, clicks 0\n"
	harness.Until(t, "the program lists "+want, func() bool {
		_, list := get(t, s, "/sessions", nil)
		return list == want
	})
	rung, err := harness.HTTPClient(t).Post("http://"+s.Addr+"/bell", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	rung.Body.Close()
	c.expect("bell")
	other.expect("bell")
	endEmbedded(t, s, c, other)
	for _, line := range []string{"a page is there", "a page has left", "its time is over"} {
		if !s.Err.Has(line) {
			t.Errorf("it does not say %q", line)
		}
	}
}

// startEmbedded builds and starts a program with the library in it.
func startEmbedded(t *testing.T, r run, port int, flag string) *harness.Server {
	t.Helper()
	dir := filepath.Join(tree(), r.name)
	program := filepath.Join(t.TempDir(), "embed")
	shell(t, dir, "go vet . && go build -o "+program+" .")
	return harness.Options{Bin: program, Bare: true, Port: port, Dir: dir, Args: []string{flag}}.Start(t)
}

// endEmbedded interrupts the program: its clients are told, and it ends well.
func endEmbedded(t *testing.T, s *harness.Server, clients ...client) {
	t.Helper()
	s.Signal(t, syscall.SIGTERM)
	for _, c := range clients {
		c.rest(websocket.StatusGoingAway)
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
