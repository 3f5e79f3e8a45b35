package manager

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestOrder: twenty programs, each started after the next one in the file, start in that order, each
// when the one before is ready, and stop in reverse.
func TestOrder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "order")
	s := manage(t, programs(20, func(n int) string {
		script := fmt.Sprintf(`echo start %s >>%s
			trap 'echo stop %[1]s >>%[2]s; kill $!; exit 0' TERM
			sleep 600 & echo ready %[1]s >>%[2]s; echo up; wait`, name(n), file)
		after := ""
		if n < 19 {
			after = fmt.Sprintf(`after = ["%s:ready"]`, name(n+1))
		}
		return fmt.Sprintf("command = [\"/bin/sh\", \"-c\", %q]\nready = { line = \"^up$\" }\nkill_timeout = \"5m\"\n%s", script, after)
	}))
	s.awaitOnline(t, name(0))
	s.Signal(t, 15)
	if code := s.Wait(t); code != 0 {
		t.Errorf("the server's exit status is %d: %s", code, s.Err)
	}
	var want []string
	for n := 19; n >= 0; n-- {
		want = append(want, "start "+name(n), "ready "+name(n))
	}
	for n := range 20 {
		want = append(want, "stop "+name(n))
	}
	text, err := os.ReadFile(file)
	if got := strings.Split(strings.TrimSpace(string(text)), "\n"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
	}
}

// TestNeverReady: a program that never becomes ready is told by name, by each that waits for it: in
// the log once, to the operator and to a client.
func TestNeverReady(t *testing.T) {
	t.Parallel()
	s := manage(t, `[program.db]
		command = ["/bin/cat"]
		lifetime = "supervised"
		ready = { line = "never", timeout = "1h" }
		[program.api]
		command = ["/bin/cat"]
		lifetime = "supervised"
		after = ["db"]
	`)
	line := s.Out.Await(t, "WAITING")
	if !strings.Contains(line, "instance:'api'") || !strings.Contains(line, "for:'db:ready'") {
		t.Errorf("the log: %s", line)
	}
	if about := s.info(t, "api").Data; about.Status != "starting" || about.Why != "it waits for db:ready" {
		t.Errorf("%+v", about)
	}
	if viewer := s.Ask(t, harness.Handshake("/api")); viewer.Status() != 503 || !strings.Contains(viewer.Body, "it waits for db:ready") {
		t.Errorf("a client gets %d %s", viewer.Status(), viewer.Body)
	}
	s.must(t, "stop", "api")
	if n := len(s.Out.With("WAITING")); n != 1 {
		t.Errorf("%d lines tell that it waits", n)
	}
}

// TestCycle: programs that wait for each other stop the start, with the path.
func TestCycle(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.toml")
	harness.WriteFile(t, file, programs(3, func(n int) string {
		return fmt.Sprintf("command = [\"/bin/cat\"]\nafter = [\"%s\"]", name((n+1)%3))
	}), 0o600)
	s := harness.Options{Bin: harness.Binary(t), Args: []string{"--config=" + file}}.Launch(t)
	if code := s.Wait(t); code == 0 {
		t.Error("the server has started")
	}
	if all := s.Out.String() + s.Err.String(); !strings.Contains(all, "p00 -> p01 -> p02 -> p00") {
		t.Error(all)
	}
}
