package exchange

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
)

const (
	// bodyRoom is what is read of a body at once.
	bodyRoom = 32 << 10

	// DrainPause and drainMost: a body nobody reads any more is thrown away, because a
	// connection that is closed with something unread destroys the answer (RFC 9112
	// section 9.6), as long as it comes without a pause, and no longer than drainMost.
	DrainPause = 500 * time.Millisecond
	drainMost  = 5 * time.Second
)

// body is what a client says: the lines that stand before all, then the body of its
// request.
type body struct {
	request *http.Request
	rc      *http.ResponseController
	first   []bridge.Message

	room    []byte
	batch   [1]bridge.Message
	over    atomic.Bool // nothing more comes of it
	waiting atomic.Bool // for the client
	came    atomic.Int64
	drain   atomic.Pointer[time.Time] // until when it is thrown away
}

// newBody returns the body of a request, after first. An ignored one is not read.
func newBody(w http.ResponseWriter, r *http.Request, first []bridge.Message, ignored bool) *body {
	b := &body{request: r, rc: http.NewResponseController(w), first: first}
	b.over.Store(ignored || r.ContentLength == 0)
	return b
}

// begin makes the answer possible while the body is still to come. A client that
// waits to be told to go on (RFC 9110 section 10.1.1) is told before the answer
// begins: net/http would not do it later.
func (b *body) begin(out *writer) {
	if b.over.Load() {
		return
	}
	b.rc.EnableFullDuplex() // HTTP/1; others are
	if b.request.ProtoAtLeast(1, 1) && strings.EqualFold(b.request.Header.Get("Expect"), "100-continue") {
		out.interim(http.StatusContinue)
	}
}

// keepOrNot tells an HTTP/1 client that its connection is not used again, if some of the
// body may be left on it.
func (b *body) keepOrNot(h http.Header) {
	if !b.over.Load() && b.request.ProtoMajor == 1 {
		h.Set("Connection", "close")
	}
}

// next returns some of the body, as the program is to read it. io.EOF is its end.
func (b *body) next() ([]bridge.Message, error) {
	if first := b.first; len(first) > 0 {
		b.first = nil
		return first, nil
	}
	for !b.over.Load() {
		n, err := b.read()
		if n > 0 {
			b.batch[0] = bridge.Message{Kind: bridge.Verbatim, Data: b.room[:n]}
			return b.batch[:], nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
	}
	return nil, io.EOF
}

func (b *body) read() (int, error) {
	if b.room == nil {
		b.room = make([]byte, bodyRoom)
	}
	b.waiting.Store(true)
	n, err := b.request.Body.Read(b.room)
	b.waiting.Store(false)
	b.came.Add(int64(n))
	if err == io.EOF {
		b.over.Store(true)
	}
	if until := b.drain.Load(); until != nil && n > 0 {
		b.grant(*until)
	}
	return n, err
}

// letGo ends the body when nobody wants it any more, within most at the latest. Over
// HTTP/2 that destroys nothing.
func (b *body) letGo(most time.Duration) {
	if b.over.Load() {
		return
	}
	until := Past
	if b.request.ProtoMajor == 1 {
		until = time.Now().Add(min(drainMost, most))
	}
	b.drain.Store(&until)
	b.grant(until)
}

// grant sets the time for what comes next of what is thrown away.
func (b *body) grant(until time.Time) {
	if pause := time.Now().Add(DrainPause); pause.Before(until) {
		until = pause
	}
	b.rc.SetReadDeadline(until)
}

// close unblocks next.
func (b *body) close() {
	if !b.over.Load() {
		b.drain.Store(&Past)
		b.rc.SetReadDeadline(Past)
	}
}
