package hub

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// TestLastBeforeGoingAway: what was published before the end of Run reaches every subscriber
// before the 1001, also what Run has not dispatched yet.
func TestLastBeforeGoingAway(t *testing.T) {
	const rounds, clients, messages = 20, 5, 50
	for range rounds {
		h := New(Options{})
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { h.Run(ctx) })
		awaitRunning(t, h)
		at := httptest.NewServer(h.Handler())
		var all []client
		for range clients {
			c := dial(t, "ws"+strings.TrimPrefix(at.URL, "http"))
			c.say(`{"type":"subscribe","data":"room"}`)
			c.settled()
			all = append(all, c)
		}
		for range messages {
			h.SendToChannel("room", Message{Type: "event", Data: "x"})
		}
		cancel()
		for _, c := range all {
			for got := range messages {
				if _, _, err := c.ReadMessage(); err != nil {
					t.Fatalf("after %d of %d messages: %v", got, messages, err)
				}
			}
			if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("ended with %v", err)
			}
			c.Close()
		}
		running.Wait()
		at.Close()
	}
}
