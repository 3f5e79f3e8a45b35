//go:build unix

package manager

import (
	"context"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd"
)

// TestOperations: every operation, and what is told of it.
func TestOperations(t *testing.T) {
	t.Parallel()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "exec cat", App{MinUptime: 50 * time.Millisecond})}
	})
	ctx := context.Background()
	is := func(n int, want string) {
		t.Helper()
		if got := f.events(n); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		f.forget()
	}
	is(3, "a starting, a online, a STARTED")
	first := f.one("a").Pid
	f.must(f.Restart(ctx, "a"))
	is(4, "a stopping, a starting, a online, a RESTARTED")
	second := f.one("a")
	if second.Pid == first || second.Restarts != 1 {
		t.Errorf("%+v", second)
	}
	f.must(f.Manager.Reload(ctx, "a"))
	is(3, "a restarting, a online, a RESTARTED")
	third := f.one("0")
	if third.Pid == second.Pid || third.Restarts != 2 {
		t.Errorf("%+v", third)
	}
	syscall.Kill(third.Pid, syscall.SIGKILL)
	is(5, "a CRASHED -1, a restarting, a starting, a online, a RESTARTED")
	f.must(f.Stop(ctx, "a"))
	is(3, "a stopping, a stopped, a STOPPED -1")
	if err := f.Restart(ctx, "b"); err == nil || err.(*Error).Code != CodeNotFound {
		t.Error(err)
	}
	f.must(f.Start(ctx, "a"))
	is(3, "a starting, a online, a STARTED")
	if err := f.Start(ctx, "a"); err == nil || err.Error() != "a is already online" {
		t.Error(err)
	}
	f.must(f.Scale(ctx, "a", 3))
	if all, _ := f.Find("a"); len(all) != 3 || all[2].Name != "a-2" || all[2].Status != Online {
		t.Errorf("%+v", all)
	}
	f.must(f.Scale(ctx, "a", 1))
	f.must(f.Delete(ctx, "a"))
	if all := f.List(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	f.must(f.Add(ctx, f.script("b", "exec cat", App{})))
	if f.one("b").Status != Online {
		t.Error("b is not online")
	}
}

// TestErrored: a program that ends at once is restarted exactly MaxRestarts times.
func TestErrored(t *testing.T) {
	t.Parallel()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "exit 3", App{MaxRestarts: 2, MinUptime: time.Hour, RestartDelay: time.Millisecond})}
	})
	const want = "a starting, a online, a STARTED, a CRASHED 3, a restarting, a starting, a online, a RESTARTED, a CRASHED 3, " +
		"a restarting, a starting, a online, a RESTARTED, a CRASHED 3, a errored"
	if got := f.events(15); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	about := f.one("a")
	if about.Restarts != 2 || about.Exit == nil || *about.Exit != 3 || about.Why == "" {
		t.Errorf("%+v", about)
	}
}
