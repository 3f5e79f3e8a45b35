package session

import (
	"context"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestShutdown: it ends sessions with clients and without, and those that wait for a client
// to confirm. Clients get what was said last, and 1001.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s := serve(t, `echo $$; while read x; do [ "$x" = much ] && while :; do echo 0123456789012345678901234567890; done; done; echo last`, Lifetime{History: 8 << 10},
		func(c *libwebsocketd.Config) { c.CloseDelay = 100 * time.Millisecond })
	var pids []int
	doc, c := s.make()
	attached := c.dial("/?session=" + doc.ID)
	pids = append(pids, pidOf(t, read(attached)))
	for _, order := range []string{"", "much"} {
		doc, c := s.make()
		x := s.Find(doc.ID)
		testkit.Eventually(t, "it has begun", func() bool { _, last := x.hub.Kept(); return last > 0 })
		if pids = append(pids, c.state(doc.ID).Pid); order != "" {
			x.Send(message(order))
			before, same := uint64(0), 0
			testkit.Eventually(t, "it waits", func() bool {
				_, last := x.hub.Kept()
				if same++; last != before {
					before, same = last, 0
				}
				return same == 50
			})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	done := make(chan error)
	go func() { done <- s.Shutdown(ctx) }()
	reads(t, attached, "last")
	closes(t, attached, libwebsocketd.CloseGoingAway, "")
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	for _, pid := range pids {
		if isAlive(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
	if n := s.Registry.Len(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}
