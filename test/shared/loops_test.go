package shared

import (
	"context"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
	"websocketd/test/harness"
)

const (
	loops   = 3
	visits  = 500
	dialers = 10
)

// visit joins, and leaves in one of many ways.
func visit(t *testing.T, c *harness.Conn, i int) {
	half := harness.Frame{Op: harness.TextOp, Payload: []byte("half a message")}
	switch i % 6 {
	case 0:
		c.Leave(t)
	case 1:
		c.Reset()
	case 2: // in the middle of a message
		c.WriteFrames(half)
		c.Reset()
	case 3: // in the middle of a frame
		half.Announce = 1000
		c.WriteFrames(half)
		c.Conn.Close()
	case 4:
		c.Text("a message")
		c.Reset()
	case 5:
		c.HalfClose(t)
		c.Rest(t)
	}
}

// visitAll makes all the visits of one loop.
func visitAll(t *testing.T, connect func() *harness.Conn) {
	t.Helper()
	var all sync.WaitGroup
	for first := range dialers {
		all.Go(func() {
			for i := first; i < visits; i += dialers {
				visit(t, connect(), i)
			}
		})
	}
	all.Wait()
}

// Three loops of five hundred viewers who leave in all ways: the server's descriptors
// are equal after each, and its threads within 8.
func TestLoops(t *testing.T) {
	t.Parallel()
	s := startPlain(t, "--loglevel=error", "cat")
	var descriptors, threads int
	for i := range loops {
		visitAll(t, func() *harness.Conn { return s.Connect(t) })
		harness.NoSurvivors(t, s)
		if i == 0 {
			descriptors, threads = harness.Settled(t, func() int { return harness.Descriptors(t, s.PID) }), harness.Threads(t, s.PID)
			continue
		}
		harness.Until(t, "the descriptors are those of the first loop", func() bool {
			return harness.Descriptors(t, s.PID) <= descriptors
		})
		if n := harness.Threads(t, s.PID); n > threads+8 {
			t.Errorf("%d threads after loop %d, %d after the first", n, i+1, threads)
		}
	}
	harness.Measured(t, "%d x %d viewers: %d descriptors, %d threads, VmHWM %d MiB",
		loops, visits, descriptors, harness.Threads(t, s.PID), harness.PeakMemory(t, s.PID)/mib)
}

// The same in this process, alone in it, to count goroutines.
func TestLoopsLeaveNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	server, err := libwebsocketd.New(libwebsocketd.Config{Command: []string{"/bin/cat"}, Settings: libwebsocketd.Settings{Lifetime: shared.Lifetime{Watch: true}}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	address := strings.TrimPrefix(web.URL, "http://")
	var first int
	for i := range loops {
		visitAll(t, func() *harness.Conn { return harness.ConnectTo(t, address) })
		if i == 0 {
			first = harness.Settled(t, runtime.NumGoroutine)
			continue
		}
		harness.Until(t, "the goroutines are those of the first loop", func() bool {
			return runtime.NumGoroutine() <= first
		})
	}
	harness.Measured(t, "%d x %d viewers: %d goroutines, %d of them before", loops, visits, first, before)
	web.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}
