package libwebsocketd

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const (
	// quiet is how long a pipe must be empty, after the program itself has
	// exited, for those it left behind to have said their last word.
	quiet = 250 * time.Millisecond
	// talk is how long those left behind may go on talking without a pause.
	talk = time.Second
	// pipeful is more than any pipe holds unless root made it larger: what the
	// program wrote before its exit is among the first pipeful read after it, and
	// before the first read that finds less than it asked for.
	pipeful = 1 << 20
)

// pipeReader reads an output pipe of a program to its end. The end of the pipe
// is when its last writer closes it; after the program's exit it is also when
// what the program wrote has been read and its background children fall silent.
type pipeReader struct {
	file   *os.File
	exited atomic.Bool
	left   int       // what may still be the program's own words
	until  time.Time // when those left behind are cut short
}

func newPipeReader(f *os.File) *pipeReader {
	return &pipeReader{file: f, left: pipeful}
}

// programExited is called once, from any goroutine.
func (r *pipeReader) programExited() {
	r.exited.Store(true)
	r.file.SetReadDeadline(time.Now().Add(quiet)) // wakes a Read that waits for ever
}

// Read returns io.EOF at the end.
func (r *pipeReader) Read(b []byte) (int, error) {
	for {
		exited := r.exited.Load()
		if exited && !r.allowQuiet() {
			return 0, io.EOF
		}
		n, err := r.file.Read(b)
		if exited {
			r.left -= n
			if n < len(b) {
				r.left = 0
			}
		}
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !exited:
			continue // woken by the exit: there may be something to read
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, os.ErrClosed):
			return 0, io.EOF
		}
		return 0, err
	}
}

// allowQuiet gives the next read its time. It is false when the time is over.
func (r *pipeReader) allowQuiet() bool {
	now := time.Now()
	deadline := now.Add(quiet)
	switch {
	case r.left > 0:
	case r.until.IsZero():
		r.until = now.Add(talk)
	case now.After(r.until):
		return false
	case deadline.After(r.until):
		deadline = r.until
	}
	r.file.SetReadDeadline(deadline)
	return true
}
