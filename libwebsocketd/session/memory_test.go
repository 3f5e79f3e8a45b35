package session

import (
	"runtime"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestIdle logs what a session without clients costs, and holds it to so many goroutines:
// its hub, and one for each stream of its process.
func TestIdle(t *testing.T) {
	const sessions, most = 100, 4
	s := serve(t, `exec cat`, Lifetime{}, func(c *libwebsocketd.Config) { c.MaxForks = -1 })
	s.make() // what the first one costs once for all
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	routines := runtime.NumGoroutine()
	for range sessions {
		s.make()
	}
	count := func() int { return runtime.NumGoroutine() - routines }
	testkit.Eventually(t, "the goroutines of requests are gone", func() bool { return count() <= most*sessions })
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("a session costs %d bytes of heap, %d of stacks, and %.1f goroutines", (after.HeapAlloc-before.HeapAlloc)/sessions,
		(after.StackInuse-before.StackInuse)/sessions, float64(count())/sessions)
}
