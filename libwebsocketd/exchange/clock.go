package exchange

import (
	"bufio"
	"io"
	"math"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// clockedSize is how much of an answer a client must take within its patience: a file goes out
// in larger pieces than what a program says.
const clockedSize = 64 << 10

// clocked sets the write deadline of a response again for every piece.
type clocked struct {
	http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration
	left     atomic.Bool // to whoever writes
}

// WithClock returns w with a write deadline, for whoever sets none: each piece of what is written
// may take patience, and so may what net/http writes at the end. The handler calls settle when it
// is through with w. Whoever sets a deadline keeps the clock from then on. If patience is not
// positive, there is no deadline.
func WithClock(w http.ResponseWriter, patience time.Duration) (_ http.ResponseWriter, settle func()) {
	if patience <= 0 {
		return w, func() {}
	}
	c := &clocked{ResponseWriter: w, rc: http.NewResponseController(w), patience: patience}
	if of, ok := w.(http.Hijacker); ok {
		return hijackable{c, of}, c.grant
	}
	return c, c.grant
}

// Unclocked returns the w of WithClock as it was, for a handler that keeps the clock itself.
func Unclocked(w http.ResponseWriter) http.ResponseWriter {
	if c, ok := w.(interface{ unclocked() http.ResponseWriter }); ok {
		return c.unclocked()
	}
	return w
}

func (c *clocked) unclocked() http.ResponseWriter {
	c.left.Store(true)
	return c.ResponseWriter
}

func (c *clocked) grant() {
	if !c.left.Load() {
		c.rc.SetWriteDeadline(time.Now().Add(c.patience))
	}
}

// Write implements io.Writer.
func (c *clocked) Write(b []byte) (written int, err error) {
	for {
		c.grant()
		n, err := c.ResponseWriter.Write(b[:min(len(b), clockedSize)])
		written += n
		if b = b[n:]; len(b) == 0 || err != nil {
			return written, err
		}
	}
}

// ReadFrom implements io.ReaderFrom, so that the kernel copies files (sendfile). That
// works with one io.LimitedReader around a file, and not with two.
func (c *clocked) ReadFrom(from io.Reader) (written int64, err error) {
	whole, ok := from.(*io.LimitedReader)
	if !ok {
		whole = &io.LimitedReader{R: from, N: math.MaxInt64}
	}
	for err == nil && whole.N > 0 {
		c.grant()
		var n int64
		n, err = io.CopyN(c.ResponseWriter, whole.R, min(whole.N, clockedSize))
		written += n
		whole.N -= n
	}
	if err == io.EOF {
		err = nil
	}
	return written, err
}

// SetWriteDeadline is for http.ResponseController.
func (c *clocked) SetWriteDeadline(deadline time.Time) error {
	c.left.Store(true)
	return c.rc.SetWriteDeadline(deadline)
}

// Unwrap returns the wrapped writer, for http.ResponseController.
func (c *clocked) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// hijackable is a clocked whose connection can be taken.
type hijackable struct {
	*clocked
	of http.Hijacker
}

// Hijack implements http.Hijacker. The clock is of whoever has taken the connection.
func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.left.Store(true)
	return h.of.Hijack()
}
