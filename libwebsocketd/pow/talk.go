package pow

import (
	"context"
	"errors"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// talk is a call that runs, as the program's side of a conversation over WebSocket. Its last
// message is the result; binary messages to it are signals.
type talk struct {
	*execution
	client *ws.Endpoint
	rest   []bridge.Message // what has come with the call, after it
	pieces pieces           // of a signal
	drops  bool             // the rest of a message that was one piece too many
	told   bool
}

var _ bridge.Endpoint = (*talk)(nil)

// ReceiveEach calls each with every batch of output and, at the end, the result.
func (t *talk) ReceiveEach(each func([]bridge.Message)) error {
	result := t.execution.each(each)
	each([]bridge.Message{{Kind: bridge.Binary, Data: result.encode()}})
	t.mu.Lock()
	t.told = true
	t.mu.Unlock()
	return over{result}
}

// Receive is not used: Run prefers ReceiveEach.
func (t *talk) Receive() ([]bridge.Message, error) { return nil, errors.ErrUnsupported }

// Send takes the client's messages. It never fails: what the process does not want is dropped,
// and a signal after it is seen.
func (t *talk) Send(batch []bridge.Message) error {
	for i := range batch {
		m := &batch[i]
		if m.Kind != bridge.Binary {
			t.input.put(m.Data)
			continue
		}
		if !t.drops {
			t.control(m)
		}
		t.drops = t.drops && m.More
	}
	return nil
}

// control takes a signal, or a piece of one.
func (t *talk) control(m *bridge.Message) {
	data, whole, err := t.pieces.add(m)
	switch {
	case err != nil:
		t.drops = true
		t.cancel(err)
	case whole:
		t.signal(data)
		t.pieces.free()
	}
}

// signal does what the client asks for during a call.
func (t *talk) signal(data []byte) {
	signal, err := parseSignal(data)
	switch {
	case err != nil:
		t.cancel(err)
	case signal == signalClose:
		t.input.close()
	default:
		t.cancel(errCanceled)
	}
}

// CloseSend closes the process's input.
func (t *talk) CloseSend(error) error {
	t.input.close()
	return nil
}

// Context returns a context that is never done: the result says how a call ends.
func (t *talk) Context() context.Context { return context.Background() }

// Close ends the call, whose client is gone unless the result has been received, or the server
// goes away: then the client still takes output.
func (t *talk) Close() error {
	if why := context.Cause(t.client.Context()); errors.Is(why, bridge.ErrGoingAway) {
		return t.close(bridge.ErrGoingAway)
	}
	t.drop(errGone)
	return t.close(errGone)
}

// caller is the client's side of the conversation. A client that has its result is closed with
// 1000 whatever has ended the call: others are an exception to its library.
type caller struct {
	*ws.Endpoint
	talk *talk
}

// ReceiveEach calls each with what has come with the call, and with every batch after it.
func (c caller) ReceiveEach(each func([]bridge.Message)) error {
	if rest := c.talk.rest; len(rest) > 0 {
		c.talk.rest = nil
		each(rest)
	}
	return c.Endpoint.ReceiveEach(each)
}

// Send sends output, and the result with the close frame.
func (c caller) Send(batch []bridge.Message) error {
	if batch[0].Kind == bridge.Binary {
		return c.SendLast(batch[0])
	}
	err := c.Endpoint.Send(batch)
	if err != nil {
		c.talk.drop(errGone)
	}
	return err
}

func (c caller) CloseSend(cause error) error {
	c.talk.mu.Lock()
	told := c.talk.told
	c.talk.mu.Unlock()
	if refused := (*bridge.RefusedError)(nil); told && !errors.As(cause, &refused) {
		cause = over{c.talk.result}
	}
	return c.Endpoint.CloseSend(cause)
}
