package manager

import (
	"context"
	"fmt"
	"time"
)

// memoryInterval is how often the memory of a program with a limit is looked at.
const memoryInterval = time.Second

// followMemory looks at what a process and its descendants use until ctx is done, or that is above a
// limit: then it calls exceeded once, and returns. used returns 0 where it is not known.
func followMemory(ctx context.Context, limit int64, used func() int64, exceeded func(used int64)) {
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if now := used(); now > limit {
			exceeded(now)
			return
		}
	}
}

// sizeOf returns a number of bytes for people, in the units of the setting: 1M is 1024K.
func sizeOf(bytes int64) string {
	const units = "BKMGT"
	size, unit := float64(bytes), 0
	for ; size >= 1024 && unit < len(units)-1; unit++ {
		size /= 1024
	}
	if unit == 0 {
		return fmt.Sprintf("%dB", bytes)
	}
	return fmt.Sprintf("%.1f%c", size, units[unit])
}

// memory returns what the process and everything in its session uses now, in bytes.
func (r *run) memory() int64 { return r.instance.manager.usage()[r.pid].Memory }

// exceeds ends the process, which uses more memory than it may.
func (r *run) exceeds(used int64) {
	r.fail(EventMemoryExceeded, fmt.Sprintf("it used %s of memory, more than max_memory_restart = %s", sizeOf(used), sizeOf(r.service.app.MaxMemory)))
}
