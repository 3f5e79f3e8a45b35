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

// starts returns when a script has noted its starts in a file.
func starts(t *testing.T, file string) (at []time.Time) {
	t.Helper()
	text, _ := os.ReadFile(file)
	for _, line := range strings.Fields(string(text)) {
		n, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, time.Unix(0, n))
	}
	return at
}

// TestPoint6: a program that exits at once ends errored after exactly max_restarts restarts;
// restart_delay is kept; after min_uptime the count starts over.
func TestPoint6(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	short, long := filepath.Join(dir, "short"), filepath.Join(dir, "long")
	s := manage(t, fmt.Sprintf(`[program.short]
		command = ["/bin/sh", "-c", "date +%%s%%N >>%s; exit 7"]
		lifetime = "supervised"
		max_restarts = 4
		min_uptime = "1h"
		restart_delay = 200
		[program.long]
		command = ["/bin/sh", "-c", "date +%%s%%N >>%s; test $(wc -l <%[2]s) != 3 || sleep 11; exit 1"]
		lifetime = "supervised"
		max_restarts = 2
		min_uptime = "10s"
		restart_delay = "10ms"
	`, short, long))
	harness.Until(t, "both are errored", func() bool {
		return s.info(t, "short").Data.Status == "errored" && s.info(t, "long").Data.Status == "errored"
	})
	about := s.info(t, "short").Data
	at := starts(t, short)
	if about.Restarts != 4 || len(at) != 5 || about.ExitCode == nil || *about.ExitCode != 7 {
		t.Errorf("%d starts, %+v", len(at), about)
	}
	for n := 1; n < len(at); n++ {
		if least := 200 * time.Millisecond << (n - 1); at[n].Sub(at[n-1]) < least {
			t.Errorf("restart %d came after %v, at least %v", n, at[n].Sub(at[n-1]), least)
		}
	}
	// The third process ran for min_uptime: two restarts before it, and two after it.
	if about, n := s.info(t, "long").Data, len(starts(t, long)); about.Restarts != 4 || n != 5 {
		t.Errorf("%d starts, %+v", n, about)
	}
	if viewer := s.Ask(t, harness.Handshake("/short")); viewer.Status() != 503 || !strings.Contains(viewer.Body, "websocketd ctl start short") {
		t.Errorf("a client gets %d %s", viewer.Status(), viewer.Body)
	}
}

// TestPoint7: autorestart:false: it stays stopped with its exit code.
func TestPoint7(t *testing.T) {
	t.Parallel()
	count := filepath.Join(t.TempDir(), "count")
	s := manage(t, fmt.Sprintf(`[program.task]
		command = ["/bin/sh", "-c", "date +%%s%%N >>%s; read line; exit 3"]
		lifetime = "supervised"
		autorestart = false
	`, count))
	s.awaitOnline(t, "task")
	o := s.connect(t, "process_status", "process_event")
	viewer := s.ConnectTo(t, "/task")
	if err := viewer.Text("go"); err != nil {
		t.Fatal(err)
	}
	if got := words(o.until("stopped after online")); got != "event crashed, stopped after online" {
		t.Errorf("got %s", got)
	}
	about := s.info(t, "task").Data
	if about.Status != "stopped" || about.ExitCode == nil || *about.ExitCode != 3 || about.Restarts != 0 {
		t.Errorf("%+v", about)
	}
	s.must(t, "start", "task") // that it had ended is no reason not to
	if got := words(o.until("event started")); got != "starting after stopped, online after starting, event started" {
		t.Errorf("got %s", got)
	}
	harness.Until(t, "it was started twice", func() bool { return len(starts(t, count)) == 2 })
}
