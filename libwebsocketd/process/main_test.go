//go:build linux

package process

import (
	"fmt"
	"os"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be its own guardian, confine itself, and be a server that a test
// kills.
func TestMain(m *testing.M) {
	GuardianMain()
	ConfineMain(nil)
	if os.Getenv(deathSignal) != "" {
		var signal int32
		unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0)
		fmt.Print(signal)
		return
	}
	if os.Getenv(capableServer) != "" {
		tellCapabilities()
		return
	}
	if os.Getenv(cgroupServer) != "" {
		killedCgroupServer()
		return
	}
	if dir := os.Getenv(moveOf); dir != "" {
		tellMove(dir)
		return
	}
	if os.Getenv("PROCESS_TEST_SERVER") != "" {
		guardedServer()
		return
	}
	goleak.VerifyTestMain(m)
}

// cgroupServer makes the test binary a server that a test kills; moveOf names the control group that
// it moves out of.
const (
	cgroupServer = "PROCESS_TEST_CGROUP_SERVER"
	moveOf       = "PROCESS_TEST_MOVE"
)

// deathSignal makes the test binary print the signal that it gets when its parent dies.
const deathSignal = "PROCESS_TEST_DEATH_SIGNAL"

// guardedServer starts a program with a background child, prints their pids, and
// waits to be killed.
func guardedServer() {
	l, err := NewLauncher(LauncherOptions{Guard: true, Subreaper: true, Sockets: []string{os.Getenv("PROCESS_TEST_SERVER")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := l.Start(sh(`sleep 600 & echo $!; trap "" INT TERM; read never; sleep 600`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var child int
	fmt.Fscan(p.Stdout, &child)
	fmt.Println(p.Pid, child, l.guard.pid)
	select {}
}

// sh returns a Spec that runs a script by sh.
func sh(script string) Spec {
	return Spec{Path: "/bin/sh", Args: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}}
}

func newLauncher(t *testing.T, o LauncherOptions) *Launcher {
	t.Helper()
	l, err := NewLauncher(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func begin(t *testing.T, l *Launcher, spec Spec) *Process {
	t.Helper()
	p, err := l.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop(KillNow)
		p.Close()
	})
	return p
}

// eventually polls until ok returns true, or fails.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}
