package upgrade

import (
	"context"
	"sync"
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
