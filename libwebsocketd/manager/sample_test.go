//go:build unix

package manager

import (
	"os"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
)

// TestUsage: a program that takes memory and works has its descendants' figures, too.
func TestUsage(t *testing.T) {
	t.Parallel()
	const child = `x=$(head -c 30000000 /dev/zero | tr '\0' x); echo full; while :; do :; done`
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("busy", "("+child+") & wait", App{}), f.script("idle", "exec cat", App{})}
	})
	f.until(func() bool {
		busy := f.one("busy")
		return busy.Memory > 30_000_000 && busy.Memory < 300_000_000 && busy.CPU > 1 && busy.CPU < 150
	})
	if idle := f.one("idle"); idle.Memory <= 0 || idle.Memory > 30_000_000 || idle.CPU > 50 {
		t.Errorf("%+v", idle)
	}
	s := f.System()
	if s.Cores < 1 || s.Total == 0 || s.Used == 0 || s.Used > s.Total || s.Available == 0 || s.CPU < 0 || s.CPU > 100 {
		t.Errorf("%+v", s)
	}
}

// TestSampler: the percentage is that of the time since the sample before, and never negative.
func TestSampler(t *testing.T) {
	t.Parallel()
	var s sampler
	at := time.Unix(1000, 0)
	s.take(map[int]counted{1: {time.Second, 5}, 2: {time.Minute, 6}}, at)
	if s.now[1] != (Usage{0, 5}) {
		t.Errorf("%v", s.now)
	}
	s.take(map[int]counted{1: {2 * time.Second, 7}, 2: {time.Second, 8}, 3: {time.Hour, 9}}, at.Add(4*time.Second))
	if s.now[1] != (Usage{25, 7}) || s.now[2] != (Usage{0, 8}) || s.now[3] != (Usage{0, 9}) {
		t.Errorf("%v", s.now)
	}
}

// TestSamplerJoin: a process that has started since the last sample is told of at once, while the
// figures of the others stay what they were.
func TestSamplerJoin(t *testing.T) {
	t.Parallel()
	s := sampler{at: time.Now().Add(time.Hour), before: map[int]counted{1: {}}, now: map[int]Usage{1: {25, 7}}}
	before := s.now
	own := os.Getpid()
	now := s.usage(func() []int { return []int{1, own} })
	if _, is := now[own]; !is || now[1] != (Usage{25, 7}) || len(before) != 1 {
		t.Errorf("%v after %v", now, before)
	}
	if again := s.usage(func() []int { return []int{1, own} }); again[own] != now[own] {
		t.Errorf("%v after %v", again, now)
	}
}

// TestMemoryLimit: a program that takes more memory than it may is restarted, and that is told
// instead of a crash.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		const script = `x=$(head -c 40000000 /dev/zero | tr '\0' x); echo full; sleep 1000`
		return []libwebsocketd.Program{f.script("a", script, App{MaxMemory: 20_000_000, MinUptime: time.Millisecond})}
	})
	f.until(func() bool { return f.one("a").Restarts > 0 })
	if told := f.events(5); !strings.Contains(told, "a online, a STARTED, a MEMORY_LIMIT_EXCEEDED, a restarting") {
		t.Error(told)
	}
	f.must(f.Stop(t.Context(), "a"))
}
