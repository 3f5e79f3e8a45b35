package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
)

// hello is what an older process has answered to initialize, which is said once, though it
// serves many clients (Lifetime.Shared).
type hello struct {
	mu     sync.Mutex      // held while the process is asked, so never taken where its output is read
	result []byte          // nil: not yet
	until  context.Context // done when the process has ended that has answered it
	failed atomic.Int64    // how often there was no answer
	err    error           // why, the last time; guarded by mu
}

// said returns the result, nil if the process that serves now has not told it. h.mu is held.
func (h *hello) said() []byte {
	if h.until == nil || h.until.Err() != nil {
		return nil
	}
	return h.result
}

// newestOld is the last revision that begins with initialize.
const newestOld = "2025-11-25"

// ours is what such a process is told of its client: one that can do nothing, for what the
// process asks could be for no client in particular.
const ours = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"` + newestOld +
	`","capabilities":{},"clientInfo":{"name":"websocketd","version":"1"}}}`

// greet returns the result of initialize, and a context that is done when the process has ended that
// it is of. The process is asked for it if it has not been yet.
func (e *everyone) greet(l *line) (result []byte, until context.Context, err error) {
	h := &e.hello
	before := h.failed.Load()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.said() != nil:
		return h.result, h.until, nil
	case h.failed.Load() > before: // it was asked while we waited
		return nil, nil, h.err
	}
	until = e.serves.until()
	answer, err := e.askOwn(e.going, l, []byte(ours))
	if err != nil {
		h.err = err
		h.failed.Add(1)
		return nil, nil, err
	}
	err = e.write(until, l, []byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	if until.Err() != nil {
		err = context.Cause(until)
	}
	if err != nil {
		return nil, nil, err
	}
	h.result, h.until = answer, until
	return answer, until, nil
}

// askOwn asks the process something of our own, and returns a copy of the result. It waits no
// longer than for any other first answer. What the process refuses is an rpcError.
func (e *everyone) askOwn(ctx context.Context, l *line, text []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, e.start)
	defer cancel()
	m, err := parse(text)
	if err != nil {
		return nil, err
	}
	x := &call{id: []byte("0"), method: m.method, over: l, stream: newStream(0, 0)}
	x.stream.expect()
	sending, release := x.stream.untilWhole(ctx)
	defer release()
	reader := x.stream.listen(0, false)
	defer reader.Close()
	var answer []byte
	if err = e.send(sending, x, &m); err == nil || x.stream.isWhole() {
		answer, _, err = reader.peek(ctx)
	}
	if err != nil {
		e.calls.take(x.number)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && !e.answered.Load() {
			err = e.tooLate(l)
		}
		return nil, err
	}
	if m, err = parse(answer); err == nil && m.fault.isSet() {
		refused := new(rpcError)
		json.Unmarshal(m.fault.of(answer), refused) // of another form it has no message
		err = refused
	}
	return m.result.of(m.text), err
}
