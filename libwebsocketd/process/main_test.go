//go:build linux

package process

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be its own guardian, and a server that a test kills.
func TestMain(m *testing.M) {
	GuardianMain()
	if os.Getenv("PROCESS_TEST_SERVER") != "" {
		guardedServer()
		return
	}
	goleak.VerifyTestMain(m)
}

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
