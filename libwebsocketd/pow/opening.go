package pow

import (
	"context"
	"errors"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/ws"
)

// mostEarly is how many bytes of input may come before the call. They count against the
// memory for messages.
const mostEarly = 16 << 20

var errNoMemory = errors.New("there is no memory for more input before the call (see --maxmemory)")

// opening is what a client says until its call has come.
type opening struct {
	req    *libwebsocketd.Request
	client *ws.Endpoint
	clock  *clock

	early  []byte
	memory memory // of early; nil if it is little
	pieces pieces
	data   []byte           // of the call; valid until the next Receive
	rest   []bridge.Message // what has come after it; valid until the next Receive
	read   int64            // bytes of the client's at the last look of the clock
}

// await waits for the call, and returns it. It returns why there is none as a Result, which the
// client is to be sent, and nil if the client has left, or has been sent its result.
func (o *opening) await() (*Call, *Result) {
	o.clock = startClock(o.heard, func(cause error) {
		result := rejected(cause.Error())
		o.reject(result)
		o.client.CloseSend(over{result})
	})
	whole, err := o.receive()
	switch inTime := o.clock.stop(); {
	case !inTime || !whole && err == nil:
		return nil, nil
	case err != nil:
		return nil, rejected(err.Error())
	}
	c, err := parseCall(o.data)
	if err != nil {
		return nil, rejected(err.Error())
	}
	return &c, nil
}

// heard reports whether something has come since the last time, or the client is not waited for:
// then it is we who are late. Its error is that the server goes away.
func (o *opening) heard() (bool, error) {
	if cause := context.Cause(o.client.Context()); errors.Is(cause, bridge.ErrGoingAway) {
		return false, cause
	}
	last := o.read
	o.read = o.client.BytesRead()
	return o.read > last || !o.client.Awaits(), nil
}

// reject sends the client a result that comes instead of a call.
func (o *opening) reject(result *Result) {
	logging.At(o.req.Log(), logging.LevelAccess, "pow", "REJECTED: "+result.Reason)
	tell(o.client, result)
}

// receive receives until the call has come whole. It returns false if the client has left,
// and an error if the call cannot be taken.
func (o *opening) receive() (whole bool, err error) {
	for {
		batch, gone := o.client.Receive()
		if gone != nil {
			return false, nil
		}
		for i := range batch {
			m := &batch[i]
			if m.Kind != bridge.Binary {
				if err := o.hold(m.Data); err != nil {
					return false, err
				}
				continue
			}
			if o.data, whole, err = o.pieces.add(m); whole || err != nil {
				o.rest = batch[i+1:]
				return whole, err
			}
		}
	}
}

// hold keeps input that comes before the call.
func (o *opening) hold(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if len(o.early)+len(data) > mostEarly {
		return errProtocol
	}
	if size := len(o.early) + len(data); size > mostKept {
		if o.memory == nil {
			o.memory = accountOf(o.req)()
		}
		if !o.memory.Hold(size) { // to wait for it would keep the call from being read
			return errNoMemory
		}
	}
	o.early = append(o.early, data...)
	return nil
}

// handOver puts what has come before the call into the input of the process, and what has come
// after it into the conversation. Nothing is held any more then.
func (o *opening) handOver(t *talk) {
	if len(o.early) > 0 {
		t.input.first(o.early, o.memory)
		o.early, o.memory = nil, nil
	}
	t.rest = o.rest
	o.free()
}

// free drops what is held.
func (o *opening) free() {
	o.early, o.data, o.rest = nil, nil, nil
	o.pieces.free()
	if o.memory != nil {
		o.memory.Free()
		o.memory = nil
	}
}

// tell sends a client its result.
func tell(client *ws.Endpoint, result *Result) {
	client.Send([]bridge.Message{{Kind: bridge.Binary, Data: result.encode()}})
}
