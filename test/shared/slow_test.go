package shared

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// What goes past a viewer that stands still: more than the systems on both sides and
// --history keep, at 10,000 lines a second.
const (
	flood  = 30000
	rushes = "-total=30000 -batch=10 -every=1ms -pad=240"
)

// slowed has a hundred viewers of a program, one of which reads nothing until the
// others had message n.
func slowed(t *testing.T, n int, flags ...string) (healthy []*viewer, slow *viewer) {
	t.Helper()
	s := start(t, counting(t, rushes, append(flags, "--history=256K")...)...)
	healthy = joinAll(t, s, 99)
	slow = stall(t, s)
	healthy[0].Text("go")
	for _, v := range healthy {
		v.reaches(t, n)
	}
	go slow.read()
	return healthy, slow
}

// By default it gets what is on its way to it, and then 1013.
func TestSlowIsClosed(t *testing.T) {
	t.Parallel()
	healthy, slow := slowed(t, flood)
	allHaveAll(t, healthy, 1, flood, 1000)
	<-slow.done
	if slow.err != nil || slow.end.Code != 1013 || slow.first != 1 || slow.last < 100 || slow.last >= flood {
		t.Errorf("the slow one had %d..%d, then %v %v", slow.first, slow.last, slow.end, slow.err)
	}
}

// With drop it is told how many it has missed, exactly, and goes on.
func TestSlowIsToldWhatWasDropped(t *testing.T) {
	t.Parallel()
	healthy, slow := slowed(t, flood*9/10, "--slowclient=drop")
	allHaveAll(t, healthy, 1, flood, 1000)
	<-slow.done
	if slow.err != nil || slow.end.Code != 1000 || slow.last != flood || slow.gaps == 0 {
		t.Errorf("the slow one had %d..%d with %d gaps, then %v %v", slow.first, slow.last, slow.gaps, slow.end, slow.err)
	}
	harness.Measured(t, "%d of %d messages dropped in %d gaps", slow.dropped, flood, slow.gaps)
}

// With block the program waits for it, and nobody misses anything.
func TestSlowBlocks(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=30000 -batch=100 -pad=240", "--slowclient=block", "--history=256K")...)
	healthy, slow := joinAll(t, s, 20), stall(t, s)
	healthy[0].Text("go")
	pid := onlyProcess(t, s)
	harness.Until(t, "the program waits", func() bool {
		return healthy[0].had.Load() > 100 && waits(pid)
	})
	waitsAt := healthy[0].had.Load()
	go slow.read()
	slow.hasAll(t, 1, flood, 1000)
	allHaveAll(t, healthy, 1, flood, 1000)
	if waitsAt >= flood {
		t.Errorf("a viewer had all while another had nothing")
	}
}

// Who leaves is not waited for any more.
func TestLeavingUnblocks(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=30000 -batch=100 -pad=240", "--slowclient=block", "--history=64K")...)
	reader, still := join(t, s), []*viewer{stall(t, s), stall(t, s)}
	reader.Text("go")
	pid := onlyProcess(t, s)
	harness.Until(t, "the program waits", func() bool { return reader.had.Load() > 100 && waits(pid) })
	still[0].Reset()
	still[1].Conn.Conn.Close()
	reader.hasAll(t, 1, flood, 1000)
}

// Ten who stand still, each somewhere else, cost nobody a line.
func TestManyStandStill(t *testing.T) {
	t.Parallel()
	const total = 60000
	s := start(t, counting(t, "-total=60000 -batch=100 -pad=240")...)
	healthy := joinAll(t, s, 3)
	healthy[0].Text("go")
	for i := range 10 {
		stall(t, s)
		healthy[0].reaches(t, i*1000)
	}
	allHaveAll(t, healthy, 1, total, 1000)
}

// waits reports whether a thread of pid waits for room in a pipe.
func waits(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/wchan", pid))
	for _, task := range tasks {
		if where, _ := os.ReadFile(task); strings.Contains(string(where), "pipe_write") {
			return true
		}
	}
	return false
}
