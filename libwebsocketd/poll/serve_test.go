package poll

import (
	"net/http"
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

// TestOneFlush has all that is said at once in one write, whatever its size.
func TestOneFlush(t *testing.T) {
	t.Parallel()
	w := &flushes{header: http.Header{}}
	c := newClient(t.Context(), w, newBody(w, request(t, "GET", "/", ""), nil), events{epoch: "e"}, -1)
	c.peer = &stranger{}
	c.begin(0)
	c.Send(said("a", "b", strings.Repeat("x", 3*pieceSize), "c"))
	c.Deliver([]libwebsocketd.Delivery{{Chunk: texts("d", "e"), First: 9}, {Chunk: texts("f"), First: 11}})
	c.CloseSend(exit3)
	c.Close()
	if len(w.at) != 4 || w.most > pieceSize {
		t.Errorf("flushed at %d, %d bytes at once", w.at, w.most)
	}
	got, last := parseEvents(w.text.String())
	if len(got) != 8 || got[4].id != "e:9" || last != "e:11" {
		t.Errorf("%.200v, %s", got, last)
	}
}

// flushes is a ResponseWriter that notes when it is flushed.
type flushes struct {
	header http.Header
	text   strings.Builder
	at     []int
	most   int
}

func (f *flushes) Header() http.Header { return f.header }
func (f *flushes) WriteHeader(int)     {}
func (f *flushes) Flush()              { f.at = append(f.at, f.text.Len()) }
func (f *flushes) Write(b []byte) (int, error) {
	f.most = max(f.most, len(b))
	return f.text.Write(b)
}
