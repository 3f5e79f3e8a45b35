package manager

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"websocketd/test/harness"
)

// TestPoint11: exceeding max_memory_restart: memory_limit_exceeded, then a restart. It is the
// memory of the process and all its descendants, and these end with it.
func TestPoint11(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	eat, child := filepath.Join(dir, "eat"), filepath.Join(dir, "child")
	script := fmt.Sprintf(`until test -e %s; do sleep 0.05; done; rm %s
		sh -c 'echo $$ >%s; x=$(head -c 60000000 /dev/zero | tr "\0" x); sleep 600' & wait`, eat, eat, child)
	s := manage(t, fmt.Sprintf(`[program.eater]
		command = ["/bin/sh", "-c", %q]
		lifetime = "supervised"
		max_memory_restart = "40M"
	`, script))
	first := s.awaitOnline(t, "eater").Data
	o := s.connect(t, "process_status", "process_event")
	harness.WriteFile(t, eat, "", 0o600)
	all := o.until("event restarted")
	const want = "event memory_limit_exceeded, restarting after online, starting after restarting, online after starting, event restarted"
	if got := words(all); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if at := all[0].Data; at.Process != "eater" || at.Details["pid"] != float64(first.Pid) || !strings.Contains(fmt.Sprint(at.Details["reason"]), "max_memory_restart = 40.0M") {
		t.Errorf("%+v", at)
	}
	if now := s.info(t, "eater").Data; now.Pid == first.Pid || now.Restarts != 1 || now.Status != "online" {
		t.Errorf("%+v after %+v", now, first)
	}
	text, err := os.ReadFile(child)
	if err != nil {
		t.Fatal(err)
	}
	if pid, _ := strconv.Atoi(strings.TrimSpace(string(text))); harness.Alive(pid) || harness.Alive(first.Pid) {
		t.Errorf("%d or its child %d is still there", first.Pid, pid)
	}
}

// TestPoint12: health: http and script; health_update on change only, health_check_failed event,
// restart after retries.
func TestPoint12(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"http", "script"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var failures, checks atomic.Int64 // failures: how many checks still find it unhealthy
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if checks.Add(1); failures.Add(-1) >= 0 {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			}))
			t.Cleanup(web.Close)
			where, code, why := web.URL+"/health", 503.0, "the answer is 503 Service Unavailable; it is healthy with 200 to 299"
			check := fmt.Sprintf(`check_type = "http", url = %q`, where)
			if kind == "script" { // which asks the same
				harness.Need(t, "curl")
				check = fmt.Sprintf(`check_type = "script", script = ["curl", "--silent", "--show-error", "--fail", %q]`, where)
				code, why = 22, "exit status 22: curl: (22) The requested URL returned error: 503"
			}
			s := manage(t, fmt.Sprintf(`[program.api]
				command = ["/bin/cat"]
				lifetime = "supervised"
				health = { %s, interval = "100ms", timeout = "1m", retries = 3, enabled = true }
			`, check))
			harness.Until(t, "it is healthy", func() bool { return s.info(t, "api").Data.Health == "healthy" })
			o := s.connect(t, "process_status", "process_event", "health_update")
			first := s.info(t, "api").Data.Pid
			before := checks.Load()
			harness.Until(t, "it is checked again and again", func() bool { return checks.Load() > before+3 })
			failures.Store(3)
			all := o.until(kind + " unhealthy after healthy")
			at := all[len(all)-1].Data
			if at.Process != "api" || at.Details["status_code"] != code || !strings.HasPrefix(fmt.Sprint(at.Details["error"]), why) || at.Details["response_time"] == nil {
				t.Errorf("%+v", at)
			}
			if kind == "http" && at.Details["url"] != where {
				t.Errorf("%+v", at)
			}
			all = append(all, o.until(kind+" healthy after unknown")...)
			want := kind + " unhealthy after healthy, event health_check_failed, restarting after online, starting after restarting, online after starting, event restarted, " +
				kind + " healthy after unknown"
			if got := words(all); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if now := s.info(t, "api").Data; now.Pid == first || now.Restarts != 1 || now.Health != "healthy" {
				t.Errorf("%+v", now)
			}
			if line := s.Out.Await(t, "its health check has failed 3 times in a row"); !strings.Contains(line, why) {
				t.Errorf("the log: %s", line)
			}
		})
	}
}

// TestNotify: a program that speaks sd_notify by the tool of systemd is starting until it says that
// it is ready, and the tool does not wait in vain.
func TestNotify(t *testing.T) {
	t.Parallel()
	harness.Need(t, "systemd-notify")
	turnstile := filepath.Join(t.TempDir(), "turnstile")
	script := fmt.Sprintf(`systemd-notify --status=loading && echo told; until test -e %s; do sleep 0.05; done
		systemd-notify --ready --status=serving && echo ready; exec cat`, turnstile)
	s := manage(t, fmt.Sprintf(`[program.api]
		command = ["/bin/sh", "-c", %q]
		lifetime = "supervised"
		ready = { notify = true, timeout = "10m" }
	`, script))
	viewer := s.ConnectTo(t, "/api")
	viewer.Expect(t, "told")
	o := s.connect(t, "process_status", "process_event")
	if at := s.info(t, "api").Data; at.Status != "starting" {
		t.Errorf("%+v", at)
	}
	harness.WriteFile(t, turnstile, "", 0o600)
	if got := words(o.until("event started")); got != "online after starting, event started" {
		t.Errorf("got %s", got)
	}
	viewer.Expect(t, "ready")
}

// TestNotifyUser: a program that runs as another user can tell that it is ready, and its check
// runs as that user, too.
func TestNotifyUser(t *testing.T) {
	t.Parallel()
	harness.Need(t, "systemd-notify")
	if os.Getuid() != 0 {
		harness.Skip(t, "root", "a program that runs as another user")
	}
	s := manage(t, `[program.api]
		command = ["/bin/sh", "-c", "systemd-notify --ready && id -un; exec cat"]
		lifetime = "supervised"
		user = "nobody"
		ready = { notify = true, timeout = "10m" }
		health = { script = ["/bin/sh", "-c", "test $(id -un) = nobody"], interval = "100ms" }
	`)
	s.ConnectTo(t, "/api").Expect(t, "nobody")
	harness.Until(t, "it is healthy", func() bool { return s.info(t, "api").Data.Health == "healthy" })
}
