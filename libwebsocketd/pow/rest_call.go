package pow

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// restCall is a call over HTTP: what runs, its newest output, and then its result. A client
// asks for them one by one.
type restCall struct {
	id, user string
	calls    *calls                 // that it is one of
	at       *libwebsocketd.Request // of new, for its program
	log      *slog.Logger
	x        *execution // nil if it was rejected at once, or was over in another server
	output   *lines
	free     func()        // gives its place back
	holders  atomic.Int32  // of the place: the list of calls, and what runs
	over     chan struct{} // closed when there is a result, and nothing remains of the process
	still    chan struct{} // gets something when the process stands still, see lift
	taken    chan bool     // whether another server goes on with it

	mu     sync.Mutex
	result *Result // nil as long as it runs
	told   bool    // the client has it, or wants none: it has canceled the call, or nothing was started

	busy, idle int // requests under way, and looks since the last one; guarded by the mutex of calls
}

// newRESTCall returns a call of a user. It has a place among the sessions, which it gives
// back by free when it is over and forgotten. The caller must let it run, or reject it.
func newRESTCall(id, user string, at *libwebsocketd.Request, output *lines, free func()) *restCall {
	c := &restCall{id: id, user: user, at: at, output: output, free: free, over: make(chan struct{}),
		still: make(chan struct{}, 1), taken: make(chan bool, 1)}
	c.log = at.Log().With("call", c.id[:8])
	c.holders.Store(2)
	return c
}

// newID returns a random UUID (RFC 9562 section 5.4), which is the key to a call.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// release is called when the call is forgotten, and when it is over.
func (c *restCall) release() {
	if c.holders.Add(-1) == 0 {
		c.free()
	}
}

// run reads the output of what runs to its end, or until another server does.
func (c *restCall) run() {
	for {
		if result := c.x.each(c.output.write); result != nil {
			c.end(result)
			break
		}
		c.still <- struct{}{}
		if taken := <-c.taken; taken {
			c.x.input.end()
			c.release()
			return
		}
	}
	c.x.close(nil)
	c.finish()
}

// finish is called when nothing of the call remains but its result.
func (c *restCall) finish() {
	c.release() // before: whoever drops what is over frees its place
	close(c.over)
}

// reject ends a call of which nothing has been started.
func (c *restCall) reject(reason string) {
	c.end(rejected(reason))
	c.tell(true) // it was for nothing that could run
	c.finish()
}

func (c *restCall) end(result *Result) {
	words := strings.ToUpper(string(result.Status))
	if result.Status == Rejected {
		words += ": " + result.Reason
	}
	logging.At(c.log, logging.LevelAccess, "pow", words)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.result = result
}

// ended returns the result, nil as long as anything of the call remains.
func (c *restCall) ended() *Result {
	select {
	case <-c.over:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.result
}

// leave ends what runs for a cause: nobody asks for it any more. It does not wait.
func (c *restCall) leave(cause error) {
	if c.x != nil {
		c.x.leave(cause)
	}
}

// isDone reports whether nothing runs any more, and the client waits for no result.
func (c *restCall) isDone() bool {
	select {
	case <-c.over:
	default:
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told
}

// status is the answer to status.
type status struct {
	Buffer string  `json:"buffer,omitempty"`
	Result *Result `json:"result"`
}

// serveStatus tells how far the call has come, and its newest output. All output comes before
// the result.
func (c *restCall) serveStatus(w http.ResponseWriter, req *libwebsocketd.Request) {
	now := status{Result: c.ended()}
	if now.Result == nil {
		now.Result = &Result{Status: Pending}
	}
	now.Buffer = c.output.String()
	free, refusal := req.HoldAnswer(2 * len(now.Buffer)) // as JSON, too
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	defer free()
	isOver := now.Result.Status != Pending
	if isOver { // before the answer: who has it may make another call at once, in this one's place
		c.tell(true)
	}
	req.AnswerOutput(w, now)
	if isOver && req.HTTP.Context().Err() != nil { // it has left before it had all
		c.tell(false)
	}
}

// tell notes whether the client waits for no result any more.
func (c *restCall) tell(told bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = told
}

// inputFull refuses input for which there is no room now.
var inputFull = &gate.Refusal{Status: http.StatusTooManyRequests, Reason: errInputFull.Error(), RetryAfter: 1}

// serveInput takes the body as input, as it is. It does not wait for the process to read it.
func (c *restCall) serveInput(w http.ResponseWriter, req *libwebsocketd.Request) {
	if refusal := req.AwaitTurn(w); refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	data, memory, ok := req.ReadBodyNow(w, 0)
	if !ok {
		return
	}
	var err error
	refusal := c.calls.change(func() { err = c.offer(data, memory) })
	switch {
	case refusal != nil:
		memory.Free()
		req.Refuse(w, refusal)
	case err == nil:
		confirm(w, "input sent")
	case errors.Is(err, errInputFull):
		req.Refuse(w, inputFull)
	default:
		fail(w, req, http.StatusInternalServerError, "error copying data to process")
	}
}

// offer gives what runs input, or returns why it cannot. m accounts for data, and is its own
// from now on.
func (c *restCall) offer(data []byte, m memory) error {
	if c.ended() != nil {
		m.Free()
		return errInputClosed
	}
	return c.x.input.offer(data, m)
}

// serveCloseInput ends the input, after what waits for the process.
func (c *restCall) serveCloseInput(w http.ResponseWriter, req *libwebsocketd.Request) {
	if c.x != nil {
		if refusal := c.calls.change(c.x.input.close); refusal != nil {
			req.Refuse(w, refusal)
			return
		}
	}
	confirm(w, "input closed")
}

// serveCancel cancels the call, and answers when nothing remains of the process.
func (c *restCall) serveCancel(w http.ResponseWriter, req *libwebsocketd.Request) {
	refusal := c.calls.change(func() {
		c.tell(true)
		if c.x != nil {
			c.x.cancel(errCanceled) // the second time it closes the input
		}
	})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	settle := exchange.Ask(w, req.HTTP, req, req.Settings().PingInterval)
	select {
	case <-c.over:
	case <-req.HTTP.Context().Done():
	}
	settle()
	if req.Context().Err() != nil {
		req.Refuse(w, gate.GoingAway)
		return
	}
	confirm(w, "process cancelled")
}
