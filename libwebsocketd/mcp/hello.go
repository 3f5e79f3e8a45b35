package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
)

// hello is what an older process has answered to initialize, which is said once, though it
// serves many clients (Lifetime.Shared).
type hello struct {
	mu     sync.Mutex
	result []byte // nil: not yet
}

// newestOld is the last revision that begins with initialize.
const newestOld = "2025-11-25"

// ours is what such a process is told of its client: one that can do nothing, for what the
// process asks could be for no client in particular.
const ours = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"` + newestOld +
	`","capabilities":{},"clientInfo":{"name":"websocketd","version":"1"}}}`

// greet returns the result of initialize. The process is asked for it if it has not been yet.
func (e *everyone) greet(l *line) (result []byte, err error) {
	e.hello.mu.Lock()
	defer e.hello.mu.Unlock()
	if e.hello.result != nil {
		return e.hello.result, nil
	}
	answer, err := e.askOwn(e.going, l, []byte(ours))
	if err != nil {
		return nil, err
	}
	if err := e.write(e.going, l, []byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)); err != nil {
		return nil, err
	}
	e.hello.result = answer
	return answer, nil
}

// forget is called when the process has ended.
func (h *hello) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.result = nil
}

// askOwn asks the process something of our own, and returns a copy of the result. It waits no
// longer than for any other first answer.
func (e *everyone) askOwn(ctx context.Context, l *line, text []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, e.start)
	defer cancel()
	m, err := parse(text)
	if err != nil {
		return nil, err
	}
	x := &call{id: []byte("0"), method: m.method, over: l, stream: newStream(0, 0)}
	x.stream.expect()
	if err := e.send(ctx, x, &m); err != nil {
		return nil, err
	}
	reader := x.stream.listen(0, false)
	defer reader.Close()
	answer, _, err := reader.peek(ctx)
	if err != nil {
		e.calls.take(x.number)
		return nil, err
	}
	if m, err = parse(answer); err == nil && m.fault.isSet() {
		var e rpcError
		json.Unmarshal(m.fault.of(answer), &e) // of another form it has no message
		err = errors.New(e.Message)
	}
	return m.result.of(m.text), err
}
