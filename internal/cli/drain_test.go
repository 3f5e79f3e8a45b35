package cli

import (
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestRunDrains: after a signal clients go on until the last has left, or their time is over; a
// second signal ends that, and a program with which the server ends does not begin it.
func TestRunDrains(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	for _, test := range []struct {
		name   string
		leaves time.Duration // when the last client leaves
		again  time.Duration // when a second signal comes
		status int
		took   time.Duration
		log    string
	}{
		{"all leave", 20 * time.Second, time.Hour, ExitOK, 20 * time.Second, "the last client has left"},
		{"one stays", time.Hour, time.Hour, ExitOK, time.Minute, "1m are over, and who is still connected is told to go"},
		{"a second signal", time.Hour, 10 * time.Second, 128 + 15, 10 * time.Second, "terminated; clients may go on for 1m; a second signal stops at once"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out syncBuffer
				left := make(chan struct{})
				fake := &fakeServer{stopped: make(chan struct{}), ended: ended, left: left}
				s := &service{patience: time.Minute, limit: shutdownLimit, server: fake, launcher: fake, log: slog.New(newHandler(&out, "info", "text"))}
				signals := make(chan os.Signal, 2)
				signals <- syscall.SIGTERM
				leaving := time.AfterFunc(test.leaves, func() { close(left) })
				defer leaving.Stop()
				again := time.AfterFunc(test.again, func() { signals <- syscall.SIGTERM })
				defer again.Stop()
				begin := time.Now()
				status := s.run(signals)
				if took := time.Since(begin); status != test.status || took != test.took || fake.killed != (status > exitBySignal) {
					t.Errorf("status %d after %v, killed %v", status, took, fake.killed)
				}
				if !strings.Contains(out.String(), test.log) {
					t.Errorf("log %q", &out)
				}
				time.Sleep(time.Hour) // what a killed server does not wait for
				synctest.Wait()
			})
		})
	}
}
