package hub

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// counting is a client that takes everything, and says when it has all.
type counting struct {
	*link
	left int64
	all  *sync.WaitGroup
}

func (c *counting) Deliver(deliveries []bridge.Delivery) error {
	for i := range deliveries {
		if chunk := deliveries[i].Chunk; chunk != nil {
			if c.left -= chunk.Tally().Messages; c.left == 0 {
				c.all.Done()
			}
		}
	}
	return nil
}

// BenchmarkFanOut publishes lines to the subscribers of one channel that all take them at once:
// what the hub costs without sockets. Every so many lines all must have come.
func BenchmarkFanOut(b *testing.B) {
	for _, test := range []struct{ subscribers, lines int }{{1, 100}, {100, 100}, {10_000, 1}, {10_000, 10}} {
		b.Run(fmt.Sprintf("%dx%d", test.subscribers, test.lines), func(b *testing.B) {
			h := New(Options{})
			ctx, cancel := context.WithCancel(context.Background())
			var running, all sync.WaitGroup
			running.Go(func() { h.Run(ctx) })
			defer running.Wait()
			defer cancel()
			awaitRunning(b, h)
			clients := make([]*counting, test.subscribers)
			for i := range clients {
				clients[i] = &counting{link: newLink(b), all: &all}
				running.Go(func() { h.Serve(clients[i], Identity{}, "") })
			}
			testkit.Eventually(b, "all are there", func() bool { return h.ClientCount() == len(clients) })
			for _, c := range h.Clients() {
				h.Subscribe(c, "process:x")
			}
			line := "a line of a program that builds something, as long as such lines are"
			b.ReportAllocs()
			for b.Loop() {
				all.Add(len(clients))
				for _, c := range clients {
					c.left = int64(test.lines)
				}
				for range test.lines {
					h.SendProcessOutput("x", line)
				}
				all.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*test.subscribers*test.lines), "ns/delivery")
		})
	}
}
