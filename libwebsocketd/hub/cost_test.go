package hub

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd/bridge"
)

// sink is a client that takes everything and counts it.
type sink struct {
	*link
	messages, writes atomic.Int64
}

func (s *sink) Deliver(deliveries []bridge.Delivery) error {
	s.writes.Add(1)
	for i := range deliveries {
		if c := deliveries[i].Chunk; c != nil {
			s.messages.Add(c.Tally().Messages)
		}
	}
	return nil
}

// crowd subscribes so many sinks to a channel of a Hub, which runs until ctx is done.
func crowd(t testing.TB, h *Hub, n int) []*sink {
	all := make([]*sink, n)
	for i := range all {
		all[i] = &sink{link: newLink(t)}
		go h.Serve(all[i], Identity{}, "sink")
	}
	synctest.Wait()
	for _, c := range h.Clients() {
		if err := h.Subscribe(c, "process:x"); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	return all
}

// TestFormedOnce: a message is formed once, however many get it, and a delivery to one that
// waits costs next to no allocation.
func TestFormedOnce(t *testing.T) {
	const rounds = 20
	cost := func(subscribers int) (allocations uint64) {
		synctest.Test(t, func(t *testing.T) {
			h := New(Options{MaxClients: subscribers})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go h.Run(ctx)
			synctest.Wait()
			all := crowd(t, h, subscribers)
			h.SendProcessOutput("x", "warm")
			synctest.Wait()
			formed := len(h.recent.chunks)
			before := mallocs()
			for i := range rounds {
				h.SendProcessOutput("x", fmt.Sprint(i))
				synctest.Wait()
			}
			allocations = mallocs() - before
			if n := len(h.recent.chunks) - formed; n != rounds {
				t.Errorf("%d messages were formed for %d subscribers, want %d", n, subscribers, rounds)
			}
			for _, s := range all {
				if n := s.messages.Load(); n != rounds+1 {
					t.Fatalf("one got %d messages", n)
				}
			}
		})
		return allocations
	}
	few, many := cost(10), cost(1010)
	each := (float64(many) - float64(few)) / rounds / 1000 // other tests may have allocated more beside the few
	t.Logf("%.3f allocations a delivery", each)
	if each > 1 { // a pool may be emptied in between, and under the race detector forgets on purpose
		t.Errorf("%.2f allocations a delivery", each)
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// TestWrites: what is published while a client is being written to goes into few writes.
func TestWrites(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, h *Hub, join func() *link) {
		l := join()
		l.say(`{"type":"subscribe","data":"process:x"}`)
		l.say(`{"type":"subscribe","data":"y"}`)
		synctest.Wait()
		l.hold()
		h.SendProcessOutput("x", "0")
		synctest.Wait()
		before := l.writing.Load()
		for i := range 60 {
			h.SendProcessOutput("x", fmt.Sprint(i+1))
			h.SendToChannel("y", Message{Type: "y"})
		}
		l.letGo()
		synctest.Wait()
		if got, _ := l.take(); len(got) != 121 || l.writing.Load() != before+1 {
			t.Errorf("%d messages in %d writes", len(got), l.writing.Load()-before)
		}
	})
}
