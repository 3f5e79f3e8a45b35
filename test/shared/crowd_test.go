package shared

import (
	"strings"
	"testing"

	"websocketd/test/harness"
)

// Two hundred viewers of one program that says something every 20 ms, as a vmstat
// with less patience: there is one process, and while one viewer is killed, one
// stands still and ten more come, nobody misses a line.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const total = 120
	s := start(t, counting(t, "-total=120 -every=20ms -stay")...)
	others := startClients(t, s)
	crowd := joinAll(t, s, 190-len(others))
	stalled, victim := stall(t, s), join(t, s)
	connected(t, s, 192)
	crowd[0].Text("go")
	crowd[0].reaches(t, total/4)
	victim.Reset()
	crowd[1].reaches(t, total/3)
	if pid := onlyProcess(t, s); pid != crowd[1].pid {
		t.Errorf("the process is %d, and a viewer sees %d", pid, crowd[1].pid)
	}
	crowd = append(crowd, joinAll(t, s, 10)...)

	crowd[189-len(others)].reaches(t, total)
	crowd[0].Text("end")
	allHaveAll(t, crowd, 1, total, 1000)
	go stalled.read()
	stalled.hasAll(t, 1, total, 1000)
	for _, o := range others {
		o.hasAll(t, total)
	}
	for _, v := range crowd {
		if v.pid != crowd[0].pid {
			t.Errorf("viewers of %d and of %d", v.pid, crowd[0].pid)
		}
	}
	started(t, s, 1)
}

// The program the feature is often wanted for.
func TestVmstat(t *testing.T) {
	t.Parallel()
	harness.Need(t, "vmstat")
	s := start(t, "vmstat", "1", "2")
	a, b := s.Connect(t), s.Connect(t)
	first, second := a.Ends(t, 1000, ""), b.Ends(t, 1000, "")
	if len(first) != 4 || strings.Join(first, "\n") != strings.Join(second, "\n") {
		t.Errorf("%q and %q", first, second)
	}
}
