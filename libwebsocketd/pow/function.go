package pow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/logging"
)

// Func is a Go function that clients call like a program. stdin has the client's input, and
// ends when the client closes it. What is written to stdout is output, one frame a write. When
// the client is gone, reading and writing fail; when the server goes away, reading does. The value it returns is the result, if it can be put in
// JSON; its error makes the call rejected, and so does a panic, which harms nothing else.
//
// ctx is done when the client asks for the end, or is gone, or the server goes away;
// context.Cause says which. A function cannot be killed: it must return then. Shutdown waits
// for it, but not for ever (see [libwebsocketd.Server.Shutdown]). [Caller] tells whose call it
// is. Any number of calls may run at once.
type Func func(ctx context.Context, stdin io.Reader, stdout io.Writer, params ...string) (value any, err error)

// callerKey is that of the Request in a Func's Context.
type callerKey struct{}

// Caller returns the request of the client whose call a Func serves: its headers, its
// identity. It has no program. It returns nil for a Context that is not a Func's.
func Caller(ctx context.Context) *libwebsocketd.Request {
	req, _ := ctx.Value(callerKey{}).(*libwebsocketd.Request)
	return req
}

// outputRoom is what is taken at once of a function's output.
const outputRoom = 32 << 10

// function is a Func that runs, as the program's side of a call.
type function struct {
	ctx    context.Context
	asked  context.CancelCauseFunc
	stdin  *io.PipeWriter
	stdout *io.PipeReader
	done   chan struct{} // closed when it has returned
	result returned

	room  []byte
	held  int // bytes at the beginning of room that begin a character
	used  int // bytes of room that were received
	batch [1]bridge.Message
}

var _ bridge.Endpoint = (*function)(nil)

// startFunction starts f in a goroutine. Close waits for it.
func startFunction(f Func, req *libwebsocketd.Request, params []string, log *slog.Logger) *function {
	p := &function{done: make(chan struct{}), room: make([]byte, outputRoom)}
	p.ctx, p.asked = context.WithCancelCause(context.WithValue(context.Background(), callerKey{}, req))
	stdin, stdout := (*io.PipeReader)(nil), (*io.PipeWriter)(nil)
	stdin, p.stdin = io.Pipe()
	p.stdout, stdout = io.Pipe()
	go func() {
		defer close(p.done)
		defer stdin.Close()
		defer stdout.Close()
		p.result.of(log, func() (any, error) { return f(p.ctx, stdin, stdout, params...) })
	}()
	return p
}

// of sets what f returns. It is called by the goroutine of f, because the value and the error
// may have methods that panic.
func (r *returned) of(log *slog.Logger, f func() (any, error)) {
	returns := false
	defer func() {
		if returns {
			return
		}
		cause := recover()
		if cause == nil {
			cause = "the function has not returned" // runtime.Goexit
		}
		logging.At(log, logging.LevelError, "pow", fmt.Sprintf("a function has panicked: %v", cause), "stack", string(debug.Stack()))
		r.value, r.err = nil, &panicked{fmt.Sprint(cause)}
	}()
	value, err := f()
	if err != nil {
		r.err = errors.New(err.Error())
	} else {
		r.value = valueOf(value)
	}
	returns = true
}

// Receive returns what the function has written. A character that a write has cut is kept for
// the next one. Its final error is a *returned.
func (p *function) Receive() ([]bridge.Message, error) {
	p.held = copy(p.room, p.room[p.used:p.held])
	p.used = 0
	for {
		n, err := p.stdout.Read(p.room[p.held:])
		p.held += n
		whole := p.held
		if err == nil {
			whole -= text.OpenTail(p.room[:p.held])
		}
		if whole > 0 {
			p.used = whole
			p.batch[0] = bridge.Message{Kind: bridge.Text, Data: text.Valid(p.room[:whole])}
			return p.batch[:], nil
		}
		if err != nil {
			<-p.done
			return nil, &p.result
		}
	}
}

// Send hands input to the function. It fails once that has returned.
func (p *function) Send(batch []bridge.Message) error {
	for i := range batch {
		if _, err := p.stdin.Write(batch[i].Data); err != nil {
			return err
		}
	}
	return nil
}

// cut asks the function to return, and makes its reading fail: the end of the input means that
// the input is complete.
func (p *function) cut(cause error) {
	p.asked(cause)
	p.stdin.CloseWithError(cause)
}

// refuse asks the function to return, and makes its writing fail.
func (p *function) refuse(cause error) {
	p.asked(cause)
	p.stdout.CloseWithError(cause)
}

// CloseSend ends the function's input.
func (p *function) CloseSend(error) error { return p.stdin.Close() }

// Context returns a context that is never done: Receive returns how a function ends.
func (p *function) Context() context.Context { return context.Background() }

// cancel asks the function to return, and waits until it has.
func (p *function) cancel(cause error) {
	p.asked(cause)
	<-p.done
}

// Close asks the function to return, ends its input, and waits until it has returned.
func (p *function) Close() error {
	p.asked(errGone)
	p.stdin.Close()
	<-p.done
	return nil
}
