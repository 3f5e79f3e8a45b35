package testkit

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Starve keeps a busy process from running: it gets the lowest priority on a processor
// that hog, another busy process, is bound to. It can run again at the end of the test: a
// process dies of SIGKILL only when it runs.
func Starve(t testing.TB, starved, hog int) {
	t.Helper()
	var one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &one); err != nil {
		t.Skip(err)
	}
	for cpu, left := 0, one.Count(); left > 1; cpu++ {
		if one.IsSet(cpu) {
			one.Clear(cpu)
			left--
		}
	}
	idle := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
	if err := errors.Join(unix.SchedSetaffinity(starved, &one), unix.SchedSetaffinity(hog, &one),
		unix.SchedSetAttr(starved, &idle, 0)); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		usual := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}
		unix.SchedSetAttr(starved, &usual, 0) // it may be gone
		os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", starved), []byte("0"), 0)
	})
	// Each session may have its own share (sched(7), autogroup): take the smallest.
	os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", starved), []byte("19"), 0)
}
