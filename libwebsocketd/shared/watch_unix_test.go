//go:build unix

package shared

import (
	"log/slog"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnwatched: where the system has no watcher left, a hub goes on without one.
func TestUnwatched(t *testing.T) {
	h := &Hub{HubOptions: HubOptions{Log: slog.New(slog.DiscardHandler), Files: []string{os.Args[0]}}}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(l unix.Rlimit) {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
			t.Fatal(err)
		}
	}
	limit(unix.Rlimit{Cur: 0, Max: before.Max})
	h.release = watch(h)
	limit(before)
	if h.release != nil {
		t.Error("there is a watch")
	}
	if h.isStale() {
		t.Error("a change was seen")
	}
}
