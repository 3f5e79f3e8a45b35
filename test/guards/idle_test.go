package guards

import (
	"context"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/test/harness"
)

// connections is how many are opened to see what one of them takes.
const connections = 50

// least is the lowest count there is for a moment: what one connection has done
// may still be on its way out.
func least(t *testing.T, count func() int) int {
	t.Helper()
	n := count()
	harness.Within(harness.Patience(t)/50, func() bool {
		n = min(n, count())
		return false
	})
	return n
}

// A connection takes three goroutines. This test is not parallel: the goroutines
// of others are in the same process.
func TestGoroutines(t *testing.T) {
	server, err := libwebsocketd.New(libwebsocketd.Config{Command: []string{"/bin/cat"}})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(server)
	t.Cleanup(func() {
		site.Close()
		server.Shutdown(context.Background())
	})
	address := strings.TrimPrefix(site.URL, "http://")
	harness.ConnectTo(t, address).Echo(t, "what is started once is running")
	before := least(t, runtime.NumGoroutine)
	for range connections {
		harness.ConnectTo(t, address).Echo(t, "up")
	}
	after := least(t, runtime.NumGoroutine)
	limit(t, "goroutines a connection", float64(after-before)/connections, 3)
}

// A connection takes five descriptors: the socket, three pipes, and a handle of
// the process.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	s := start(t, "/bin/cat")
	count := func() int { return harness.Descriptors(t, s.PID) }
	s.Connect(t).Echo(t, "what is opened once is open")
	before := least(t, count)
	for range connections {
		s.Connect(t).Echo(t, "up")
	}
	limit(t, "descriptors a connection", float64(least(t, count)-before)/connections, 5)
}

// Threads do not grow with the connections.
func TestThreads(t *testing.T) {
	t.Parallel()
	s := start(t, "/bin/cat")
	for range 2 * connections {
		s.Connect(t).Echo(t, "up")
	}
	most := runtime.GOMAXPROCS(0) + 8
	limit(t, "threads with 100 idle connections", float64(harness.Threads(t, s.PID)), float64(most))
}
