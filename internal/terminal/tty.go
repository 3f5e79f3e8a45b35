package terminal

import (
	"os"
	"sync"
)

// tty is a terminal in raw mode, as the editor reads and writes it.
type tty struct {
	*keyboard
	out *os.File

	mu   sync.Mutex
	held bool // what is written is collected
	buf  []byte
}

// Write implements [io.Writer].
func (t *tty) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held {
		t.buf = append(t.buf, b...)
		return len(b), nil
	}
	if _, err := t.out.Write(shown(b)); err != nil {
		return 0, err
	}
	return len(b), nil
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
	_, err := t.out.Write(shown(t.buf))
	t.held, t.buf = false, t.buf[:0]
	return err
}
