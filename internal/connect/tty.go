package connect

import (
	"os"
	"sync"

	"websocketd/libwebsocketd/stdio"
)

// Keys that a terminal in raw mode does not make signals of.
const (
	keyInterrupt = 3  // Ctrl-C
	keySuspend   = 26 // Ctrl-Z
)

// tty is a terminal in raw mode, as the editor reads and writes it.
type tty struct {
	*stdio.Reader
	out       *os.File
	interrupt func()
	suspend   func()

	mu   sync.Mutex
	held bool // what is written is collected
	buf  []byte
}

// Read reads keys, except for those that are signals.
func (t *tty) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil {
		var read int
		read, err = t.Reader.Read(p)
		for _, key := range p[:read] {
			switch key {
			case keyInterrupt:
				t.interrupt()
			case keySuspend:
				t.suspend()
			default:
				p[n] = key
				n++
			}
		}
	}
	return n, err
}

// Write implements [io.Writer].
func (t *tty) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held {
		t.buf = append(t.buf, b...)
		return len(b), nil
	}
	return t.out.Write(b)
}

// hold makes the editor's many small writes one.
func (t *tty) hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = true
}

// release writes what was collected.
func (t *tty) release() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.out.Write(t.buf)
	t.held, t.buf = false, t.buf[:0]
	return err
}
