package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	mostGarbage   = 48 << 20 // allowed beside the memory in use, or, if that is more,
	leastPercent  = 20       // of the memory in use
	normalPercent = 100
)

// boundGarbage has the collector leave about mostGarbage of garbage, and from 240 MiB
// in use on leastPercent of what is in use. By default it would leave as much as is
// in use, which is the larger half with ten thousand clients. A small server is not
// slowed down, and GOGC in the environment wins.
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

// garbagePercent returns how much garbage the collector may leave, in percent of used
// bytes.
func garbagePercent(used uint64) int {
	return int(min(max(mostGarbage*100/max(used, 1), leastPercent), normalPercent))
}

// afterEveryCollection calls f after every collection, in the runtime's goroutine. It
// uses the finalizer of an object that nothing refers to.
func afterEveryCollection(f func()) {
	type object struct{ _ *byte }
	runtime.SetFinalizer(new(object), func(*object) {
		f()
		afterEveryCollection(f)
	})
}
