package terminal

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// Keys that mean something before a line is edited. A terminal in raw mode makes no signals
// of them.
const (
	keyInterrupt = 3  // Ctrl-C
	keyLeave     = 4  // Ctrl-D
	keySuspend   = 26 // Ctrl-Z
)

// mostAhead is how many bytes may be typed that are not taken yet.
const mostAhead = 1 << 20

// keyboard reads keys all the time, also while nobody takes a line: those that end things
// must always do so. What else is typed waits for the editor.
type keyboard struct {
	from      io.Reader
	interrupt func()
	suspend   func()
	leave     func() // called for a Ctrl-D that the editor does not take
	full      func() // called once, when keys are dropped

	keys keyParser // of the goroutine in watch

	mu      sync.Mutex
	changed sync.Cond
	ahead   []byte
	err     error       // no more keys come, after ahead
	over    bool        // the editor takes no more
	leaving *time.Timer // runs while a Ctrl-D is ahead
}

func newKeyboard(from io.Reader) *keyboard {
	k := &keyboard{from: from}
	k.changed.L = &k.mu
	return k
}

// watch reads keys until there are no more.
func (k *keyboard) watch() {
	var buf [4096]byte
	full := false
	for {
		begin := time.Now()
		n, err := k.from.Read(buf[:])
		if time.Since(begin) > escapeWait {
			k.keys.rest()
		}
		for _, key := range buf[:n] {
			switch key {
			case keyInterrupt:
				k.interrupt()
			case keySuspend:
				k.suspend()
			default:
				if !k.put(k.keys.parse(key), key == keyLeave) && !full {
					full = true
					k.full()
				}
			}
		}
		if err != nil {
			k.end(err)
			return
		}
	}
}

// put appends keys to those that wait for the editor. A Ctrl-D leaves once what was typed
// before it is sent; it does not wait longer for that than a Farewell takes, nor does a
// second one. It returns false if there is no room.
func (k *keyboard) put(keys []byte, leave bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case leave && (k.over || k.leaving != nil):
		k.leave()
		return true
	case k.over:
		return true
	case leave:
		k.leaving = time.AfterFunc(Farewell, k.leave)
	case len(k.ahead)+len(keys) > mostAhead:
		return false
	}
	k.ahead = append(k.ahead, keys...)
	k.changed.Signal()
	return true
}

// Read returns keys, up to the end of a line: the editor must not hold a Ctrl-D back after
// a line that is being sent.
func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.ahead) == 0 && k.err == nil && !k.over {
		k.changed.Wait()
	}
	switch {
	case k.over:
		return 0, os.ErrClosed
	case len(k.ahead) == 0:
		return 0, k.err
	}
	n := copy(p, k.ahead[:lineSize(k.ahead)])
	if k.leaving != nil && bytes.IndexByte(p[:n], keyLeave) >= 0 {
		k.leaving.Stop()
		k.leaving = nil
	}
	if k.ahead = k.ahead[n:]; len(k.ahead) == 0 {
		k.ahead = nil
	}
	return n, nil
}

// lineSize returns how many of the keys are the first line, with what ends it.
func lineSize(keys []byte) int {
	end := bytes.IndexAny(keys, "\r\n")
	switch {
	case end < 0:
		return len(keys)
	case bytes.HasPrefix(keys[end:], []byte("\r\n")):
		return end + 2
	}
	return end + 1
}

// Close ends a Read that waits. Keys that end things are still looked for.
func (k *keyboard) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over, k.ahead = true, nil
	if k.leaving != nil {
		k.leaving.Stop()
	}
	k.changed.Broadcast()
	return nil
}

// end notes that no more keys come.
func (k *keyboard) end(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
	k.changed.Broadcast()
}
