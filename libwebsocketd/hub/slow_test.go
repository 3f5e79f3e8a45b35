package hub

import (
	"errors"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestSlowClients: one that reads too late is counted when it is let go, one that leaves is
// not.
func TestSlowClients(t *testing.T) {
	h, url := start(t, Options{Limits: Limits{Bytes: 64 << 10}})
	slow, leaves := dial(t, url), dial(t, url)
	for _, c := range []client{slow, leaves} {
		c.say(`{"type":"subscribe","data":"build"}`)
		c.settled()
	}
	leaves.Close()
	testkit.Eventually(t, "one has left", func() bool { return h.Stats().Clients == 1 })
	line := strings.Repeat("x", 32<<10)
	for range 1000 { // more than the buffers of a connection hold
		h.SendToChannel("build", Message{Type: TypeEvent, Data: line})
	}
	for {
		if _, _, err := slow.ReadMessage(); err != nil {
			if e := new(websocket.CloseError); !errors.As(err, &e) || e.Code != 1013 {
				t.Error(err)
			}
			break
		}
	}
	testkit.Eventually(t, "it is counted", func() bool { return h.SlowClients() == 1 })
}
