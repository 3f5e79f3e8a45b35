package promises

import (
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/test/harness"
)

const (
	loops       = 2
	connections = 1000
	goroutines  = 200 // connections of the server whose goroutines are counted
	dialers     = 16
)

// Two loops of a thousand connections, all open at once: after the first the
// server's descriptors are no more and its threads within 8, and clean closes log
// no ERROR.
func TestLoopsOfConnections(t *testing.T) {
	s := startPlain(t, "--pingms=0", "cat") // nobody reads, so nobody would answer
	var descriptors, threads int
	for i := range loops {
		crowd := connectAll(t, connections, func() *harness.Conn { return s.Connect(t) })
		leaveAll(t, crowd)
		harness.NoSurvivors(t, s)
		want := (i + 1) * connections
		harness.Until(t, "all have left", func() bool { return len(s.Out.With("DISCONNECT")) == want })
		if i == 0 {
			descriptors = harness.Settled(t, func() int { return harness.Descriptors(t, s.PID) })
			threads = harness.Threads(t, s.PID)
			continue
		}
		harness.Until(t, "the descriptors are those of the first loop", func() bool {
			return harness.Descriptors(t, s.PID) <= descriptors
		})
		if n := harness.Threads(t, s.PID); n > threads+8 {
			t.Errorf("%d threads after loop %d, %d after the first", n, i+1, threads)
		}
	}
	harness.Measured(t, "%d x %d connections: %d descriptors, %d threads, VmHWM %d MiB",
		loops, connections, descriptors, harness.Threads(t, s.PID), harness.PeakMemory(t, s.PID)/mib)
	if bad := s.Out.With("| ERROR"); len(bad) > 0 {
		t.Errorf("%d ERROR lines for clean closes: %s", len(bad), bad[0])
	}
}

// The same in this process, to count goroutines.
func TestLoopsLeaveNoGoroutine(t *testing.T) {
	server, err := libwebsocketd.New(libwebsocketd.Config{Command: []string{"/bin/cat"}, Settings: libwebsocketd.Settings{PassEnv: []string{}, PingInterval: -1}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	address := strings.TrimPrefix(web.URL, "http://")
	var first int
	for i := range loops {
		crowd := connectAll(t, goroutines, func() *harness.Conn { return harness.ConnectTo(t, address) })
		leaveAll(t, crowd)
		if i == 0 {
			first = harness.Settled(t, runtime.NumGoroutine)
			continue
		}
		harness.Until(t, "the goroutines are those of the first loop", func() bool {
			return runtime.NumGoroutine() <= first
		})
	}
	harness.Measured(t, "%d x %d connections: %d goroutines", loops, goroutines, runtime.NumGoroutine())
	web.Close()
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// connectAll opens n connections and says something on each.
func connectAll(t *testing.T, n int, connect func() *harness.Conn) []*harness.Conn {
	t.Helper()
	crowd := make([]*harness.Conn, n)
	each(n, func(i int) {
		crowd[i] = connect()
		crowd[i].Echo(t, "hello")
	})
	return crowd
}

func leaveAll(t *testing.T, crowd []*harness.Conn) {
	t.Helper()
	each(len(crowd), func(i int) { crowd[i].Leave(t) })
}

// each calls f for every number below n, from as many goroutines as there are dialers.
func each(n int, f func(i int)) {
	var all sync.WaitGroup
	for first := range dialers {
		all.Go(func() {
			for i := first; i < n; i += dialers {
				f(i)
			}
		})
	}
	all.Wait()
}
