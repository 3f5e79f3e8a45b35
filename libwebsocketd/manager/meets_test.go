//go:build unix

package manager

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestHealthMeetsOperations: checks that fail at any moment, crashes and late starts meet restarts,
// reloads and stops. What is told is in order: a process is judged only when it is known to be
// online, and one that is unhealthy is ended.
func TestHealthMeetsOperations(t *testing.T) {
	t.Parallel()
	f := only(t, "sleep 0.0$(($$ % 4)); echo up; exec cat", App{
		Ready:       &Ready{Line: "^up$", Timeout: time.Minute},
		Health:      &Check{Script: []string{"/bin/sh", "-c", "exit $(($$ % 3 == 0))"}, Interval: 5 * time.Millisecond, Retries: 1},
		MaxRestarts: -1, MinUptime: 10 * time.Millisecond, RestartDelay: time.Millisecond,
	})
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				f.meet(ctx, n == 0)
			}
		})
	}
	all.Wait()
	f.until(func() bool { return strings.Contains(f.events(0), "healthy") }) // the checks go on
	f.must(f.Stop(context.Background(), "a"))
	if about := f.one("a"); about.Status != Stopped || about.Pid != 0 {
		t.Errorf("%+v", about)
	}
	f.inOrder()
}

// meet does one thing to the program, or waits a moment.
func (f *fixture) meet(ctx context.Context, stops bool) {
	switch n := rand.N(5); {
	case n == 0:
		f.Restart(ctx, "a")
	case n == 1:
		f.Manager.Reload(ctx, "a")
	case n == 2 && stops:
		f.Stop(ctx, "a")
		f.Start(ctx, "a")
	default:
		<-time.After(time.Duration(rand.N(50)) * time.Millisecond)
	}
}

// inOrder fails the test if what was told of health does not fit to what was told of the status.
func (f *fixture) inOrder() {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	status, judged := "", 0
	for n, word := range f.told {
		switch word {
		case "a starting", "a online", "a restarting", "a stopping", "a stopped", "a errored":
			status = word
		case "a healthy", "a unhealthy":
			if judged++; status != "a online" && status != "a restarting" {
				f.t.Errorf("event %d: %s while %s", n, word, status)
			}
		case "a HEALTH_CHECK_FAILED":
			if f.told[n-1] != "a unhealthy" {
				f.t.Errorf("event %d: %s after %s", n, word, f.told[n-1])
			}
		}
	}
	if judged == 0 {
		f.t.Error("nothing was judged")
	}
}
