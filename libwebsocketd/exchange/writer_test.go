package exchange

import (
	"net/http"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestOneFlush has all that is said at once in one write, whatever its size.
func TestOneFlush(t *testing.T) {
	t.Parallel()
	w := &flushes{header: http.Header{}}
	c := newClient(t, w, events{epoch: "e"})
	c.Begin(0)
	c.Send(said("a", "b", strings.Repeat("x", 3*pieceSize), "c"))
	c.Deliver([]bridge.Delivery{{Chunk: texts("d", "e"), First: 9}, {Chunk: texts("f"), First: 11}})
	c.CloseSend(exit3)
	c.Close()
	if len(w.at) != 4 || w.most > pieceSize {
		t.Errorf("flushed at %d, %d bytes at once", w.at, w.most)
	}
	if got := strings.Count(w.text.String(), "data: "); got != 8 || !strings.Contains(w.text.String(), "id: e:9\ndata: d\n") || !strings.Contains(w.text.String(), "id: e:11\nevent: end\n") {
		t.Errorf("%d events: %.200q", got, w.text.String())
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
