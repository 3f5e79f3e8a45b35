package cgi

import (
	"errors"
	"fmt"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
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
type Encoder struct{ failed error }

// Failure returns why the script gave no proper answer. It may be called when the
// conversation has ended.
func (e *Encoder) Failure() error { return e.failed }

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

// Message appends output as it is.
func (e *Encoder) Message(b []byte, _ uint64, m *bridge.Message) []byte { return append(b, m.Data...) }

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
	return status, said[end:], nil
}

// Refuse answers 408 or 400 to a client that is to blame, and else 500.
func (e *Encoder) Refuse(w http.ResponseWriter, cause error) {
	switch blamed := ClientFailure(cause); blamed {
	case errStalled:
		refuse(w, http.StatusRequestTimeout, blamed.Error())
	case errBroken:
		refuse(w, http.StatusBadRequest, blamed.Error())
	default:
		if e.failed == nil {
			e.failed = errors.New("the script ended without a header")
		}
		refuse(w, http.StatusInternalServerError, "the script gave no proper answer; the log says why")
	}
}

func refuse(w http.ResponseWriter, status int, reason string) {
	http.Error(w, fmt.Sprintf("%d %s: %s", status, http.StatusText(status), reason), status)
}
