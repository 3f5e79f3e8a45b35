package bridge

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"websocketd/libwebsocketd/internal/exit"
)

// TestClosing checks the table of close codes; every reason fits a close frame.
func TestClosing(t *testing.T) {
	for _, test := range []struct {
		cause  error
		code   int
		reason string
	}{
		{&EndedError{Ending: exit.Ending{}}, 1000, "exit status 0"},
		{&EndedError{Ending: exit.Ending{Code: 1}}, 4001, "exit status 1"},
		{&EndedError{Ending: exit.Ending{Code: 255}}, 4255, "exit status 255"},
		{&EndedError{Ending: exit.Ending{Code: -1, Signal: syscall.SIGKILL}}, 4137, "signal: SIGKILL"},
		{&EndedError{Ending: exit.Ending{Code: -1, Signal: syscall.SIGTERM}}, 4143, "signal: SIGTERM"},
		{&EndedError{Ending: exit.Ending{Code: -1}}, 1011, "ending unknown"},
		{&EndedError{Ending: exit.Ending{Code: 256}}, 1011, "exit status 256"},
		{&CloseError{Code: CloseAbnormal}, 1002, "the connection was ended without a close frame"},
		{ErrGoingAway, 1001, "server is going away"},
		{errors.New("the program does not end"), 1011, "the server lost the program"},
		{errors.New(strings.Repeat("x", 500)), 1011, "the server lost the program"},
	} {
		code, reason := Closing(test.cause)
		if code != test.code || reason != test.reason || len(reason) > 123 {
			t.Errorf("%v: %d %q, want %d %q", test.cause, code, reason, test.code, test.reason)
		}
	}
}
