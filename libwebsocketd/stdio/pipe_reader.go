package stdio

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/process"
)

const (
	// drainIdle is how long a pipe must be empty, after the program itself has exited,
	// before the output of its remaining children is over.
	drainIdle = 250 * time.Millisecond
	// lastLook is how long it is read once more after that: something may have been
	// written while this process had no processor to read it.
	lastLook = 5 * time.Millisecond
	// drainMax and drainMaxBytes are how long, and how much, the remaining children
	// may go on printing without a pause. Time in which the client holds us back does
	// not count.
	drainMax      = 3 * time.Second
	drainMaxBytes = 16 << 20
	// pipeful is more than any pipe holds unless root made it larger. So what the
	// program wrote before its exit is among the first pipeful read after it. It also
	// comes before the first read that returns less than it asked for.
	pipeful = 1 << 20
)

// pipeReader reads an output pipe of a program to its end. The pipe ends when its last
// writer closes it. After the program's exit it also ends when what the program wrote
// has been read and its background children fall silent.
type pipeReader struct {
	file          *os.File
	source        readbuf.Source
	grace         process.Grace
	cut           func() // called when the remaining children are cut short
	exited        atomic.Bool
	said          atomic.Bool   // something was read
	staying       bool          // in Stay, unless that is to be left
	wide          bool          // the pipe was widened
	stallDeadline bool          // the file has a deadline for the Buffer's Patience
	left          int           // bytes that may still be the program's own output
	drainTime     time.Duration // spent on the output of the remaining children
	drained       int           // bytes of that output

	before []byte // what is to be read before the pipe
	paused atomic.Bool
	buffer *readbuf.Buffer // of the last ReadInto
}

// Deadlines: for none, and for a Read that is to return at once.
var (
	noDeadline   = time.Time{}
	pastDeadline = time.Unix(1, 0)
)

func newPipeReader(f *os.File, grace process.Grace, cut func()) *pipeReader {
	return &pipeReader{file: f, source: readbuf.NewSource(f), grace: grace, left: pipeful, cut: cut}
}

// programExited is called once, from any goroutine.
func (r *pipeReader) programExited() {
	r.exited.Store(true)
	r.file.SetReadDeadline(pastDeadline) // wakes a Read that waits for ever, or for an end that has come (readbuf's stay.go)
}

// Stay calls use for what arrives, without leaving the wait (see readbuf.Stay), until the
// program exits: then ReadInto must look for the end.
func (r *pipeReader) Stay(use func() (leave bool)) {
	if r.staying = !r.exited.Load(); r.staying {
		readbuf.Stay(r.source, func() (leave bool) { return use() || !r.staying })
	}
	r.staying = false
}

// ReadInto implements readbuf.Source. It returns io.EOF at the end, and
// readbuf.ErrStalled after the Buffer's Patience.
func (r *pipeReader) ReadInto(in *readbuf.Buffer) (int, error) {
	r.buffer = in
	if len(r.before) > 0 && !r.paused.Load() {
		return r.readBefore(in), nil
	}
	for pause := drainIdle; ; {
		if r.stallDeadline {
			r.file.SetReadDeadline(noDeadline) // before exited and paused are read: these set their own deadlines
			r.stallDeadline = false
		}
		if r.paused.Load() {
			return 0, readbuf.ErrEmpty
		}
		exited := r.exited.Load()
		if r.staying && (exited || in.Patience > 0) { // these reads have a deadline: not inside Stay
			r.staying = false
			return 0, readbuf.ErrEmpty
		}
		if exited && r.isOver() {
			r.cut()
			return 0, io.EOF
		}
		var start time.Time
		if exited {
			start = time.Now()
			r.file.SetReadDeadline(start.Add(pause))
		} else if in.Patience > 0 {
			r.file.SetReadDeadline(time.Now().Add(in.Patience))
			r.stallDeadline = true
		}
		n, err := r.source.ReadInto(in)
		if exited {
			r.count(n, in.LastSize, time.Since(start))
		}
		switch {
		case n > 0:
			r.took(n)
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded) && r.paused.Load():
			continue
		case errors.Is(err, os.ErrDeadlineExceeded) && r.stallDeadline && !r.exited.Load():
			return 0, readbuf.ErrStalled
		case errors.Is(err, os.ErrDeadlineExceeded) && (!exited || time.Since(start) < pause):
			continue // woken by the exit: there may be something to read
		case errors.Is(err, os.ErrDeadlineExceeded) && pause != lastLook:
			// Children that could not run were not silent.
			if pause = r.grace.More(); pause == 0 {
				pause = lastLook
			}
			continue
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, os.ErrClosed):
			return 0, io.EOF
		}
		return 0, err
	}
}

// took notes that something was read.
func (r *pipeReader) took(n int) {
	if !r.said.Load() {
		r.said.Store(true)
	}
	if n >= readbuf.BlockSize && !r.wide {
		r.widen()
	}
}

// widen enlarges the pipe, so that a program with much output goes on while that is sent.
func (r *pipeReader) widen() {
	r.wide = true
	if raw, err := r.file.SyscallConn(); err == nil {
		raw.Control(process.WidenPipe)
	}
}

// isOver reports whether the remaining children have gone on long enough.
func (r *pipeReader) isOver() bool { return r.drainTime > drainMax || r.drained > drainMaxBytes }

// count counts what was read after the exit, first as the program's own.
func (r *pipeReader) count(n, asked int, took time.Duration) {
	if r.left <= 0 {
		r.drainTime += took
		r.drained += n
		return
	}
	if r.left -= n; n < asked {
		r.left = 0 // the pipe was empty: all of the program's own output is read
	}
}
