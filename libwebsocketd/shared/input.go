package shared

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"websocketd/libwebsocketd"
)

// inputBatch is what a viewer sent at once: whole messages. Or it is a function that is to
// be called in turn with them.
type inputBatch struct {
	batch []libwebsocketd.Message
	call  func()
	done  chan error // buffered: the answer never blocks
	given bool       // the process has it, or is about to; only for put

	wanted func() bool // else no process is to have it any more; nil: always
}

// isWanted reports whether a process is to have the batch, if none has begun to take it.
func (s *inputBatch) isWanted() bool { return s.wanted == nil || s.wanted() }

// newInputBatch copies a batch, because its viewer may leave while it is being written.
func newInputBatch(batch []libwebsocketd.Message) *inputBatch {
	size := 0
	for i := range batch {
		size += len(batch[i].Data)
	}
	data, own := make([]byte, 0, size), make([]libwebsocketd.Message, len(batch))
	for i, m := range batch {
		from := len(data)
		data = append(data, m.Data...)
		own[i] = m
		own[i].Data = data[from:len(data):len(data)]
	}
	return &inputBatch{batch: own, done: make(chan error, 1)}
}

// answer returns the process's answer if there is one already, else otherwise. It is
// called when something else ends the wait: a batch that was taken just before must not
// be reported as lost.
func (s *inputBatch) answer(otherwise error) error {
	select {
	case err := <-s.done:
		return err
	default:
		return otherwise
	}
}

// feed sends what comes from viewers to a process, one batch after another, until quit
// is closed. What the process has not taken by then is kept for the next one, which gets it if
// it is wanted still.
func (h *Hub) feed(program libwebsocketd.Endpoint, quit <-chan struct{}) {
	for {
		s := h.kept
		if h.kept = nil; s == nil {
			select {
			case s = <-h.input:
			case <-quit:
				return
			}
		}
		if closed(quit) {
			h.kept = s
			return
		}
		if s.call != nil {
			s.done <- h.Safely(s.call)
			continue
		}
		if !s.isWanted() {
			s.done <- errMissed
			continue
		}
		err := program.Send(s.batch)
		if h.Fed != nil {
			h.Safely(h.Fed)
		}
		if err != nil && h.heard(err) == nil && endsSoon(quit) {
			h.kept = s
			return
		}
		s.done <- h.heard(err)
	}
}

// Do calls f in turn with the messages of viewers: never during one, and never during
// another f. It waits for that, and returns an error if the first process has not started
// yet, if the last one ended before, or if f panicked.
func (h *Hub) Do(f func()) error {
	to := &inputBatch{call: f, done: make(chan error, 1)}
	return h.put(context.Background(), to)
}

// Send sends messages to the process as a viewer does, in turn with theirs.
func (h *Hub) Send(batch []libwebsocketd.Message) error {
	return h.SendUntil(context.Background(), batch...)
}

// SendUntil does what Send does, and gives up when ctx is done: from then on the messages are begun
// to be given to no process.
func (h *Hub) SendUntil(ctx context.Context, batch ...libwebsocketd.Message) error {
	return h.putWanted(ctx, batch, func() bool { return ctx.Err() == nil })
}

// putWanted sends messages that no process is to have when they are not wanted any more.
func (h *Hub) putWanted(ctx context.Context, batch []libwebsocketd.Message, wanted func() bool) error {
	to := newInputBatch(batch)
	to.wanted = wanted
	return h.put(ctx, to)
}

// put gives a batch to the process, and waits until it is taken. After errLeft it may be called again.
func (h *Hub) put(ctx context.Context, to *inputBatch) error {
	if !closed(h.ready) {
		return errNotStarted
	}
	if !to.given {
		select {
		case h.input <- to:
			to.given = true
		case <-ctx.Done():
			return errLeft
		case <-h.done:
			return errOver
		}
	}
	select {
	case err := <-to.done:
		return err
	case <-ctx.Done():
		return to.answer(errLeft)
	case <-h.done:
		return to.answer(errOver)
	}
}

// Safely calls a function of the embedding program. A panic in it is logged and returned,
// and ends nothing else.
func (h *Hub) Safely(f func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
			h.say(libwebsocketd.LevelError, err.Error(), "stack", string(debug.Stack()))
		}
	}()
	f()
	return nil
}

// endWait is how long feed waits for a process to end that has closed its input.
const endWait = time.Second

// endsSoon reports whether a process takes no more input because it is about to end.
// Otherwise it has only closed its input.
func endsSoon(quit <-chan struct{}) bool {
	wait := time.NewTimer(endWait)
	defer wait.Stop()
	select {
	case <-quit:
		return true
	case <-wait.C:
		return false
	}
}

// closed reports whether c is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// heard returns the error that the viewer gets when Send has returned err. That a
// process takes no more is none if another process may follow it.
func (h *Hub) heard(err error) error {
	var refused *libwebsocketd.RefusedError
	if err != nil && !errors.As(err, &refused) && (h.Life.Restart != RestartNever || h.Life.Watch) {
		return nil
	}
	return err
}

// whyDeaf returns why a viewer's messages do not go to the process.
func (h *Hub) whyDeaf() string {
	if h.Life.Input == InputNone {
		return "this program takes none from its clients (see --input=none)"
	}
	return "this program takes only those of the client that has been there the longest (see --input=first)"
}

// listensTo reports whether a viewer's messages go to the process.
func (h *Hub) listensTo(s *Subscription) bool {
	if h.Life.Input != InputFirst {
		return h.Life.Input == InputAll
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers) > 0 && h.viewers[0] == s
}
