package manager

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestPoint9: stop: SIGTERM, then SIGKILL after kill_timeout, children included; stopping then
// stopped.
func TestPoint9(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		least        time.Duration
	}{
		{"polite", `trap 'echo bye; kill $child; exit 0' TERM; sleep 600 & child=$!; echo $$ $child; wait`, 0},
		{"deaf", `trap '' TERM; sleep 600 & echo $$ $!; while :; do wait; done`, 1500 * time.Millisecond},
		{"deaf child", `sh -c 'trap "" TERM; echo $$; while :; do sleep 600; done' & echo $$; wait`, 0}, // it dies with its session
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pids := filepath.Join(t.TempDir(), "pids")
			s := manage(t, fmt.Sprintf(`[program.app]
				command = ["/bin/sh", "-c", %q]
				lifetime = "supervised"
				kill_timeout = 1500
			`, "exec >"+pids+"; "+test.script))
			s.awaitOnline(t, "app")
			var all []int
			harness.Until(t, "both have said who they are", func() bool {
				text, _ := os.ReadFile(pids)
				all = nil
				for _, word := range strings.Fields(string(text)) {
					pid, _ := strconv.Atoi(word)
					all = append(all, pid)
				}
				return len(all) == 2
			})
			o := s.connect(t, "process_status", "process_event")
			began := time.Now()
			s.must(t, "stop", "app")
			took := time.Since(began)
			if got := words(o.until("event stopped")); got != "stopping after online, stopped after stopping, event stopped" {
				t.Errorf("got %s", got)
			}
			if took < test.least {
				t.Errorf("it took %v, and kill_timeout is %v", took, test.least)
			}
			for _, pid := range all {
				if harness.Alive(pid) {
					t.Errorf("%d is alive after the stop", pid)
				}
			}
			if text, _ := os.ReadFile(pids); test.name == "polite" && !strings.Contains(string(text), "bye") {
				t.Errorf("it has written %q", text)
			}
		})
	}
}

// TestKilled: nothing of twenty programs, nor of their children, survives kill -9 of the server.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := manage(t, programs(20, func(n int) string {
		return `command = ["/bin/sh", "-c", "trap '' TERM HUP; sleep 600 & echo up; while :; do wait; done"]
			ready = { line = "up" }`
	}))
	for n := range 20 {
		s.awaitOnline(t, name(n))
	}
	if n := len(s.Children()); n < 40 {
		t.Errorf("only %d processes", n)
	}
	s.Signal(t, 9)
	s.Wait(t)
	harness.NothingLeft(t, s.Server)
}

// name returns the name of the nth of many programs.
func name(n int) string { return fmt.Sprintf("p%02d", n) }

// programs returns a file with supervised programs, of each of which settings says more.
func programs(count int, settings func(n int) string) string {
	var file strings.Builder
	for n := range count {
		fmt.Fprintf(&file, "[program.%s]\nlifetime = \"supervised\"\n%s\n", name(n), settings(n))
	}
	return file.String()
}
