package session

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// aPoll is a long-poll that waits longer than any test.
func aPoll(target string) harness.Request {
	return harness.Get(target).Add("Accept", "application/json")
}

// forgets is after how long a system forgets a connection whose program has closed it
// (tcp_fin_timeout); it answers what comes later by a reset.
const forgets = time.Minute

// A client that is killed while its request waits has sent its end, and no more: it is
// asked whether it is there, and its seat and its place are another's soon, and not after
// the five minutes that it wanted to wait.
func TestWaitingClientGone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flag  string
		asks  func(t *testing.T, s *harness.Server) harness.Request
		taken int // what the next one is answered meanwhile
	}{
		"seat, shared": {"--shared --maxperip=1", func(*testing.T, *harness.Server) harness.Request { return aPoll("/?wait=5m") }, http.StatusTooManyRequests},
		"seat, POST": {"--shared --maxperip=1", func(*testing.T, *harness.Server) harness.Request {
			return harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", "1000000")
		}, http.StatusTooManyRequests},
		"seat, session": {"--resume=1m --maxperip=1", func(*testing.T, *harness.Server) harness.Request { return aPoll("/?wait=5m") }, http.StatusTooManyRequests},
		"place": {"--resume=1m --attach=refuse", func(t *testing.T, s *harness.Server) harness.Request {
			m, _ := create(t, s)
			return aPoll(m.URL+"&wait=5m").Add("Cookie", m.cookie)
		}, http.StatusConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), append(strings.Fields(test.flag), "--pingms=200", "sh", "-c", "exec sleep 1000")...)
			r := test.asks(t, s)
			c := s.Dial(t)
			c.Send(t, r.String())
			if r.Method == "POST" {
				c.Send(t, strings.Repeat("x", 1_000_000))
			}
			harness.Until(t, "the process runs", func() bool { return len(s.Children()) == 1 })
			next := aPoll(strings.Replace(r.Target, "wait=5m", "wait=50ms", 1))
			if next.Lines = r.Lines; r.Method == "POST" {
				next = aPoll("/?wait=50ms")
			}
			harness.Until(t, "the client has its place", func() bool { return s.Ask(t, next).Status() == test.taken })
			c.Conn.Close()
			if !harness.Within(forgets/6, func() bool { return s.Ask(t, next).Status() == http.StatusOK }) {
				t.Error("the place is not free")
			}
		})
	}
}

// A client that has closed its sending half only gets its answer, after interim responses
// if it speaks a protocol that has them.
func TestWaitingClientHalfClosed(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--shared", "--resume=1m"} {
		for _, proto := range []string{"HTTP/1.1", "HTTP/1.0"} {
			t.Run(flag+" "+proto, func(t *testing.T) {
				t.Parallel()
				s := harness.Start(t, harness.Binary(t), flag, "--pingms=200", "sh", "-c", "exec sleep 1000")
				c := s.Dial(t)
				c.Send(t, aPoll("/?wait=2s").As("GET", proto).String())
				c.HalfClose(t)
				asked := 0
				for {
					if err := c.ReadResponse(); err != nil {
						t.Fatal(err)
					}
					if c.Status() != http.StatusContinue {
						break
					}
					asked++
				}
				if c.Status() != http.StatusOK || !strings.Contains(c.Body, `"pending":[]`) || (asked > 0) != (proto == "HTTP/1.1") {
					t.Errorf("%d %s, after %d interim responses", c.Status(), c.Body, asked)
				}
			})
		}
	}
}
