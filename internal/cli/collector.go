package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	mostGarbage   = 48 << 20 // that stands beside what is used, or, if it is more,
	leastPercent  = 20       // of what is used
	normalPercent = 100
)

// boundGarbage has the collector leave about mostGarbage of garbage, and from 240 MiB in use
// on leastPercent of that, where it would leave as much as there is in use: with ten thousand
// clients that is the larger half. A small server is not slowed down, and GOGC in the
// environment wins.
func boundGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	now := normalPercent
	afterEveryCollection(func() {
		metrics.Read(used)
		if percent := garbagePercent(used[0].Value.Uint64() + used[1].Value.Uint64()); percent != now {
			now = percent
			debug.SetGCPercent(percent)
		}
	})
}

// garbagePercent returns how much garbage the collector may leave, in percent of so many
// bytes in use.
func garbagePercent(used uint64) int {
	return int(min(max(mostGarbage*100/max(used, 1), leastPercent), normalPercent))
}

// afterEveryCollection calls f then, in the runtime's goroutine: an object that nothing
// refers to is told of its own end.
func afterEveryCollection(f func()) {
	type object struct{ _ *byte }
	runtime.SetFinalizer(new(object), func(*object) {
		f()
		afterEveryCollection(f)
	})
}
