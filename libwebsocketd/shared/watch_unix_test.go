//go:build unix

package shared

import (
	"log/slog"
	"os"
	"syscall"
	"testing"
)

// TestUnwatched: where the system has no watcher left, a hub goes on without one.
func TestUnwatched(t *testing.T) {
	h := &Hub{HubOptions: HubOptions{Log: slog.New(slog.DiscardHandler), Files: []string{os.Args[0]}}}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(l syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
			t.Fatal(err)
		}
	}
	limit(syscall.Rlimit{Cur: 0, Max: before.Max})
	h.release = watch(h)
	limit(before)
	if h.release != nil {
		t.Error("there is a watch")
	}
	if h.isStale() {
		t.Error("a change was seen")
	}
}
