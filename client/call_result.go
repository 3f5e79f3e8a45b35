package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"websocketd/libwebsocketd/bridge"
)

// Rejected is how a call has ended that has failed, or that the server has refused.
type Rejected struct{ Reason string } // in the server's words

// Error returns the reason.
func (r *Rejected) Error() string {
	if r.Reason == "" {
		return "rejected"
	}
	return r.Reason
}

// processFailed comes before the reason if it is that of the process.
const processFailed = "process returned error: "

// ExitStatus returns the exit status of the program as a shell has it: 128 and the number
// of the signal that has ended it. It is -1 if the reason names neither.
func (r *Rejected) ExitStatus() int {
	reason, failed := strings.CutPrefix(r.Reason, processFailed)
	if !failed {
		return -1
	}
	if at := strings.LastIndexByte(reason, '('); at >= 0 { // a cancellation, and how it has ended then
		reason = strings.TrimSuffix(reason[at+1:], ")")
	}
	switch ended, known := bridge.ParseEnded(reason); {
	case !known:
		return -1
	case ended.Signal != 0:
		return 128 + int(ended.Signal)
	default:
		return ended.Code
	}
}

// Why a server's end of a call is none that pow-1 allows.
var (
	errNoResult    = errors.New("the server has closed without a result of the call")
	errAfterResult = errors.New("the server has sent more after the result of the call, which is the last message")
	errBadResult   = errors.New("the server has sent a result of the call that is none: it must be {\"status\":\"fulfilled\"}, perhaps with a value, or {\"status\":\"rejected\"}, perhaps with a reason")
	errNotClean    = errors.New("the server has not closed with 1000 and an empty reason after the result of the call")
)

// Read returns output. Its last error is [io.EOF] when the result has come, whatever that
// is; otherwise it is that of Result.
func (c *Call) Read(p []byte) (int, error) {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	for len(c.output) == 0 && len(p) > 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.output)
	c.output = c.output[n:]
	return n, nil
}

// WriteTo writes the output to w, as it comes and without a copy of it; no write has a part
// of a character only. See [io.WriterTo].
func (c *Call) WriteTo(w io.Writer) (written int64, err error) {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	for {
		if len(c.output) > 0 {
			n, err := w.Write(c.output)
			written, c.output = written+int64(n), c.output[n:]
			if err != nil {
				return written, err
			}
		}
		switch err := c.next(); err {
		case nil:
		case io.EOF:
			return written, nil
		default:
			return written, err
		}
	}
}

// Result waits for the result, and returns the value of a call that is fulfilled: null if it
// has returned none, nil if the server has no form for it. Output that has not been read is
// lost then. The error is a *Rejected if the call has failed. Any other one says why there
// is no result: the connection was lost, the context is done, or the server has broken the
// protocol.
func (c *Call) Result() (json.RawMessage, error) {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	c.output = nil
	for {
		switch err := c.next(); err {
		case nil:
			c.output = nil
		case io.EOF:
			return c.value, c.rejected
		default:
			return nil, err
		}
	}
}

// next takes one message of the server; its output is in c.output. Its error is final, and
// [io.EOF] after the result.
func (c *Call) next() error {
	if c.end != nil {
		return c.end
	}
	if len(c.received) == 0 {
		batch, err := c.server.Receive()
		if err != nil {
			return c.over(c.endOf(err))
		}
		c.received = batch
	}
	m := c.received[0]
	c.received = c.received[1:]
	if err := c.take(m); err != nil {
		c.server.CloseSend(&bridge.RefusedError{Code: bridge.CloseProtocolError, Reason: "not " + powProtocol})
		return c.over(err)
	}
	return nil
}

// take takes a message, or a piece of one.
func (c *Call) take(m bridge.Message) error {
	switch {
	case c.answered:
		return errAfterResult
	case m.Kind != bridge.Binary:
		c.output = m.Data
		return nil
	case int64(len(c.answer)+len(m.Data)) > c.mostResult:
		return fmt.Errorf("the result of the call is larger than %d bytes", c.mostResult)
	}
	c.answer = append(c.answer, m.Data...)
	if c.answered = !m.More; !c.answered {
		return nil
	}
	return c.takeResult()
}

// takeResult reads the result, by the names of its keys as they are written.
func (c *Call) takeResult() error {
	var keys map[string]json.RawMessage
	var status, reason string
	if json.Unmarshal(c.answer, &keys) != nil || json.Unmarshal(keys["status"], &status) != nil {
		return errBadResult
	}
	switch value, has := keys["reason"]; {
	case status == "fulfilled":
		c.value = keys["value"]
	case status != "rejected", has && (!bytes.HasPrefix(value, []byte(`"`)) || json.Unmarshal(value, &reason) != nil):
		return errBadResult
	default:
		c.rejected = &Rejected{reason}
	}
	c.answer = nil
	return nil
}

// endOf returns what the last error of Receive means for the call.
func (c *Call) endOf(err error) error {
	told, refused := new(bridge.CloseWith), new(bridge.RefusedError)
	switch {
	case errors.As(err, &told) && *told == bridge.CloseWith{Code: bridge.CloseNormal} && c.answered:
		return io.EOF
	case c.ctx.Err() != nil:
		return context.Cause(c.ctx)
	case errors.As(err, &refused):
		return err
	case !errors.As(err, &told):
		return &LostError{Err: lossOf(err)}
	case c.answered:
		return errNotClean
	case told.Code == bridge.CloseNormal:
		return errNoResult
	}
	return &Ending{told.Code, told.Reason}
}

// over ends the call, so that nothing of it remains, and returns how.
func (c *Call) over(err error) error {
	c.end = err
	c.unbind()
	c.server.Close()
	return err
}
