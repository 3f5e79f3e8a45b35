package hostile

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/test/harness"
)

// drip sends a byte now and then, until the connection does not take it any more.
func drip(t *testing.T, c *harness.Conn) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-stopped })
	go func() {
		defer close(stopped)
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
			case <-stop:
				return
			}
		}
	}()
}

// echoUntil has long messages echoed until it is over.
func echoUntil(c *harness.Conn, over *atomic.Bool) (err error) {
	said := strings.Repeat("y", 500_000)
	for err == nil && !over.Load() {
		c.Text(said)
		_, err = c.Receive()
	}
	return err
}

// half is a way to send the beginning of a message, and nothing more.
type half struct {
	begin func(t *testing.T, s *harness.Server, size int) *harness.Conn
	ends  func(t *testing.T, c *harness.Conn) // for being too slow
}

var halves = map[string]half{
	"socket": {
		func(t *testing.T, s *harness.Server, size int) *harness.Conn {
			c := s.Connect(t)
			c.Send(t, "\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00"+strings.Repeat("x", size))
			return c
		},
		func(t *testing.T, c *harness.Conn) {
			if end := c.Each(t, func(harness.Message) {}); end.Code != 1008 || !strings.Contains(end.Reason, "--maxmemory") {
				t.Errorf("it ends with %d %s", end.Code, end.Reason)
			}
		},
	},
	"post": {
		func(t *testing.T, s *harness.Server, size int) *harness.Conn {
			c := s.Dial(t)
			c.Send(t, post(100_000)+strings.Repeat("x", size))
			return c
		},
		func(t *testing.T, c *harness.Conn) {
			if err := c.ReadResponse(); err != nil || c.Status() != 408 || !strings.Contains(c.Body, "--maxmemory") {
				t.Errorf("%v, status %d: %s", err, c.Status(), c.Body)
			}
		},
	},
}

// post is the header of a message of size bytes.
func post(size int) string {
	return harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", strconv.Itoa(size)).String()
}

// TestDrip: a client that drips holds the memory for messages no longer than ten seconds
// from when somebody waits for it, and is told why it ends.
func TestDrip(t *testing.T) {
	t.Parallel()
	for name, slow := range halves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), "--maxmemory=64KiB", "--shared", "cat")
			other := s.Connect(t)
			c := slow.begin(t, s, 5000)
			drip(t, c)
			var over atomic.Bool
			served := make(chan error, 1)
			go func() { served <- echoUntil(other, &over) }()
			slow.ends(t, c)
			over.Store(true)
			if err := <-served; err != nil {
				t.Errorf("the other one: %v", err)
			}
		})
	}
}

// TestStanding: a crowd that stands still in the middle of its messages, for most of which
// there is no memory, does not keep a client waiting that comes after it.
func TestStanding(t *testing.T) {
	t.Parallel()
	for name, still := range halves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), "--maxmemory=1MiB", "--shared", "cat")
			for range 12 {
				still.begin(t, s, 60_000)
			}
			c := s.Dial(t)
			c.Send(t, post(30_000)+strings.Repeat("y", 30_000))
			if err := c.ReadResponse(); err != nil {
				t.Fatal(err)
			}
			if c.Status() != 204 {
				t.Errorf("status %d: %s", c.Status(), c.Body)
			}
		})
	}
}
