package pow

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// execution is a call that runs: a process of a program, or a function.
type execution struct {
	proc   bridge.Endpoint
	stop   func(cause error) // asks proc to end, and returns when it is gone
	input  *input
	prefix string    // of the reason for which the process has failed
	tagged bool      // each message is a line without its end
	last   *lastLine // nil if the result is not in the output

	mu      sync.Mutex
	cause   error // for which it was asked to end first
	paused  bool  // see pause
	ended   bool  // the output has ended
	closed  bool
	stopped sync.WaitGroup
	result  *Result // once ended
}

// cancelLadder returns the steps by which a process is canceled: its input stays open, so that
// it can tell a cancellation from the end of its input.
func cancelLadder(extra time.Duration) process.Ladder {
	all := process.DefaultLadder(extra)
	return all[1:]
}

// newExecution returns an execution of a program's process.
func newExecution(own *stdio.Endpoint, extra time.Duration) *execution {
	return &execution{proc: own, input: newInput(own), stop: func(error) { own.CloseBy(cancelLadder(extra)) }}
}

// newFunctionExecution returns an execution of a function.
func newFunctionExecution(f *function) *execution {
	return &execution{proc: f, input: newInput(f), stop: f.cancel}
}

// Process returns the process, nil if a function runs.
func (x *execution) Process() *stdio.Endpoint {
	own, _ := x.proc.(*stdio.Endpoint)
	return own
}

// leaving returns what is called before the client's close is answered, nil if nothing is.
func (x *execution) leaving() func() {
	if own := x.Process(); own != nil {
		return own.Leaving
	}
	return nil
}

// cancel asks the process to end. The cause is told in the result. The second call closes the
// process's input as well. It does not wait.
func (x *execution) cancel(cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.closed || x.ended:
	case x.cause == nil:
		x.cause = cause
		x.stopped.Go(func() { x.stop(cause) })
	default:
		x.input.abandon()
	}
}

// each calls f with every batch of output, and returns the result when there is no more; nil after
// pause.
func (x *execution) each(f func([]bridge.Message)) *Result {
	err := bridge.ReceiveEach(x.proc, func(batch []bridge.Message) { f(x.outputOf(batch)) })
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == stdio.ErrPaused {
		return nil
	}
	x.resumeLocked(nil) // it has ended as it was to stand still
	x.ended = true
	x.result = resultOf(err, x.cause, x.value(), x.prefix)
	return x.result
}

// outputOf returns a batch of the process as output. It notes the last line, if it is wanted.
func (x *execution) outputOf(batch []bridge.Message) []bridge.Message {
	if x.tagged {
		batch = withEnds(batch)
	}
	if x.last != nil {
		for i := range batch {
			x.last.write(batch[i].Data)
		}
	}
	return batch
}

// withEnds returns lines, each with its end.
func withEnds(lines []bridge.Message) []bridge.Message {
	batch := make([]bridge.Message, len(lines))
	for i, line := range lines {
		line.Data = append(bytes.Clone(line.Data), '\n')
		batch[i] = line
	}
	return batch
}

// value returns what the process has returned, if it has ended well.
func (x *execution) value() json.RawMessage {
	if x.last == nil {
		return null
	}
	return x.last.value()
}

// finish cancels for a cause, after which nobody says anything to the process.
func (x *execution) finish(cause error) {
	x.cancel(cause)
	if f, ok := x.proc.(*function); ok {
		f.cut(cause) // it may be reading, and cannot be killed
	}
}

// drop is called when nobody takes the output any more, for a cause. It is read all the same.
func (x *execution) drop(cause error) {
	if f, ok := x.proc.(*function); ok {
		f.refuse(cause) // it may write for ever
	}
}

// leave cancels for a cause, after which nobody is there.
func (x *execution) leave(cause error) {
	x.finish(cause)
	x.drop(cause)
}

// close ends the process for a cause, unless it has ended, and returns when nothing of it
// remains. Somebody must be in each, or have been.
func (x *execution) close(cause error) error {
	x.finish(cause)
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.stopped.Wait()
	err := x.proc.Close()
	x.input.settle()
	return err
}
