//go:build linux

package process

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be its own guardian, and a server to be killed.
func TestMain(m *testing.M) {
	GuardianMain()
	if os.Getenv("PROCESS_TEST_SERVER") != "" {
		guardedServer()
		return
	}
	goleak.VerifyTestMain(m)
}

// guardedServer starts a program with a background child, says who they are,
// and waits for its own violent end.
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
	// Groups that come and go, with numbers no process has.
	groups, _ := strconv.Atoi(os.Getenv("PROCESS_TEST_GROUPS"))
	guardian := l.guard.proc.Pid
	for i := range groups {
		l.guard.add(1<<30 + i)
		l.guard.remove(1<<30 + i)
		if !l.guard.is(guardian) {
			fmt.Println("the guardian did not read in time and was replaced")
			return
		}
	}
	fmt.Println(p.Pid, child, l.guard.proc.Pid)
	select {}
}

// sh is a script run by sh.
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

// eventually polls until ok, or fails.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
