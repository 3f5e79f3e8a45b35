package cli

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// connected is how many of four clients are there at once. Nobody has connected before
// them to see whether the server is there: a connection that was closed counts until
// that is noticed.
func connected(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Launch(t)
	s.Out.Await(t, "Starting WebSocket server")
	n := 0
	for range 4 {
		if s.Ask(t, harness.Handshake("/")).Status() == 101 {
			n++
		}
	}
	return strconv.Itoa(n)
}

// Without --maxconns there may be as many connections as three quarters of the
// descriptors, less those that are kept back.
func TestDefaultOfMaxConns(t *testing.T) {
	t.Parallel()
	const descriptors, keptBack = 128, 16
	const want = (descriptors - keptBack) * 3 / 4
	s := harness.Options{Bin: harness.PlainBinary(t), Shell: fmt.Sprint("ulimit -n ", descriptors), Args: []string{"--shared", "cat"}}.Launch(t)
	s.Out.Await(t, "Starting WebSocket server")
	for range want {
		s.Connect(t)
	}
	c := s.Ask(t, harness.Handshake("/"))
	if c.Status() != 503 || !strings.Contains(c.Body, fmt.Sprintf("--maxconns=%d ", want)) {
		t.Errorf("beside %d connections: %d %s", want, c.Status(), c.Body)
	}
}

// longestHeader is what becomes of headers of 20 and 40 KiB.
func longestHeader(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	ask := func(size int) int {
		return s.Ask(t, harness.Get("/").Add("X-Long", strings.Repeat("x", size))).Status()
	}
	return fmt.Sprint(ask(20<<10), " ", ask(40<<10))
}

// heldBack is whether a message of 300 KB is taken beside one of 900 KB that has not
// come whole.
func heldBack(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	half, whole := s.Connect(t), s.Connect(t)
	half.WriteFrames(
		harness.Frame{Op: harness.TextOp, Payload: []byte(strings.Repeat("x", 900<<10))},
		harness.Frame{Fin: true, Op: harness.PingOp, Payload: []byte("read?")})
	for f, err := half.ReadFrame(); f.Op != harness.PongOp; f, err = half.ReadFrame() {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Repeat("y", 300<<10)
	go whole.Text(text)
	came := make(chan bool, 1)
	go func() {
		m, err := whole.Receive()
		came <- err == nil && string(m.Data) == text
	}()
	if harness.Within(time.Second/4, func() bool { return len(came) > 0 }) {
		return "taken"
	}
	half.WriteFrames(harness.Frame{Fin: true, Op: harness.Continuation})
	if !<-came {
		t.Error("the message does not come when there is room")
	}
	return "held back"
}

// messagesPassed is how many of four messages come back before the server holds one back:
// then it looks after the client with a pong that answers no ping.
func messagesPassed(t *testing.T, o harness.Options) string {
	c := with(o, "cat").Start(t).Connect(t)
	for range 4 {
		c.Text("x")
	}
	passed := 0
	for passed < 4 {
		switch f, err := c.ReadFrame(); {
		case err != nil:
			t.Fatal(err)
		case f.Op == harness.TextOp:
			passed++
		case f.Op == harness.PongOp:
			return strconv.Itoa(passed)
		}
	}
	return strconv.Itoa(passed)
}
