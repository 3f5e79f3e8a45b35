//go:build !unix

package stdio

import (
	"os"
	"sync"
)

// Reader reads a file that this process has not opened, such as its standard input. Here
// nothing can end a read that waits: after Close its goroutine is left to wait, and ends
// with the process.
type Reader struct {
	file   *os.File
	chunks chan chunk
	done   chan struct{}
	begin  sync.Once
	closed sync.Once
	rest   chunk
}

// chunk is what one read returned.
type chunk struct {
	data []byte
	err  error
}

// NewReader returns a Reader of f. It does not close f.
func NewReader(f *os.File) (*Reader, error) {
	return &Reader{file: f, chunks: make(chan chunk), done: make(chan struct{})}, nil
}

// Read implements [io.Reader]. After Close it fails with [os.ErrClosed].
func (r *Reader) Read(p []byte) (int, error) {
	r.begin.Do(func() { go r.run() })
	if len(r.rest.data) == 0 && r.rest.err == nil {
		select {
		case r.rest = <-r.chunks:
		case <-r.done:
			return 0, os.ErrClosed
		}
	}
	n := copy(p, r.rest.data)
	if r.rest.data = r.rest.data[n:]; n > 0 {
		return n, nil
	}
	return 0, r.rest.err
}

func (r *Reader) run() {
	for {
		data := make([]byte, 64<<10)
		n, err := r.file.Read(data)
		select {
		case r.chunks <- chunk{data[:n], err}:
		case <-r.done:
			return
		}
		if err != nil {
			return
		}
	}
}

// Close ends a Read that waits.
func (r *Reader) Close() error {
	r.closed.Do(func() { close(r.done) })
	return nil
}
