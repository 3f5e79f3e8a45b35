package poll

import (
	"maps"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pieceSize is what a client must take within its patience.
	pieceSize = 16 << 10
	// largeRoom is what is not kept for other answers.
	largeRoom = 4 * pieceSize
)

// rooms is where an answer is put together, held only while it is written.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// stream is an answer that is written bit by bit. Who writes holds writing.
type stream struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration // for a client that takes nothing; not positive: for ever
	writing  sync.Mutex
	taken    atomic.Int64 // bytes

	limit atomic.Pointer[time.Time] // of all that is still written
}

func newStream(w http.ResponseWriter, patience time.Duration) *stream {
	return &stream{w: w, rc: http.NewResponseController(w), patience: patience}
}

// send writes what put appends, piece by piece, and flushes it. put is called until
// it says that there is no more; the caller holds writing.
func (s *stream) send(put func(b []byte) (_ []byte, more bool)) (err error) {
	room := rooms.Get().(*[]byte)
	b, more := (*room)[:0], true
	for more && err == nil {
		if b, more = put(b); len(b) >= pieceSize || !more {
			err = s.write(b)
			b = b[:0]
		}
	}
	giveBack(room, b)
	if err == nil {
		err = s.flush()
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
func (s *stream) sendOne(put func(b []byte) []byte) error {
	return s.send(func(b []byte) ([]byte, bool) { return put(b), false })
}

func (s *stream) write(b []byte) error {
	for len(b) > 0 {
		s.grant(s.patience)
		n, err := s.w.Write(b[:min(len(b), pieceSize)])
		s.taken.Add(int64(n))
		if err != nil {
			return err
		}
		b = b[n:]
		runtime.Gosched() // many clients that take all at once would keep a new one waiting for seconds
	}
	return nil
}

// interim sends a response before the answer, whose headers are none of its own.
func (s *stream) interim(status int) {
	h := s.w.Header()
	later := maps.Clone(h)
	clear(h)
	s.grant(s.patience)
	s.w.WriteHeader(status)
	s.grant(0)
	maps.Copy(h, later)
}

// flush lets go of the deadline: over HTTP/2 it would be that of the answer, and not
// of a write.
func (s *stream) flush() error {
	s.grant(s.patience)
	err := s.rc.Flush()
	s.grant(0)
	return err
}

// grant is the time for what is written next, at most up to the limit. The limit is
// looked at last: it may be set at the same time.
func (s *stream) grant(patience time.Duration) {
	var until time.Time
	if patience > 0 {
		until = time.Now().Add(patience)
	}
	s.rc.SetWriteDeadline(until)
	if limit := s.limit.Load(); limit != nil {
		s.rc.SetWriteDeadline(*limit)
	}
}

// finishBy sets the limit, also of what is being written.
func (s *stream) finishBy(limit time.Time) {
	s.limit.Store(&limit)
	s.rc.SetWriteDeadline(limit)
}

// past is a deadline that ends a read or a write that is at work.
var past = time.Unix(1, 0)
