package exchange

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// clockedServer serves with h behind a clock of patience.
func clockedServer(t *testing.T, patience time.Duration, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w, settle := WithClock(w, patience)
		defer settle()
		h(w, r)
	}))
	s.EnableHTTP2 = true
	t.Cleanup(s.Close)
	return s
}

// TestClock: who takes nothing ends the answer, on a connection of its own and on a stream.
func TestClock(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*httptest.Server){"HTTP/1.1": (*httptest.Server).Start, "HTTP/2.0": (*httptest.Server).StartTLS} {
		result := make(chan error, 1)
		s := clockedServer(t, time.Second, func(w http.ResponseWriter, r *http.Request) {
			_, err := w.Write(make([]byte, 64<<20))
			result <- err
		})
		begin(s)
		resp, err := s.Client().Get(s.URL)
		if err != nil || resp.Proto != name {
			t.Fatalf("%v, %v", resp, err)
		}
		if err := <-result; err == nil {
			t.Errorf("%s: what nobody takes is written", name)
		}
		resp.Body.Close()
	}
}

// TestClockIsLeft: who sets a deadline, or takes the connection, has no other clock.
func TestClockIsLeft(t *testing.T) {
	t.Parallel()
	const patience = 50 * time.Millisecond
	result := make(chan error, 1)
	s := clockedServer(t, patience, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/own":
			http.NewResponseController(w).SetWriteDeadline(Past)
			_, err := w.Write(make([]byte, 1<<20))
			result <- err
			return
		case "/below":
			w = Unclocked(w)
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		time.AfterFunc(2*patience, func() {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
			conn.Close()
		})
	})
	s.Start()
	for _, path := range []string{"/taken", "/below"} {
		resp, err := s.Client().Get(s.URL + path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != "late" {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
	if resp, err := s.Client().Get(s.URL + "/own"); err == nil {
		resp.Body.Close()
	}
	if <-result == nil {
		t.Error("a deadline is not kept")
	}
}
