//go:build unix

package manager

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/libwebsocketd"
)

// turnstile is a file that a script waits for, by the shell function await.
type turnstile string

func newTurnstile(t *testing.T) turnstile { return turnstile(filepath.Join(t.TempDir(), "turnstile")) }

func (g turnstile) script(rest string) string {
	return `await() { until test -e ` + string(g) + `; do sleep 0.02; done; }; ` + rest
}

func (g turnstile) open()  { os.WriteFile(string(g), nil, 0o600) }
func (g turnstile) close() { os.Remove(string(g)) }

// is waits for that many events, fails the test if they are not what is wanted, and forgets them. Others may
// have come after them already.
func (f *fixture) is(n int, want string) {
	f.t.Helper()
	f.events(n)
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := strings.Join(f.told[:n], ", "); got != want {
		f.t.Errorf("got  %s\nwant %s", got, want)
	}
	f.told = f.told[n:]
}

// only supervises one program, a.
func only(t *testing.T, script string, app App) *fixture {
	t.Helper()
	return supervise(t, func(f *fixture) []libwebsocketd.Program { return []libwebsocketd.Program{f.script("a", script, app)} })
}

// TestReady: a program is online as soon as it is ready, and not before, whatever says so.
func TestReady(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var up atomic.Bool
	url := healthy(t, &up)
	g := newTurnstile(t)
	quick := 20 * time.Millisecond
	for name, test := range map[string]struct {
		script string
		ready  Ready
	}{
		"line of stdout": {`echo "not ready: 1"; await; echo ready: 1; cat`, Ready{Line: `^ready: \d$`}},
		"line of stderr": {`echo "not ready: 1"; await; echo ready: 1 >&2; cat`, Ready{Line: `^ready: \d$`}},
		"notify":         {`MANAGER_TEST_NOTIFY=STATUS=waiting ` + self + `; await; MANAGER_TEST_NOTIFY=READY=1 ` + self + `; cat`, Ready{Notify: true}},
		"script":         {`cat`, Ready{Check: &Check{Script: []string{"/bin/sh", "-c", "test -e " + string(g)}, Interval: quick}}},
		"http":           {`cat`, Ready{Check: &Check{HTTP: url, Interval: quick}}},
	} {
		t.Run(name, func(t *testing.T) {
			g.close()
			up.Store(false)
			f := only(t, g.script(test.script), App{Ready: &test.ready})
			f.is(1, "a starting")
			if name == "notify" {
				f.until(func() bool { return f.one("a").Notice == "waiting" })
			}
			<-time.After(3 * quick)
			if got := f.one("a").Status; got != Starting {
				t.Errorf("it is %s before it is ready", got)
			}
			up.Store(true)
			g.open()
			f.is(2, "a online, a STARTED")
		})
	}
}

// TestNotReady: a program that does not become ready is restarted by the rule, and told by name why.
func TestNotReady(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ready Ready
		why   string
	}{
		"line":   {Ready{Line: "^ready$"}, "no line of its output matches ^ready$"},
		"notify": {Ready{Notify: true}, "READY=1 has not come to NOTIFY_SOCKET"},
		"script": {Ready{Check: &Check{Script: []string{"/bin/sh", "-c", "echo no database; exit 2"}}}, "exit status 2: no database"},
		"slow":   {Ready{Check: &Check{Script: []string{"/bin/sleep", "600"}}}, "no check has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.ready.Timeout = 2 * time.Second
			f := only(t, "echo not ready; exec cat", App{Ready: &test.ready, MaxRestarts: 1, MinUptime: time.Hour})
			f.is(6, "a starting, a CRASHED, a restarting, a starting, a CRASHED, a restarting")
			f.is(1, "a errored")
			if about := f.one("a"); !strings.HasSuffix(about.Why, ": it was not ready within 2s: "+test.why) {
				t.Errorf("%+v", about)
			}
		})
	}
}

// TestReadyReload: a reload waits until the next process is ready. If it never is, nothing has
// changed, and the error tells why.
func TestReadyReload(t *testing.T) {
	t.Parallel()
	g := newTurnstile(t)
	g.open()
	f := only(t, g.script("await; echo ready; exec cat"), App{Ready: &Ready{Line: "^ready$", Timeout: 3 * time.Second}})
	f.is(3, "a starting, a online, a STARTED")
	first := f.one("a").Pid
	g.close()
	err := f.Manager.Reload(context.Background(), "a")
	if err == nil || !strings.Contains(err.Error(), "it was not ready within 3s: no line of its output matches ^ready$") {
		t.Errorf("%v", err)
	}
	f.is(2, "a restarting, a online")
	if about := f.one("a"); about.Pid != first || about.Restarts != 0 {
		t.Errorf("%+v", about)
	}
	g.open()
	f.must(f.Manager.Reload(context.Background(), "a"))
	f.is(3, "a restarting, a online, a RESTARTED")
	if about := f.one("a"); about.Pid == first || about.Restarts != 1 {
		t.Errorf("%+v", about)
	}
}

// TestNotifySockets: each process has a socket of its own, which goes with it.
func TestNotifySockets(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	paths := filepath.Join(t.TempDir(), "paths")
	f := only(t, `echo $NOTIFY_SOCKET >>`+paths+`; MANAGER_TEST_NOTIFY=READY=1 `+self+`; exec cat`, App{Ready: &Ready{Notify: true}})
	f.is(3, "a starting, a online, a STARTED")
	f.must(f.Restart(context.Background(), "a"))
	f.must(f.Stop(context.Background(), "a"))
	text, err := os.ReadFile(paths)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	if len(lines) != 2 || lines[0] == lines[1] {
		t.Fatalf("%q", lines)
	}
	f.until(func() bool {
		_, err1 := os.Stat(filepath.Dir(lines[0]))
		_, err2 := os.Stat(filepath.Dir(lines[1]))
		return os.IsNotExist(err1) && os.IsNotExist(err2)
	})
}

// TestReadyStopping: a process that is being ended is not online any more, even if it gets ready.
func TestReadyStopping(t *testing.T) {
	t.Parallel()
	g := newTurnstile(t)
	f := only(t, g.script(`trap 'echo ready; sleep 0.3; exit' TERM; test -e `+string(g)+` && echo ready; echo traps; while :; do sleep 0.02; done`),
		App{Ready: &Ready{Line: "^ready$"}, KillTimeout: time.Minute})
	f.is(1, "a starting")
	f.until(func() bool { lines, _ := f.Tail("a", 1); return len(lines) > 0 })
	g.open()
	f.must(f.Restart(context.Background(), "a"))
	f.is(4, "a stopping, a starting, a online, a STARTED")
}

// TestNotReadyStopping: a process that is being ended is not late.
func TestNotReadyStopping(t *testing.T) {
	t.Parallel()
	f := only(t, `trap 'sleep 3; exit' TERM; echo up; while :; do sleep 0.02; done`,
		App{Ready: &Ready{Line: "^ready$", Timeout: 2 * time.Second}, KillTimeout: time.Minute})
	f.is(1, "a starting")
	f.until(func() bool { lines, _ := f.Tail("a", 1); return len(lines) > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := f.Restart(ctx, "a"); err == nil {
		t.Error("it is online again")
	}
	f.is(4, "a stopping, a starting, a CRASHED, a restarting")
}

// TestNotifyNotStarted: the socket of a process that could not be started is gone.
func TestNotifyNotStarted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		p := f.script("a", "", App{Ready: &Ready{Notify: true}, MaxRestarts: -1})
		p.Command = []string{filepath.Join(dir, "none")}
		return []libwebsocketd.Program{p}
	})
	f.is(3, "a starting, a CRASHED, a restarting")
	f.must(f.Stop(context.Background(), "a"))
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
