package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdle: a server ends when nothing has gone on for that long, counted from the last client that
// was there, however short its visit.
func TestIdle(t *testing.T) {
	const after = time.Minute
	for _, test := range []struct {
		name string
		look func(at time.Duration) look
		ends time.Duration // at the earliest
	}{
		{"nobody", func(time.Duration) look { return look{} }, after},
		{"somebody, for two minutes", func(at time.Duration) look { return look{busy: at < 2*time.Minute} }, 3 * time.Minute},
		{"a visit between two looks", func(at time.Duration) look {
			if at > 30*time.Second {
				return look{accepted: 1}
			}
			return look{}
		}, 90 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var out bytes.Buffer
				ended := make(chan struct{})
				close(ended)
				fake := &fakeServer{stopped: make(chan struct{}), ended: ended}
				s := &service{limit: shutdownLimit, server: fake, launcher: fake, log: slog.New(newHandler(&out, "info", "text")),
					idle: idle{after, func() look { return test.look(time.Since(began)) }}}
				status := s.run(nil)
				if took := time.Since(began); status != ExitOK || took < test.ends-time.Second || took > test.ends+2*time.Second {
					t.Errorf("status %d after %v", status, took)
				}
				if !strings.Contains(out.String(), "Stopping                    : nobody was connected and nothing ran for 1m") {
					t.Errorf("log %q", &out)
				}
			})
		})
	}
}
