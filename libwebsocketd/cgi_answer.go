package libwebsocketd

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

const (
	// maxCGIHeader bounds what a script may say before its answer begins.
	maxCGIHeader = 64 << 10

	// gatherWait is how long the beginning of an answer waits for more: most scripts
	// have ended by then. Header and body then go out together and with their length,
	// as simple clients need it that read once.
	gatherWait = 20 * time.Millisecond
	gatherMost = 32 << 10

	// cgiPiece is what a client must take within its patience.
	cgiPiece = 16 << 10
)

// cgiAnswer makes an HTTP answer of what a script prints.
type cgiAnswer struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration // for a client that takes nothing; not positive: for ever
	head     bool          // the request's method is HEAD
	begin    func(http.Header)
	taken    atomic.Int64 // bytes
	limit    atomic.Pointer[time.Time]

	mu      sync.Mutex
	text    []byte // the header as far as it has come, then what is held of the body
	status  int    // 0 until the header has come
	started bool   // the answer has begun
	ended   bool
	cut     bool // it has begun, and is not whole
	failed  error
	timer   *time.Timer // begins the answer
}

// failure returns why the script gave no proper answer.
func (a *cgiAnswer) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// write takes what the script prints.
func (a *cgiAnswer) write(data []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.failed != nil:
		return a.failed
	case a.started:
		return a.passLocked(data)
	}
	a.text = append(a.text, data...)
	if a.status == 0 {
		if a.failed = a.readHeaderLocked(); a.failed != nil || a.status == 0 {
			return a.failed
		}
		a.timer = time.AfterFunc(gatherWait, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.startLocked()
			a.flushLocked()
		})
	}
	if len(a.text) > gatherMost {
		return a.startLocked()
	}
	return nil
}

// readHeaderLocked takes the script's header off the text, once it is whole.
func (a *cgiAnswer) readHeaderLocked() error {
	end := headerEnd(a.text)
	if end < 0 {
		if len(a.text) > maxCGIHeader {
			return fmt.Errorf("the script's header is longer than %d bytes", maxCGIHeader)
		}
		return nil
	}
	status, header, err := parseCGIHeader(a.text[:end])
	if err != nil {
		return err
	}
	for name, values := range header {
		a.w.Header()[name] = values
	}
	a.status, a.text = status, a.text[end:]
	return nil
}

// startLocked begins the answer with what is held of the body, unless it has begun,
// or has ended.
func (a *cgiAnswer) startLocked() error {
	if a.started || a.ended {
		return nil
	}
	a.started = true
	a.begin(a.w.Header())
	a.w.WriteHeader(a.status)
	held := a.text
	a.text = nil
	return a.passLocked(held)
}

// passLocked writes some of the answer's body. An answer that can have none (204,
// 304) is no fault of the client's.
func (a *cgiAnswer) passLocked(data []byte) error {
	for len(data) > 0 {
		a.grant()
		n, err := a.w.Write(data[:min(len(data), cgiPiece)])
		a.taken.Add(int64(n))
		if errors.Is(err, http.ErrBodyNotAllowed) {
			return nil
		}
		if err != nil {
			a.cut = true
			return err
		}
		data = data[n:]
	}
	return nil
}

// probe sends an interim response, unless the answer has begun. A client that has
// closed its whole connection answers by a reset, which tells it from one that has
// closed its sending half only; its system would keep us waiting for a minute. Every
// client of HTTP/1.1 takes an interim response it has not asked for (RFC 9110 section
// 15.2), and this is the one that all of them know: Python's http.client takes another
// for the answer.
func (a *cgiAnswer) probe() {
	if !a.mu.TryLock() { // it is just being written
		return
	}
	defer a.mu.Unlock()
	if !a.started && !a.ended {
		a.grant()
		a.w.WriteHeader(http.StatusContinue)
	}
}

// grant is the client's time for what is written next.
func (a *cgiAnswer) grant() {
	if a.patience > 0 {
		a.rc.SetWriteDeadline(time.Now().Add(a.patience))
	}
	if limit := a.limit.Load(); limit != nil {
		a.rc.SetWriteDeadline(*limit)
	}
}

// finishBy is a limit of all that is still written, also of what is being written.
func (a *cgiAnswer) finishBy(limit time.Time) {
	a.limit.Store(&limit)
	a.rc.SetWriteDeadline(limit)
}

// flush sends what has been written: a script may well take its time for the rest.
func (a *cgiAnswer) flush() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flushLocked()
}

func (a *cgiAnswer) flushLocked() error {
	if !a.started || a.ended {
		return nil
	}
	a.grant()
	err := a.rc.Flush()
	if err != nil {
		a.cut = true
	} else if a.limit.Load() == nil {
		a.rc.SetWriteDeadline(time.Time{}) // which over HTTP/2 would be that of the answer
	}
	return err
}

// end ends the answer, because of cause. A script that gave none is a 500.
func (a *cgiAnswer) end(cause error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.started && cause == errBodyStalled:
		a.refuseLocked(http.StatusRequestTimeout, errBodyStalled.Error())
	case !a.started && cause == errBodyBroken:
		a.refuseLocked(http.StatusBadRequest, errBodyBroken.Error())
	case a.status == 0:
		if a.failed == nil {
			a.failed = errors.New("the script ended without a header")
		}
		a.refuseLocked(http.StatusInternalServerError, "the script gave no proper answer; the log says why")
	default:
		a.finishLocked(cause)
	}
	a.ended = true
}

func (a *cgiAnswer) refuseLocked(status int, reason string) {
	a.begin(a.w.Header())
	a.grant()
	http.Error(a.w, fmt.Sprintf("%d %s: %s", status, http.StatusText(status), reason), status)
	a.rc.Flush()
}

// finishLocked ends an answer that has a header. One that has not begun yet is whole,
// and says how long it is.
func (a *cgiAnswer) finishLocked(cause error) {
	var ended *bridge.EndedError
	exited := errors.As(cause, &ended) && ended.Signal == 0
	if !a.started && exited && a.w.Header().Get("Content-Length") == "" && !a.head && bodyAllowed(a.status) {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.text)))
	}
	a.startLocked()
	a.flushLocked()
	a.cut = a.cut || !exited
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// stop is for when nothing is to be written any more.
func (a *cgiAnswer) stop() {
	a.finishIfBlocked()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended = true; a.timer != nil {
		a.timer.Stop()
	}
}

// finishIfBlocked ends a write that is at work.
func (a *cgiAnswer) finishIfBlocked() {
	if a.mu.TryLock() {
		a.mu.Unlock()
		return
	}
	a.finishBy(ws.Past)
}

// isCut reports whether the answer has begun and does not end as a whole one.
func (a *cgiAnswer) isCut() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.started && a.cut
}
