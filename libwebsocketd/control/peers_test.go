package control

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// TestPeerLimit: clients of the hub, connections of the listener and those of the server are
// never more than the descriptors.
func TestPeerLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ descriptors, maxConns, want int }{
		{496, 0, 62}, {1008, 0, 126}, {19984, 0, 2498}, {19984, 1000, hub.DefaultMaxClients},
		{496, 300, 134}, {496, 496, leastPeers}, {496, -1, 62}, {64, 0, leastPeers}, {0, 0, hub.DefaultMaxClients}, {1 << 20, 0, hub.DefaultMaxClients},
	} {
		if got := peerLimit(test.descriptors, test.maxConns); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}

// TestHubLeavesDescriptors: a WebSocket beyond the limit is answered 503 with a sentence, and no
// upgrade.
func TestHubLeavesDescriptors(t *testing.T) {
	t.Parallel()
	n := process.UsableDescriptors()
	if n == 0 {
		t.Skip("the system does not limit descriptors")
	}
	c := New(Options{MaxConns: n})
	t.Cleanup(c.Close)
	at := httptest.NewServer(c)
	t.Cleanup(at.Close)
	url := "ws" + strings.TrimPrefix(at.URL, "http") + "/ws"
	limit := peerLimit(process.UsableDescriptors(), n)
	if limit > leastPeers {
		t.Fatalf("%d clients", limit)
	}
	for range limit {
		client, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
	}
	_, answer, err := websocket.DefaultDialer.Dial(url, nil)
	if err == nil || answer == nil || answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Fatalf("one more: %v, %v", err, answer)
	}
	said := make([]byte, 100)
	k, _ := answer.Body.Read(said)
	if string(said[:k]) != hub.ErrTooManyPeers.Error()+"\n" {
		t.Errorf("said %q", said[:k])
	}
	testkit.Eventually(t, "they are there", func() bool { return c.hub.ClientCount() == limit })
}
