package upgrade

import (
	"context"
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
