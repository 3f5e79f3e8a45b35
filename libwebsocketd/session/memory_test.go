package session

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestIdle logs what a session without clients costs, and holds it to so many goroutines:
// its hub, and one for each stream of its process.
func TestIdle(t *testing.T) {
	const sessions, most = 100, 3
	s := serve(t, `exec cat`, Lifetime{}, func(c *libwebsocketd.Config) { c.MaxForks = -1 })
	add := func() { // without a connection, whose cost would be counted too
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, httptest.NewRequest("POST", "http://127.0.0.1/?session=new", nil)); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	add() // what the first one costs once for all
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	routines := runtime.NumGoroutine()
	for range sessions {
		add()
	}
	count := func() int { return runtime.NumGoroutine() - routines }
	testkit.Eventually(t, "no goroutine of a request is left", func() bool { return count() <= most*sessions })
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("a session costs %d bytes of heap, %d of stacks, and %.1f goroutines", (after.HeapAlloc-before.HeapAlloc)/sessions,
		(after.StackInuse-before.StackInuse)/sessions, float64(count())/sessions)
}
