package exchange

import (
	"errors"
	"maps"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pieceSize is what a client must take within its time.
	pieceSize = 16 << 10
	// largeRoom is what is not kept for other answers.
	largeRoom = 4 * pieceSize
)

// rooms is where an answer is put together, held only while it is written.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// writer writes an answer bit by bit. Whoever writes holds writing.
type writer struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration // for a client that takes nothing; not positive: for ever
	writing sync.Mutex
	taken   atomic.Int64 // bytes

	limit atomic.Pointer[time.Time] // of all that is still written

	zip  *compressor // nil if the answer goes out as it is; writing guards it, and the two below
	last bool        // what is flushed next is the end of the answer
	over bool        // zip is another answer's now
}

func newWriter(w http.ResponseWriter, timeout time.Duration) *writer {
	return &writer{w: w, rc: http.NewResponseController(w), timeout: timeout}
}

// WriteAll writes a whole answer to a client that takes some of it in every two ping
// intervals, and the last of it within two more. It waits for ever without them.
func WriteAll(w http.ResponseWriter, body []byte, interval time.Duration) error {
	if len(body) <= pieceSize {
		return writePiece(w, body, interval)
	}
	out := newWriter(w, 2*interval)
	err := out.writeCoded(body)
	if err == nil {
		err = out.flush()
	}
	if err == nil && interval > 0 {
		out.finishBy(time.Now().Add(2 * interval))
	}
	return err
}

// writePiece does what WriteAll does for what a client must take at once.
func writePiece(w http.ResponseWriter, body []byte, interval time.Duration) error {
	out := newWriter(w, 2*interval)
	out.grant(out.timeout)
	_, err := w.Write(body)
	if errors.Is(err, http.ErrBodyNotAllowed) {
		return nil
	}
	if err == nil {
		err = out.rc.Flush()
	}
	return err
}

// send writes what put appends, piece by piece, and flushes it. put is called until
// it says that there is no more; the caller holds writing.
func (w *writer) send(put func(b []byte) (_ []byte, more bool)) (err error) {
	room := rooms.Get().(*[]byte)
	b, more := (*room)[:0], true
	for more && err == nil {
		if b, more = put(b); len(b) >= pieceSize || !more {
			err = w.write(b)
			b = b[:0]
		}
	}
	giveBack(room, b)
	if err == nil {
		err = w.flush()
	}
	return err
}

// giveBack returns a room that has become b to the others.
func giveBack(room *[]byte, b []byte) {
	if *room = b; cap(b) <= largeRoom {
		rooms.Put(room)
	}
}

// sendOne sends what one call of put appends.
func (w *writer) sendOne(put func(b []byte) []byte) error {
	return w.send(func(b []byte) ([]byte, bool) { return put(b), false })
}

// write writes b in the coding of the answer.
func (w *writer) write(b []byte) error {
	if w.over {
		return errEnded
	}
	if w.zip == nil {
		return w.writeCoded(b)
	}
	for len(b) > 0 {
		n := min(len(b), pieceSize)
		if err := w.writeCoded(w.zip.press(b[:n])); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// writeCoded writes b, if the answer's status lets it have a body: of a program that gives
// one for nothing (204, 304) the client is not to blame.
func (w *writer) writeCoded(b []byte) error {
	for len(b) > 0 {
		w.grant(w.timeout)
		n, err := w.w.Write(b[:min(len(b), pieceSize)])
		w.taken.Add(int64(n))
		if errors.Is(err, http.ErrBodyNotAllowed) {
			return nil
		}
		if err != nil {
			return err
		}
		b = b[n:]
		runtime.Gosched() // many clients that take all at once would keep a new one waiting for seconds
	}
	return nil
}

// interim sends a response before the answer, whose headers are none of its own.
func (w *writer) interim(status int) {
	h := w.w.Header()
	later := maps.Clone(h)
	clear(h)
	w.grant(w.timeout)
	w.w.WriteHeader(status)
	w.grant(0)
	maps.Copy(h, later)
}

// flush lets go of the deadline: over HTTP/2 it would be that of the answer, and not
// of a write.
func (w *writer) flush() error {
	if err := w.flushZip(); err != nil {
		return err
	}
	w.grant(w.timeout)
	err := w.rc.Flush()
	w.grant(0)
	return err
}

// flushZip writes what the compressor, if there is one, holds back.
func (w *writer) flushZip() error {
	switch {
	case w.over:
		return errEnded
	case w.zip == nil:
		return nil
	case w.last:
		w.zip.out = w.zip.out[:0]
		return w.writeCoded(w.zip.finish())
	}
	return w.writeCoded(w.zip.flush())
}

// unzip returns the compressor, which nothing is written through any more.
func (w *writer) unzip() *compressor {
	w.writing.Lock()
	defer w.writing.Unlock()
	zip := w.zip
	w.zip, w.over = nil, w.over || zip != nil
	return zip
}

// grant sets the time for what is written next, at most up to the limit. The limit is
// looked at last: it may be set at the same time.
func (w *writer) grant(timeout time.Duration) {
	var until time.Time
	if timeout > 0 {
		until = time.Now().Add(timeout)
	}
	w.rc.SetWriteDeadline(until)
	if limit := w.limit.Load(); limit != nil {
		w.rc.SetWriteDeadline(*limit)
	}
}

// finishBy sets the limit, also of what is being written.
func (w *writer) finishBy(limit time.Time) {
	w.limit.Store(&limit)
	w.rc.SetWriteDeadline(limit)
}

// Past is a deadline that ends a read or a write that is at work.
var Past = time.Unix(1, 0)
