package mcp

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// child is a process that speaks MCP, and what its clients wait for.
type child struct {
	calls
	turn   turnstile
	log    *slog.Logger
	going  context.Context // done when the server shuts down
	attach func(*libwebsocketd.Request) (link, *gate.Refusal)
	other  func(*line, *message) // takes what the process says that is for no call
	health *health
	lost   func(cause error) // called when the process has ended, after its calls were answered
	start  time.Duration     // in which the process must have said something for a call
	stall  func(*line)       // ends a process that has not
	sole   bool              // no other process takes its place

	tools    tools
	answered atomic.Bool // the process has said something for a call since it was started
	position atomic.Pointer[position]

	holding sync.Mutex // guards line, and is held while it is made
	line    *line
}

// route passes on what the process says.
func (c *child) route(l *line, text []byte) {
	m, err := parse(text)
	if err != nil {
		logging.At(c.log, logging.LevelError, "mcp", "the process says what is no message: "+err.Error()+": "+shorten(text))
		return
	}
	if m.method == "notifications/tools/list_changed" { // whosever subscription it is of
		c.tools.forget()
	}
	switch {
	case m.kind == response:
		c.respond(&m)
	case m.method == "notifications/progress":
		c.progress(&m)
	case m.kind == notification && m.inMeta(metaSubscription) != nil:
		c.subscribed(&m)
	default:
		c.other(l, &m)
	}
}

// respond gives a response to the client that has asked.
func (c *child) respond(m *message) {
	id := m.id.of(m.text)
	if numberOf(id) == 0 {
		logging.At(c.log, logging.LevelError, "mcp", "the process answers what it was not asked, with the id "+shorten(id))
		return
	}
	c.works()
	x := c.calls.take(numberOf(id))
	if x == nil { // canceled meanwhile, most likely
		logging.At(c.log, logging.LevelTrace, "mcp", "a response that nobody waits for, to "+shorten(id))
		return
	}
	if x.method == "tools/list" && m.result.isSet() {
		c.tools.learn(m.result.of(m.text))
	}
	changes := []change{{m.id, x.id}}
	if at := m.spanInMeta(metaSubscription); at.isSet() {
		changes = append(changes, change{at, x.id})
	}
	x.stream.say(c.going, splice(m.text, changes...), true)
}

// works notes that the process has said something for a call.
func (c *child) works() {
	if !c.answered.Load() {
		c.answered.Store(true)
		c.health.works()
	}
}

// progress gives a notice of progress to the client whose token it has.
func (c *child) progress(m *message) {
	x := c.get(numberOf(m.token.of(m.text)))
	if x == nil {
		return
	}
	if c.works(); x.token == nil {
		return
	}
	x.stream.say(c.going, splice(m.text, change{m.token, x.token}), false)
}

// subscribed gives a notification to the client whose subscription it is of.
func (c *child) subscribed(m *message) {
	at := m.spanInMeta(metaSubscription)
	if x := c.get(numberOf(at.of(m.text))); x != nil {
		c.works()
		x.stream.say(c.going, splice(m.text, change{at, x.id}), false)
	}
}

// lose answers every call that the process has not: it has ended. Where another one takes its place
// the line goes on with that. Calls that came before the end was read are answered as well, though
// the process was never given them: the next one is not either (shared.Subscription.SendUntil).
func (c *child) lose(l *line, cause error) {
	c.fail(endedWith(cause), func(x *call) bool { return c.sole || x.over == l })
	if !c.answered.Load() && c.going.Err() == nil {
		c.health.failed(cause.Error())
	}
	c.lost(cause)
}

// fail answers the calls that fit with an error.
func (c *child) fail(reason string, fits func(*call) bool) {
	for _, x := range c.takeAll(fits) {
		text := errorText(x.id, &rpcError{Code: codeInternal, Message: reason})
		if x.method == methodListen {
			text = listenResult(x.id)
		}
		x.stream.say(c.going, text, true)
	}
}

// tooLate ends a process that has answered nothing in its time, and answers its calls. It returns
// the error that they get.
func (c *child) tooLate(l *line) error {
	err := errors.New("the server's process has not answered anything in " + c.start.String() + " (see --mcpstart)")
	c.fail(err.Error(), func(x *call) bool { return x.over == l })
	c.stall(l)
	return err
}

// send sends a call to the process, with a number of ours as its id and as its progress token.
// After an error the call is open still: the end of the process says why, or fail.
func (c *child) send(ctx context.Context, x *call, m *message) error {
	c.add(x)
	number := numberText(x.number)
	return c.write(ctx, x.over, splice(m.text, change{m.id, number}, change{m.token, number}))
}

// write writes a message to the process as it is, on one line.
func (c *child) write(ctx context.Context, l *line, text []byte) error {
	return l.SendUntil(ctx, libwebsocketd.Message{Kind: libwebsocketd.Verbatim, Data: lineOf(text)})
}

// lineOf returns a copy of a message on a line of its own. Only white space between its parts
// can have line ends (RFC 8259 section 7).
func lineOf(text []byte) []byte {
	out := append(make([]byte, 0, len(text)+1), text...)
	for i, b := range out {
		if b == '\n' || b == '\r' {
			out[i] = ' '
		}
	}
	return append(out, '\n')
}

// cancel tells the process that nobody waits for a call any more.
func (c *child) cancel(x *call, reason string) {
	if c.calls.take(x.number) == nil {
		return // it is answered
	}
	text, err := x.canceled(reason)
	if err != nil {
		return // numbers and texts cannot fail
	}
	ctx, cancel := context.WithTimeout(c.going, cancelTime)
	defer cancel()
	c.write(ctx, x.over, text)
}
