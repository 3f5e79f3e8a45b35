package exchange

import (
	"net/http"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// nowhere is a ResponseWriter that takes everything.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Flush()                      {}
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }

// lean is an Encoder that allocates nothing itself.
type lean struct{ plainForm }

func (lean) Message(b []byte, _ uint64, m *bridge.Message) []byte {
	return append(append(b, m.Data...), '\n')
}

func benchmark(b *testing.B, each func(c *Client, batch []bridge.Message)) {
	r, _ := http.NewRequestWithContext(b.Context(), "GET", "/", nil)
	c := New(b.Context(), nowhere{http.Header{}}, r, Options{Encoder: lean{}, Peer: &stranger{}, Interval: -1})
	defer c.Close()
	var texts []string
	for range 100 {
		texts = append(texts, "a line of some length, as programs print them")
	}
	batch := said(texts...)
	b.ReportAllocs()
	for b.Loop() {
		each(c, batch)
	}
}

// BenchmarkSend is a batch of a hundred lines of a program of the client's own.
func BenchmarkSend(b *testing.B) {
	benchmark(b, func(c *Client, batch []bridge.Message) { c.Send(batch) })
}

// BenchmarkDeliver is a hundred lines that were formed for others.
func BenchmarkDeliver(b *testing.B) {
	chunk := texts()
	benchmark(b, func(c *Client, batch []bridge.Message) {
		if chunk.Tally().Messages == 0 {
			chunk = bridge.NewChunk(batch)
		}
		c.Deliver([]bridge.Delivery{{Chunk: chunk, First: 1}})
	})
}
