package cli

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// Bounds of an asyncWriter.
const (
	asyncLimit      = 1 << 20 // bytes of lines that wait or are being written
	asyncCloseLimit = time.Second
)

// asyncWriter accepts whole lines from any number of goroutines, and writes them to
// another writer from one goroutine, in order. Write never blocks: lines that do not
// fit into the bound are dropped and counted, and when writing goes on, a line
// reports how many. A line longer than the bound fits when nothing else is waiting.
type asyncWriter struct {
	out    io.Writer
	limit  int                   // bytes
	notice func(lost int) []byte // returns the line about lost lines, or nil for none
	done   chan struct{}         // closed when the goroutine has ended

	mu      sync.Mutex
	changed sync.Cond
	waiting []byte // lines not being written yet
	writing int    // bytes of the lines being written
	lost    int    // lines dropped since the last notice; while not 0, all are
	failing bool   // the last write failed
	closed  bool
}

// newAsyncWriter starts an asyncWriter; Close ends it. Close does not close out.
func newAsyncWriter(out io.Writer, notice func(lost int) []byte) *asyncWriter {
	w := &asyncWriter{out: out, limit: asyncLimit, notice: notice, done: make(chan struct{})}
	w.changed.L = &w.mu
	go w.run()
	return w
}

// Write queues a line, which must end in a newline, or drops it. It never blocks and
// never fails. The caller may reuse line at once.
func (w *asyncWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	queued := w.writing + len(w.waiting)
	switch {
	case w.closed:
	case w.lost > 0 && !w.failing, queued > 0 && queued+len(line) > w.limit:
		w.lost++
	default:
		w.waiting = append(w.waiting, line...)
	}
	w.changed.Signal()
	return len(line), nil
}

// Close writes what is waiting, ends the goroutine and waits for it, at most a second
// if out is blocked. Then what is left is lost. If out has no write deadlines, the
// goroutine stays in its last write.
func (w *asyncWriter) Close() error {
	w.mu.Lock()
	w.closed = true
	w.changed.Signal()
	w.mu.Unlock()
	patience := time.NewTimer(asyncCloseLimit)
	defer patience.Stop()
	select {
	case <-w.done:
		return nil
	case <-patience.C:
	}
	if file, ok := w.out.(interface{ SetWriteDeadline(time.Time) error }); ok && file.SetWriteDeadline(time.Now()) == nil {
		<-w.done
	}
	return nil
}

func (w *asyncWriter) run() {
	defer close(w.done)
	var batch []byte
	for {
		var lines int
		if batch, lines = w.take(batch); lines == 0 {
			return
		}
		n, err := w.out.Write(batch)
		w.wrote(batch[:n], lines, err)
	}
}

// take waits for lines and takes them all, leaving used in their place. lines counts
// the lines of callers that the batch stands for; it is 0 when the writer is closed
// and empty.
func (w *asyncWriter) take(used []byte) (batch []byte, lines int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) == 0 && !w.closed && (w.lost == 0 || w.failing) {
		w.changed.Wait()
	}
	if len(w.waiting) == 0 && (w.lost == 0 || w.failing) {
		return nil, 0
	}
	if cap(used) > w.limit {
		used = nil // a very long line needed it
	}
	batch, w.waiting = w.waiting, used[:0]
	lines = bytes.Count(batch, newline) + w.lost
	if w.lost > 0 {
		batch = append(batch, w.notice(w.lost)...)
		w.lost = 0
	}
	w.writing = len(batch)
	return batch, lines
}

// wrote records how a write went. What a failed write did not write is lost.
func (w *asyncWriter) wrote(written []byte, lines int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = 0
	w.failing = err != nil
	if w.failing {
		w.lost += max(0, lines-bytes.Count(written, newline))
	}
}

var newline = []byte("\n")
