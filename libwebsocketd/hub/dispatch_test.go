package hub

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestLeaveAmongMany: subscribers leave while others are woken. Nobody who stays is left out,
// though the last takes the place of one that has left.
func TestLeaveAmongMany(t *testing.T) {
	h := New(Options{})
	var clients []*Client
	for range 2*atOnce + 10 {
		c := h.newClient(newLink(t), Identity{}, "")
		if err := h.Subscribe(c, "c"); err != nil {
			t.Fatal(err)
		}
		for c.out.unqueue() != nil {
		}
		clients = append(clients, c)
	}
	ch := h.channels["c"]
	more := ch.wake(0)
	h.Unsubscribe(clients[5], "c")
	h.Unsubscribe(clients[len(clients)-1], "c")
	for from := atOnce; more; from += atOnce {
		more = ch.wake(from)
	}
	for i, c := range clients {
		if i != 5 && i != len(clients)-1 && c.out.unqueue() == nil {
			t.Errorf("subscriber %d was not woken", i)
		}
	}
	for i, s := range ch.subscribers {
		if s.index != i {
			t.Errorf("subscriber %d believes to be %d", i, s.index)
		}
	}
}

// TestEventsStalled: a reader of events that stops reading is cut, as a WebSocket is, and one
// without a place is refused.
func TestEventsStalled(t *testing.T) {
	h, url := startHTTP(t, Options{WriteTimeout: time.Second, MaxClients: 1, Limits: Limits{Bytes: 32 << 20}}, nil)
	l := listen(t, url+"/channels/process:x", "")
	testkit.Eventually(t, "it has subscribed", func() bool { return h.ChannelSubscriberCount("process:x") == 1 })
	h.SendProcessOutput("x", "first")
	if _, m := l.next(); m.Data != "first" {
		t.Fatalf("got %+v", m)
	}
	answer, err := http.Get(url + "/channels/process:x")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the limit: %s", answer.Status)
	}
	line := strings.Repeat("x", 64<<10)
	for range 300 {
		h.SendProcessOutput("x", line)
	}
	testkit.Eventually(t, "it is cut", func() bool { return h.Stats() == Stats{} })
	if h.SlowClients() != 1 {
		t.Errorf("%d slow clients", h.SlowClients())
	}
}
