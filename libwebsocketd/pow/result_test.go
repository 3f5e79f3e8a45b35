package pow

import (
	"encoding/json"
	"errors"
	"syscall"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/process"
)

func ended(code int) error { return &bridge.EndedError{Ending: process.Ending{Code: code}} }

// TestResult: what a call ends with, by how its process has ended and what it was asked for.
func TestResult(t *testing.T) {
	killed := &bridge.EndedError{Ending: process.Ending{Signal: syscall.SIGKILL}}
	for _, c := range []struct {
		end, cause error
		want       string
	}{
		{ended(0), nil, `{"status":"fulfilled","value":7}`},
		{ended(0), errCanceled, `{"status":"fulfilled","value":7}`},
		{ended(0), errGone, `{"status":"fulfilled","value":7}`},
		{ended(0), bridge.ErrGoingAway, `{"status":"fulfilled","value":7}`},
		{ended(0), errProtocol, `{"status":"rejected","reason":"p: protocol error occurred"}`},
		{ended(0), errTimeout, `{"status":"rejected","reason":"p: timeout expired"}`},
		{ended(3), nil, `{"status":"rejected","reason":"p: exit status 3"}`},
		{ended(3), errCanceled, `{"status":"rejected","reason":"p: client requested cancellation (exit status 3)"}`},
		{killed, nil, `{"status":"rejected","reason":"p: signal: SIGKILL"}`},
		{killed, errProtocol, `{"status":"rejected","reason":"p: protocol error occurred (signal: SIGKILL)"}`},
		{errors.New("<lost> \xff\u2028"), nil, `{"status":"rejected","reason":"p: <lost> \ufffd\u2028"}`},
		{&returned{value: json.RawMessage(`{"a":"<&>"}`)}, nil, `{"status":"fulfilled","value":{"a":"<&>"}}`},
		{&returned{value: json.RawMessage("1")}, errCanceled, `{"status":"fulfilled","value":1}`},
		{&returned{value: json.RawMessage("1")}, errTimeout, `{"status":"rejected","reason":"p: timeout expired"}`},
		{&returned{}, nil, `{"status":"fulfilled"}`},
		{&returned{err: errors.New("no")}, nil, `{"status":"rejected","reason":"p: no"}`},
		{&returned{err: errors.New("no")}, errCanceled, `{"status":"rejected","reason":"p: client requested cancellation (no)"}`},
		{&returned{err: errors.New("client requested cancellation")}, errCanceled, `{"status":"rejected","reason":"p: client requested cancellation"}`},
		{&returned{err: &panicked{"boo"}}, nil, `{"status":"rejected","reason":"unknown error: boo"}`},
		{&returned{err: &panicked{"boo"}}, errCanceled, `{"status":"rejected","reason":"unknown error: boo"}`},
	} {
		r := resultOf(c.end, c.cause, json.RawMessage("7"), "p: ")
		if got := string(r.encode()); got != c.want {
			t.Errorf("%v, asked to end for %v: %s, not %s", c.end, c.cause, got, c.want)
		}
		if code, reason := bridge.Closing(over{r}); code != 1000 || reason != "" {
			t.Errorf("%s is closed with %d %q", c.want, code, reason)
		}
	}
}
