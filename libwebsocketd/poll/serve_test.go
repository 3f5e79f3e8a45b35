package poll

import (
	"strings"
	"testing"

	"websocketd/libwebsocketd"
)

const wantsStream = "Accept: text/event-stream"

// TestBroadcast has the numbers of a program that others listen to as well.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	n := newNear(
		libwebsocketd.Delivery{Chunk: texts("a", "b"), First: 7, Skip: 1},
		libwebsocketd.Delivery{First: 12, Note: &libwebsocketd.Note{From: 9, To: 11}},
		libwebsocketd.Delivery{Chunk: binary("c"), First: 12},
		libwebsocketd.Delivery{First: 13, Note: &libwebsocketd.Note{Restarted: "exit status 0"}},
	).ends(exit3)
	n.before = 7
	got := do(t, request(t, "GET", serveNear(t, n), "", wantsStream))
	want := ":\n" + strings.Join([]string{
		"id: epoch:8\ndata: b\n",
		"id: epoch:11\nevent: gap\ndata: {\"from\":9,\"to\":11}\n",
		"id: epoch:12\nevent: base64\ndata: Yw==\n",
		"id: epoch:12\nevent: restart\ndata: {\"reason\":\"exit status 0\"}\n",
		"id: epoch:12\nevent: end\ndata: {\"code\":4003,\"reason\":\"exit status 3\"}\n", ""}, "\n")
	if got.StatusCode != 200 || got.body != want {
		t.Errorf("%d %q, want %q", got.StatusCode, got.body, want)
	}
	for name, value := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"} {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q", name, got.Header.Get(name))
		}
	}
	<-n.closed
}
