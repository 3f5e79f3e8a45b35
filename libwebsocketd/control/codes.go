package control

import (
	"errors"
	"net/http"
	"strconv"

	"websocketd/libwebsocketd/bridge"
)

// codeOf returns how a conversation has ended, as metrics call it: the close code that the
// client has sent, or was sent, or what the program's ending was. The set is small, though a
// client may send any code.
func codeOf(cause error) string {
	if gone := new(bridge.CloseError); errors.As(cause, &gone) && !errors.Is(cause, bridge.ErrGoingAway) {
		return codeName(gone.Code)
	}
	code, _ := bridge.Closing(cause)
	if ended := new(bridge.EndedError); errors.As(cause, &ended) && code >= bridge.CloseExitStatus {
		if ended.Signal != 0 {
			return "signal"
		}
		return "exit_status"
	}
	return codeName(code)
}

// codeName returns a close code, or what it is one of (RFC 6455 section 7.4.2).
func codeName(code int) string {
	switch {
	case 1000 <= code && code <= 1015, code == bridge.CloseTakenOver:
		return strconv.Itoa(code)
	case 3000 <= code && code <= 3999:
		return "registered"
	case 4000 <= code && code <= 4999:
		return "private"
	}
	return "other"
}

// statusName returns an HTTP status that has a name; the set of those is small.
func statusName(status int) string {
	if http.StatusText(status) == "" {
		return "other"
	}
	return strconv.Itoa(status)
}
