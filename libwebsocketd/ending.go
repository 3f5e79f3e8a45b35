package libwebsocketd

import (
	"errors"
	"fmt"

	"websocketd/libwebsocketd/internal/exit"
)

// Close codes (RFC 6455 section 7.4.1, and its private range).
const (
	closeNormal          = 1000
	closeGoingAway       = 1001
	closeProtocolError   = 1002
	closeUnsupportedData = 1003
	closeNoStatus        = 1005
	closeAbnormal        = 1006
	closeInvalidPayload  = 1007
	closePolicyViolation = 1008
	closeMessageTooBig   = 1009
	closeInternalError   = 1011
	closeExitStatus      = 4000 // plus the exit status
	closeSignal          = 4128 // plus the signal's number, as a shell's 128
)

// EndedError is the final error of a program's Receive: it has ended.
type EndedError struct{ exit.Ending }

func (e *EndedError) Error() string { return e.String() }

// CloseError is why a conversation ended that a Lifetime ended: the client is told
// its code (RFC 6455 section 7.4) and its reason.
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string { return closedWith(e.Code, e.Reason) }

func closedWith(code int, reason string) string {
	return fmt.Sprintf("closed with %d: %s", code, reason)
}

// Closing is what a client is told at the end: a code and a reason of at most
// 123 bytes (RFC 6455 section 5.5).
func Closing(cause error) (code int, reason string) {
	var ended *EndedError
	var refused *RefusedError
	var broken *brokenError
	var told *CloseError
	switch {
	case errors.Is(cause, ErrGoingAway):
		return closeGoingAway, ErrGoingAway.Error()
	case errors.As(cause, &refused):
		return refused.Code, refused.Reason
	case errors.As(cause, &told):
		return told.Code, told.Reason
	case errors.As(cause, &broken):
		return closeInternalError, broken.reason
	case !errors.As(cause, &ended):
		return closeInternalError, "the server lost the program"
	case ended.Signal != 0:
		return closeSignal + int(ended.Signal), ended.String()
	case ended.Code == 0:
		return closeNormal, ended.String()
	case ended.Code > 0 && ended.Code <= 255:
		return closeExitStatus + ended.Code, ended.String()
	}
	return closeInternalError, ended.String()
}

// ClosedError is why a conversation ended when the client ended it.
type ClosedError struct {
	Code int // of its close frame; 1005 if it had none, 1006 without a close frame
}

func (e *ClosedError) Error() string {
	if e.Code == closeAbnormal {
		return "client gone"
	}
	return fmt.Sprintf("client closed: %d", e.Code)
}

// RefusedError is why we end a conversation: what the client sent cannot be taken.
type RefusedError struct {
	Code   int // of the close frame
	Reason string
}

func (e *RefusedError) Error() string { return closedWith(e.Code, e.Reason) }

// bothKinds is what a client may send where its kind does not matter.
const bothKinds = Text | Binary

// brokenError is why a conversation ends when what the program prints is no
// message of its framing. The client is told 1011 and the reason, ASCII.
type brokenError struct{ reason string }

func (e *brokenError) Error() string { return e.reason }
