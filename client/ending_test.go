package client

import (
	"errors"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestEndings: which close codes are the end, and what they say.
func TestEndings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code   int
		reason string
		want   string // "" if the client comes back
		status int
	}{
		{1000, "exit status 0", "exit status 0", 0}, {1000, "", "exit status 0", 0},
		{4007, "exit status 7", "exit status 7", 7}, {4255, "", "exit status 255", 255},
		{4143, "signal: SIGTERM", "signal: SIGTERM", 143},
		{4000, "", "closed with 4000", -1}, {4256, "x", "x (4256)", -1},
		{4409, "taken over by another connection", "taken over by another connection (4409)", -1},
		{1011, "the program broke its framing", "the program broke its framing (1011)", -1},
		{1003, "", "the program does not take messages of this kind", -1},
		{1008, "not JSON", "not JSON (1008)", -1}, {1007, "", "a text message was not UTF-8", -1}, {1009, "", "a message was too large for the server", -1},
		{1001, "server is going away", "", -1}, {1012, "", "", -1}, {1013, "too slow", "", -1}, {1005, "", "", -1}, {1002, "", "", -1},
	} {
		err := final(&bridge.CloseWith{Code: test.code, Reason: test.reason})
		if test.want == "" {
			if err != nil {
				t.Errorf("%d is the end: %v", test.code, err)
			}
			continue
		}
		var ending *Ending
		if !errors.As(err, &ending) || err.Error() != test.want || ending.ExitStatus() != test.status {
			t.Errorf("%d %q: %v with status %d", test.code, test.reason, err, ending.ExitStatus())
		}
		if code, reason := bridge.Closing(err); code != test.code || reason != test.reason {
			t.Errorf("it is passed on as %d %q", code, reason)
		}
	}
}
