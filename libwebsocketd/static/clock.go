package static

import (
	"io"
	"math"
	"net/http"
	"time"
)

// piece is how much of a file a client must take within its patience.
const piece = 64 << 10

// clocked sets the write deadline of a response again for every piece.
type clocked struct {
	http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration // not positive: for ever
}

// WithClock returns w with a write deadline: each piece of what is written may take
// patience. It returns w itself, without a deadline, if patience is not positive.
func WithClock(w http.ResponseWriter, patience time.Duration) http.ResponseWriter {
	if patience <= 0 {
		return w
	}
	return &clocked{w, http.NewResponseController(w), patience}
}

func (c *clocked) grant() { c.rc.SetWriteDeadline(time.Now().Add(c.patience)) }

// Write implements io.Writer.
func (c *clocked) Write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		c.grant()
		var n int
		n, err = c.ResponseWriter.Write(b[:min(len(b), piece)])
		written += n
		b = b[n:]
	}
	return written, err
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
		n, err = io.CopyN(c.ResponseWriter, whole.R, min(whole.N, piece))
		written += n
		whole.N -= n
	}
	if err == io.EOF {
		err = nil
	}
	return written, err
}

// Unwrap returns the wrapped writer, for http.ResponseController.
func (c *clocked) Unwrap() http.ResponseWriter { return c.ResponseWriter }
