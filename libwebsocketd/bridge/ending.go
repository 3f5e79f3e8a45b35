package bridge

import (
	"errors"
	"fmt"

	"websocketd/libwebsocketd/internal/exit"
)

// Close codes (RFC 6455 section 7.4.1, its registry, and its private range).
const (
	CloseNormal          = 1000
	CloseGoingAway       = 1001
	CloseProtocolError   = 1002
	CloseUnsupportedData = 1003
	CloseNoStatus        = 1005
	CloseAbnormal        = 1006
	CloseInvalidPayload  = 1007
	ClosePolicyViolation = 1008
	CloseMessageTooBig   = 1009
	CloseInternalError   = 1011
	CloseServiceRestart  = 1012
	CloseTryAgainLater   = 1013
	CloseExitStatus      = 4000 // plus the exit status
	CloseSignal          = 4128 // plus the signal's number, as a shell's 128
	CloseTakenOver       = 4409 // another connection has taken the session over
)

// EndedError is the final error of a program's Receive: the program has ended.
type EndedError struct{ exit.Ending }

func (e *EndedError) Error() string { return e.String() }

// ParseEnded returns the EndedError whose Error is text; false if there is none.
func ParseEnded(text string) (e EndedError, ok bool) {
	e.Ending, ok = exit.Parse(text)
	return e, ok
}

// CloseWith is why a conversation ended that a Lifetime ended: the client is sent its
// code (RFC 6455 section 7.4) and its reason.
type CloseWith struct {
	Code   int
	Reason string
}

func (e *CloseWith) Error() string { return closedWith(e.Code, e.Reason) }

func closedWith(code int, reason string) string {
	return fmt.Sprintf("closed with %d: %s", code, reason)
}

// Closing returns the close code and the reason a client is sent at the end. A close
// frame has space for 123 bytes of the reason (RFC 6455 section 5.5).
func Closing(cause error) (code int, reason string) {
	var ended *EndedError
	var refused *RefusedError
	var broken *BrokenError
	var told *CloseWith
	var gone *CloseError
	switch {
	case errors.Is(cause, ErrGoingAway):
		return CloseGoingAway, ErrGoingAway.Error()
	case errors.As(cause, &refused):
		return refused.Code, refused.Reason
	case errors.As(cause, &told):
		return told.Code, told.Reason
	case errors.As(cause, &broken):
		return CloseInternalError, broken.Reason
	case errors.As(cause, &gone): // it has only closed its sending half, and may still read
		return CloseProtocolError, "the connection was ended without a close frame"
	case !errors.As(cause, &ended):
		return CloseInternalError, "the server lost the program"
	case ended.Signal != 0:
		return CloseSignal + int(ended.Signal), ended.String()
	case ended.Code == 0:
		return CloseNormal, ended.String()
	case ended.Code > 0 && ended.Code <= 255:
		return CloseExitStatus + ended.Code, ended.String()
	}
	return CloseInternalError, ended.String()
}

// CloseError is why a conversation ended when the client ended it.
type CloseError struct {
	Code int // of its close frame; 1005 if it had none, 1006 without a close frame
}

func (e *CloseError) Error() string {
	if e.Code == CloseAbnormal {
		return "client gone"
	}
	return fmt.Sprintf("client closed: %d", e.Code)
}

// RefusedError is why we end a conversation: what the client sent cannot be accepted.
type RefusedError struct {
	Code   int // of the close frame
	Reason string
}

func (e *RefusedError) Error() string { return closedWith(e.Code, e.Reason) }

// BrokenError is why a conversation ends when what the program prints is no
// message of its framing. The client is sent 1011 and the reason, which is ASCII.
type BrokenError struct{ Reason string }

func (e *BrokenError) Error() string { return e.Reason }
