package upgrade

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"testing"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// Processes of sessions that end just as another server takes over: each client is told how, by the
// server that has it then.
func TestEndings(t *testing.T) {
	t.Parallel()
	h := start(t, append([]string{"--resume=5m", "--history=64M"}, talking(t, "-every=1ms")...)...)
	ctx, cancel := context.WithCancel(harness.Context(t))
	defer cancel()
	for range 3 {
		var all sync.WaitGroup
		var talks []*talk
		for range 15 {
			c := newTalk(t, "ws://"+h.Addr+"/", "line", goclient.Options{})
			talks = append(talks, c)
			all.Go(func() {
				if err := c.run(ctx); err != nil {
					t.Error(err)
					cancel()
				}
			})
			select {
			case <-c.begun:
			case <-ctx.Done():
			}
		}
		all.Go(func() { h.upgrade(t) })
		for _, c := range talks {
			close(c.asked)
		}
		if all.Wait(); t.Failed() {
			break
		}
	}
	h.end(t, 0)
}

// A signal to the first server ends all, also when it comes while the server that has replaced it is
// being replaced.
func TestEndWhileReplaced(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"Took over ", "Replaced "} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			h := start(t, "--resume=5m", "cat")
			h.upgrade(t)
			c := h.Connect(t)
			c.Echo(t, "one")
			h.Signal(t, syscall.SIGUSR2)
			harness.Until(t, fmt.Sprintf("%q is logged again", when), func() bool { return len(h.Out.With(when)) > 1 })
			h.end(t, 0)
		})
	}
}

// A process that has closed its output and runs on is handed over like any other, and its client is told
// how it ends.
func TestOutputEnded(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{"--resume=1m", "--shared"} {
		t.Run(lifetime[2:5], func(t *testing.T) {
			t.Parallel()
			o := options(t, lifetime, "sh", "-c", "echo up; exec >&-; until [ -e go ]; do sleep 0.01; done; exit 7")
			h := startWith(t, o)
			attach := harness.Handshake("/")
			if lifetime != "--shared" {
				_, attach = newSession(t, h)
			}
			h.Open(t, attach).Expect(t, "up")
			h.upgrade(t)
			h.upgrade(t)
			c := h.Open(t, attach)
			c.Expect(t, "up")
			write(t, o, "go", "")
			c.Ends(t, 4007, "")
			h.end(t, 0)
		})
	}
}

// newSession makes a session, and returns its id and the request to attach to it.
func newSession(t *testing.T, h *house) (id string, attach harness.Request) {
	t.Helper()
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(newBrowser(t, h).wants(t, 201, "POST", "?session=new", document, "")), &made); err != nil {
		t.Fatal(err)
	}
	return made.ID, harness.Handshake("/?session="+made.ID).Add("Authorization", "Bearer "+made.Secret)
}
