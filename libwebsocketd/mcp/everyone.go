package mcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/shared"
)

// everyone is a process that serves all clients of a program, or all of a user: one of
// 2026-07-28, where nothing depends on who has asked before; or with Lifetime.Shared an older
// one, which is initialized once.
type everyone struct {
	child
	keeper libwebsocketd.Supervisor
	users  int       // guarded by supervisor.mu
	left   time.Time // when the last one did; likewise
	hello  hello

	asking sync.Mutex // held while the process is asked for its tools
	serves process    // that the rest is known of
	stands bool       // it stands still for another server; only for Lift

	failed atomic.Int64 // how often it has answered nothing
	mute   error        // why, the last time; guarded by asking
}

func (s *supervisor) newEveryone(key childKey) *everyone {
	e := &everyone{keeper: s.modern}
	if key.greeted {
		e.keeper = s.greeted
	}
	e.child = child{calls: calls{numbers: &s.numbers}, log: s.runtime.Log(), going: s.runtime.Context(), start: s.life.Start, health: &s.health,
		attach: e.open, other: e.said, lost: e.ended, stall: func(l *line) { l.link.(*shared.Subscription).Restart() }}
	if key.user != "" {
		e.log = e.log.With("user", key.user)
	}
	if e.turn.gone = s.gone; s.still {
		e.turn.shut()
	}
	return e
}

// process names one of the processes of a hub, by its record and by how many there were before.
type process struct {
	mu      sync.Mutex
	epoch   string
	endings int
	life    context.Context // see until; nil until somebody asks
	end     context.CancelCauseFunc
}

// is notes which process it is, and reports whether it was another one.
func (p *process) is(epoch string, endings int) (other bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	other = p.epoch != epoch || p.endings != endings
	p.epoch, p.endings = epoch, endings
	if other {
		p.over(errReplacedProcess)
	}
	return other
}

// ends notes that the process has ended: the next one of its record is meant.
func (p *process) ends(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endings++
	p.over(cause)
}

// over ends what was to last as long as the process. p.mu is held.
func (p *process) over(cause error) {
	if p.life != nil {
		p.end(&endedError{cause})
		p.life = nil
	}
}

// until returns a context that is done, for an endedError, when the process has ended.
func (p *process) until() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		p.life, p.end = context.WithCancelCause(context.Background())
	}
	return p.life
}

// errReplacedProcess is the cause of a process that has ended while nobody asked.
var errReplacedProcess = errors.New("another one has taken its place")

// open attaches a request to the process, after what was read of it before, or starts it.
func (e *everyone) open(req *libwebsocketd.Request) (link, *gate.Refusal) {
	before := e.position.Load()
	to, refusal := e.keeper.Open(attachment(req, before))
	if before != nil && refusal != nil && (refusal.Status == http.StatusNotFound || refusal.Status == http.StatusGone) { // it has ended
		e.position.Store(nil)
		to, refusal = e.keeper.Open(attachment(req, nil))
	}
	if refusal != nil {
		e.health.refused(refusal)
		return nil, refusal
	}
	sub := to.(*shared.Subscription)
	if e.serves.is(sub.Epoch(), sub.Endings()) { // it was replaced while nobody asked
		e.forget()
	}
	return sub, nil
}

// String returns the position as after= takes it.
func (p *position) String() string { return fmt.Sprintf("%s:%d", p.epoch, p.after) }

// said takes what the process says that is for no request. A message for the log is for the
// only client that wants such, if no other user asks anything: over stdio nothing says which
// request it is of.
func (e *everyone) said(l *line, m *message) {
	switch {
	case m.kind == request:
		e.refuse(l, m)
	case m.method == "notifications/message":
		x := e.only(func(x *call) bool { return x.logs })
		if x != nil && e.newest(func(other *call) bool { return other.user != x.user }) == nil {
			x.stream.say(e.going, m.text, false)
			return
		}
		logging.At(e.log, logging.LevelInfo, "mcp", shorten(m.params.of(m.text)))
	default:
		logging.At(e.log, logging.LevelTrace, "mcp", "for no request: "+m.method)
	}
}

// mostLogged is how much of a message for the log is logged, in bytes.
const mostLogged = 1 << 10

func shorten(text []byte) string {
	if len(text) <= mostLogged {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:mostLogged]), "") + "..."
}

// refuse answers a request of the process: there is no client that it could be for.
func (e *everyone) refuse(l *line, m *message) {
	answer := errorText(m.id.of(m.text), &rpcError{Code: codeNoMethod, Message: "this process serves many clients, and cannot ask one of them"})
	if m.method == "ping" {
		answer = resultText(m.id.of(m.text), []byte("{}"))
	}
	ctx, cancel := context.WithTimeout(e.going, cancelTime)
	defer cancel()
	e.write(ctx, l, answer)
}

// ended is called when the process has ended: another one takes its place. It must not wait for a
// request, because nothing is read meanwhile for any.
func (e *everyone) ended(cause error) {
	e.serves.ends(cause)
	e.forget()
}

// forget forgets what a process has told of itself. What it has answered to initialize is of no use
// once it has ended.
func (e *everyone) forget() {
	e.answered.Store(false)
	e.tools.forget()
}
