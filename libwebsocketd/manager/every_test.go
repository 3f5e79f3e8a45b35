//go:build unix

package manager

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"websocketd/libwebsocketd"
)

// TestEvery: a task is started again and again, until it is stopped by hand.
func TestEvery(t *testing.T) {
	t.Parallel()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "exit 3", App{Every: 50 * time.Millisecond})}
	})
	const once = "a starting, a online, a STARTED, a CRASHED 3, a stopped"
	if got, want := f.events(15), once+", "+once+", "+once; got[:len(want)] != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.must(f.Stop(t.Context(), "a"))
	f.forget()
	f.must(f.Add(t.Context(), f.script("b", "exit 0", App{Every: 50 * time.Millisecond})))
	f.events(20) // of b
	for _, i := range f.List() {
		if i.Name == "a" && i.Status != Stopped {
			t.Errorf("%+v", i)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, event := range f.told {
		if event[0] == 'a' {
			t.Errorf("it was stopped by hand: %s", event)
		}
	}
}

// TestWatchTree: a changed file restarts the program once, an ignored one and its own log do not.
func TestWatchTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		p := f.script("a", "echo one; exec cat", App{Watch: true, IgnoreWatch: []string{"*.tmp"}, OutFile: filepath.Join(dir, "out")})
		p.WorkDir = dir
		return []libwebsocketd.Program{p}
	})
	f.until(func() bool { text, _ := os.ReadFile(filepath.Join(dir, "out")); return string(text) == "one\n" })
	f.events(3)
	f.forget()
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.tmp")
	write("a.js")
	const want = "a stopping, a starting, a online, a RESTARTED"
	if got := f.events(4); got != want {
		t.Error(got)
	}
	if restarts := f.one("a").Restarts; restarts != 1 {
		t.Errorf("%d restarts", restarts)
	}
}
