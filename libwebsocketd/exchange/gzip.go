package exchange

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"websocketd/libwebsocketd/internal/text"
)

const (
	// gzipLevel is the lowest that keeps its state as small as the best does: a flush of a
	// short message costs a fifth of what it does at level 1.
	gzipLevel = 3

	// gzipCost is the memory of a compressor, as measured, and what waits to be written.
	gzipCost = 832<<10 + pieceSize

	// leastShrunk is the smallest whole answer that is compressed: others fit into a packet.
	leastShrunk = 1 << 10
)

// Gzip compresses answers for clients that accept that, as long as there is memory: the others
// get theirs as it is. A nil one compresses nothing. It may be used concurrently.
type Gzip struct {
	most int64
	held atomic.Int64
	idle sync.Pool // of compressors
}

// NewGzip returns a Gzip whose compressors hold most bytes together; most <= 0 means no limit.
func NewGzip(most int64) *Gzip { return &Gzip{most: most} }

// Shrink returns the body of a whole answer compressed, and says so in its header, if the client
// of r accepts that, there is memory, and it makes the body smaller; else the body. The caller
// calls free once it is written, and sets its length.
func (g *Gzip) Shrink(h http.Header, r *http.Request, body []byte) (_ []byte, free func()) {
	if len(body) < leastShrunk || !g.may(h, r) {
		return body, func() {}
	}
	z := g.take(len(body))
	if z == nil {
		return body, func() {}
	}
	z.press(body)
	if pressed := z.finish(); len(pressed) < len(body) {
		h.Set("Content-Encoding", "gzip")
		return pressed, func() { g.giveBack(z) }
	}
	g.giveBack(z)
	return body, func() {}
}

// start returns what compresses an answer with the given header from now on, and says so there;
// nil if it goes out as it is.
func (g *Gzip) start(h http.Header, r *http.Request) *compressor {
	if !g.may(h, r) {
		return nil
	}
	z := g.take(0)
	if z != nil {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
	}
	return z
}

// may reports whether an answer may be compressed, and adds to its header that this depends on
// the client. What is no text has most likely been compressed already.
func (g *Gzip) may(h http.Header, r *http.Request) bool {
	kind := h.Get("Content-Type")
	if g == nil || h.Get("Content-Encoding") != "" || !strings.HasPrefix(kind, "text/") && !strings.HasPrefix(kind, "application/json") {
		return false
	}
	h.Add("Vary", "Accept-Encoding")
	return text.PrefersGzip(r.Header.Values("Accept-Encoding"))
}

// take returns a compressor for what is size bytes long, nil if there is no memory for it.
func (g *Gzip) take(size int) *compressor {
	cost := int64(gzipCost + size)
	if held := g.held.Add(cost); g.most > 0 && held > g.most {
		g.held.Add(-cost)
		return nil
	}
	z, ok := g.idle.Get().(*compressor)
	if !ok {
		z = new(compressor)
		z.zip, _ = gzip.NewWriterLevel(z, gzipLevel) // the level is one
	}
	z.cost = cost
	return z
}

// giveBack frees the memory of a compressor that nobody uses any more; nil is none.
func (g *Gzip) giveBack(z *compressor) {
	if z == nil {
		return
	}
	z.zip.Reset(z)
	z.out = z.out[:0]
	if cap(z.out) > largeRoom {
		z.out = nil
	}
	g.held.Add(-z.cost)
	g.idle.Put(z)
}

// compressor is the state of one answer's compression.
type compressor struct {
	zip  *gzip.Writer
	out  []byte // what has come out of it
	cost int64
}

// Write implements io.Writer, for zip.
func (z *compressor) Write(b []byte) (int, error) {
	z.out = append(z.out, b...)
	return len(b), nil
}

// press takes some of the answer. What comes out of it is valid until the next call, like what
// the functions below return.
func (z *compressor) press(b []byte) []byte {
	z.out = z.out[:0]
	z.zip.Write(b) // whose only errors are those of Write
	return z.out
}

// flush returns what the client needs in order to have all that was pressed.
func (z *compressor) flush() []byte {
	z.out = z.out[:0]
	z.zip.Flush()
	return z.out
}

// finish returns all that is left, when no more is to come. What press has left in out is part of
// it, so that a whole answer is one piece.
func (z *compressor) finish() []byte {
	z.zip.Close()
	return z.out
}
