package cgi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
)

// maxHeader bounds what a script may say before its answer begins.
const maxHeader = 64 << 10

// Why a script is not to blame for a bad answer.
var (
	errStalled = errors.New("the client has neither sent more of the request's body nor taken anything of the answer for two ping intervals")
	errBroken  = errors.New("the request's body broke off")
)

var _ exchange.Opener = (*Encoder)(nil)

// Encoder is the answer of one script.
type Encoder struct {
	Asked *http.Request // whoever has made it is told in its form that there is none

	failed  error
	empty   int  // the status, if it is one without a body
	dropped bool // the script has printed a body all the same
}

// Failure returns why the script gave no proper answer. It may be called when the
// conversation has ended.
func (e *Encoder) Failure() error { return e.failed }

// Dropped returns what became of a body that the status does not let the answer have, ""
// if there was none. It may be called when the conversation has ended.
func (e *Encoder) Dropped() string {
	if !e.dropped {
		return ""
	}
	return fmt.Sprintf("what the script printed after its header was dropped: an answer with status %d has no body", e.empty)
}

// ClientFailure returns how the client is to blame for the end of a conversation, nil if
// it is not, or has only left.
func ClientFailure(cause error) error {
	switch cause {
	case exchange.ErrStalled, exchange.ErrNotTaking:
		return errStalled
	case exchange.ErrBroken:
		return errBroken
	}
	return nil
}

// Header sets none: the script says it.
func (e *Encoder) Header(http.Header) {}

// Comment returns none: whatever stands in the answer counts.
func (e *Encoder) Comment() string { return "" }

// Tells returns false: an answer does not say how the script ended.
func (e *Encoder) Tells() bool { return false }

// Message appends output as it is, or drops it.
func (e *Encoder) Message(b []byte, _ uint64, m *bridge.Message) []byte {
	return append(b, e.body(m.Data)...)
}

// body returns what the answer has of the script's output.
func (e *Encoder) body(output []byte) []byte {
	if e.empty == 0 {
		return output
	}
	e.dropped = e.dropped || len(output) > 0
	return nil
}

// Note appends nothing: a script has one client.
func (e *Encoder) Note(b []byte, _ uint64, _ *bridge.Note) []byte { return b }

// End appends nothing.
func (e *Encoder) End(b []byte, _ uint64, _ error, _ http.Header) []byte { return b }

// Open takes the script's header off its output, once it is whole.
func (e *Encoder) Open(said []byte, h http.Header) (status int, body []byte, err error) {
	status, body, err = e.open(said, h)
	e.failed = err
	return status, body, err
}

func (e *Encoder) open(said []byte, h http.Header) (status int, body []byte, err error) {
	end := headerEnd(said)
	if end < 0 {
		if len(said) > maxHeader {
			return 0, nil, fmt.Errorf("the script's header is longer than %d bytes", maxHeader)
		}
		return 0, said, nil
	}
	status, header, err := parseHeader(said[:end])
	if err != nil {
		return 0, nil, err
	}
	for name, values := range header {
		h[name] = values
	}
	if hasNoBody(status) {
		e.empty = status
	}
	return status, e.body(said[end:]), nil
}

// Refuse answers 408 or 400 to a client that is to blame, 503 when the server is going
// away, and else 500.
func (e *Encoder) Refuse(w http.ResponseWriter, cause error) {
	switch blamed := ClientFailure(cause); {
	case blamed == errStalled:
		e.refuse(w, &gate.Refusal{Status: http.StatusRequestTimeout, Reason: blamed.Error()})
	case blamed == errBroken:
		e.refuse(w, &gate.Refusal{Status: http.StatusBadRequest, Reason: blamed.Error()})
	case errors.Is(cause, bridge.ErrGoingAway):
		e.refuse(w, gate.GoingAway)
	default:
		if e.failed == nil {
			e.failed = errors.New("the script ended without a header")
		}
		e.refuse(w, &gate.Refusal{Status: http.StatusInternalServerError, Reason: "the script gave no proper answer; the log says why"})
	}
}

func (e *Encoder) refuse(w http.ResponseWriter, refusal *gate.Refusal) {
	if refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(refusal.RetryAfter))
	}
	refusal.Write(w, e.Asked)
}
