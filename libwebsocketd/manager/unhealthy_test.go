//go:build unix

package manager

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// gated returns a URL that answers 200 while the turnstile is open, and 503 otherwise.
func gated(t *testing.T, g turnstile) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(string(g)); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestHealth: what checks find is told when it is new. After so many failures in a row the program
// is ended, and the rule of restarts follows.
func TestHealth(t *testing.T) {
	t.Parallel()
	g := newTurnstile(t)
	url := gated(t, g)
	quick := 20 * time.Millisecond
	for name, test := range map[string]struct {
		check Check
		why   string
	}{
		"script": {Check{Script: []string{"/bin/sh", "-c", "test -e " + string(g)}}, "exit status 1"},
		"http":   {Check{HTTP: url}, "the answer is 503 Service Unavailable; it is healthy with 200 to 299"},
	} {
		t.Run(name, func(t *testing.T) {
			test.check.Interval, test.check.Retries = quick, 2
			// Each process opens the gate itself: the next check of the second one must not find it closed.
			f := only(t, "touch "+string(g)+"; echo up; exec cat", App{Ready: &Ready{Line: "^up$"}, Health: &test.check, MinUptime: time.Hour, MaxRestarts: 1})
			f.is(4, "a starting, a online, a STARTED, a healthy")
			first := f.one("a").Pid
			<-time.After(5 * quick) // nothing is told of a check that finds the same
			g.close()
			f.is(7, "a unhealthy, a HEALTH_CHECK_FAILED, a restarting, a starting, a online, a RESTARTED, a healthy")
			if about := f.one("a"); about.Pid == first || about.Restarts != 1 || about.Health != HealthHealthy {
				t.Errorf("%+v", about)
			}
			g.close()
			f.is(4, "a unhealthy, a HEALTH_CHECK_FAILED, a restarting, a errored")
			if about := f.one("a"); !strings.HasSuffix(about.Why, "the last time: its health check has failed 2 times in a row: "+test.why) {
				t.Errorf("%+v", about)
			}
		})
	}
}

// TestHealthNoRestart: a program that is not restarted stays stopped when it is unhealthy.
func TestHealthNoRestart(t *testing.T) {
	t.Parallel()
	f := only(t, "exec cat", App{NoRestart: true, Health: &Check{Script: []string{"/bin/sh", "-c", "exit 1"}, Interval: 20 * time.Millisecond, Retries: 1}})
	f.is(7, "a starting, a online, a STARTED, a unhealthy, a HEALTH_CHECK_FAILED, a stopping, a stopped")
}

// TestHealthStopping: what checks find of a process that is being ended is not told, and of the one
// that takes its place it is told anew.
func TestHealthStopping(t *testing.T) {
	t.Parallel()
	g := newTurnstile(t)
	script := `trap 'rm -f ` + string(g) + `; sleep 0.3; exit 0' TERM; touch ` + string(g) + `; echo up; while :; do sleep 0.02; done`
	f := only(t, script, App{
		Ready:       &Ready{Line: "^up$"},
		Health:      &Check{Script: []string{"/bin/sh", "-c", "test -e " + string(g)}, Interval: 20 * time.Millisecond, Retries: 1},
		KillTimeout: time.Minute,
	})
	f.is(4, "a starting, a online, a STARTED, a healthy")
	f.must(f.Restart(context.Background(), "a"))
	f.is(5, "a stopping, a starting, a online, a RESTARTED, a healthy")
	f.must(f.Stop(context.Background(), "a"))
	f.is(3, "a stopping, a stopped, a STOPPED 0")
}

// TestHealthReload: the process that takes the place of another is checked too.
func TestHealthReload(t *testing.T) {
	t.Parallel()
	g := newTurnstile(t)
	g.open()
	f := only(t, "echo up; exec cat", App{
		Ready:     &Ready{Line: "^up$"},
		Health:    &Check{Script: []string{"/bin/sh", "-c", "test -e " + string(g)}, Interval: 20 * time.Millisecond, Retries: 2},
		MinUptime: time.Hour,
	})
	f.is(4, "a starting, a online, a STARTED, a healthy")
	f.must(f.Manager.Reload(context.Background(), "a"))
	f.is(4, "a restarting, a online, a RESTARTED, a healthy")
	g.close()
	f.is(6, "a unhealthy, a HEALTH_CHECK_FAILED, a restarting, a starting, a online, a RESTARTED")
}
