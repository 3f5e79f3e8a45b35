package client

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
)

// frame is what a server sends.
type frame struct {
	kind int // of the message; 0 ends the connection
	data string
}

// TestResults: a result is the one binary message, and the last, with a clean close after it;
// everything else is another error than that of a call that was rejected.
func TestResults(t *testing.T) {
	t.Parallel()
	const text, binary, closing, cut = websocket.TextMessage, websocket.BinaryMessage, websocket.CloseMessage, 0
	clean := frame{closing, "\x03\xe8"}
	lost := (&LostError{Err: errLost}).Error()
	for name, test := range map[string]struct {
		frames                  []frame
		output, value, rejected string
		err                     string // of another kind
	}{
		"a value":         {[]frame{{text, "a"}, {text, ""}, {text, "b"}, {binary, `{"status":"fulfilled","value":{"n":1}}`}, clean}, "ab", `{"n":1}`, "", ""},
		"null":            {[]frame{{binary, ` {"value":null,"status":"fulfilled"}`}, clean}, "", "null", "", ""},
		"no value":        {[]frame{{binary, `{"status":"fulfilled"}`}, clean}, "", "", "", ""},
		"rejected":        {[]frame{{text, "a"}, {binary, `{"status":"rejected","reason":"process returned error: exit status 3"}`}, clean}, "a", "", "process returned error: exit status 3", ""},
		"without reason":  {[]frame{{binary, `{"status":"rejected"}`}, clean}, "", "", "rejected", ""},
		"other keys":      {[]frame{{binary, `{"status":"rejected","reason":"x","at":1}`}, clean}, "", "", "x", ""},
		"no result":       {[]frame{{text, "a"}, clean}, "a", "", "", errNoResult.Error()},
		"output after it": {[]frame{{binary, `{"status":"fulfilled"}`}, {text, "a"}, clean}, "", "", "", errAfterResult.Error()},
		"two results":     {[]frame{{binary, `{"status":"fulfilled"}`}, {binary, `{"status":"fulfilled"}`}, clean}, "", "", "", errAfterResult.Error()},
		"no JSON":         {[]frame{{binary, `fulfilled`}, clean}, "", "", "", errBadResult.Error()},
		"no object":       {[]frame{{binary, `["fulfilled"]`}, clean}, "", "", "", errBadResult.Error()},
		"no status":       {[]frame{{binary, `{"Status":"fulfilled"}`}, clean}, "", "", "", errBadResult.Error()},
		"pending":         {[]frame{{binary, `{"status":"pending"}`}, clean}, "", "", "", errBadResult.Error()},
		"a bad reason":    {[]frame{{binary, `{"status":"rejected","reason":null}`}, clean}, "", "", "", errBadResult.Error()},
		"too large":       {[]frame{{binary, `{"status":"fulfilled","value":"` + strings.Repeat("x", 1000) + `"}`}, clean}, "", "", "", "the result of the call is larger than 1000 bytes"},
		"not 1000":        {[]frame{{binary, `{"status":"fulfilled"}`}, {closing, "\x03\xe9"}}, "", "", "", errNotClean.Error()},
		"no code":         {[]frame{{binary, `{"status":"fulfilled"}`}, {closing, ""}}, "", "", "", errNotClean.Error()},
		"not empty":       {[]frame{{binary, `{"status":"fulfilled"}`}, {closing, "\x03\xe8bye"}}, "", "", "", errNotClean.Error()},
		"refused":         {[]frame{{closing, "\x03\xf1message over --maxframesize=9"}}, "", "", "", "message over --maxframesize=9 (1009)"},
		"lost at once":    {[]frame{{text, "a"}, {cut, ""}}, "a", "", "", lost},
		"lost after it":   {[]frame{{binary, `{"status":"fulfilled"}`}, {cut, ""}}, "", "", "", lost},
		"no UTF-8":        {[]frame{{text, "a"}, {text, "b\xff"}, clean}, "ab", "", "", "closed with 1007: text message is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, address := newCalls(t, func(c *websocket.Conn, _ func() (string, bool)) {
				for _, f := range test.frames {
					if f.kind == cut {
						c.Close()
						return
					}
					c.WriteMessage(f.kind, []byte(f.data))
				}
			})
			c, err := StartCall(t.Context(), address, "x", nil, &CallOptions{MaxResult: 1000})
			if err != nil {
				t.Fatal(err)
			}
			output, failed := io.ReadAll(c)
			value, err := c.Result()
			rejected := new(Rejected)
			switch isRejected := errors.As(err, &rejected); {
			case string(output) != test.output || string(value) != test.value || (value == nil) != (test.value == ""):
				t.Errorf("%q, value %s, want %q and %s", output, value, test.output, test.value)
			case test.err != "" && (err == nil || err.Error() != test.err || isRejected || failed != err):
				t.Errorf("%v, want %s; reading ended with %v", err, test.err, failed)
			case test.err == "" && failed != nil:
				t.Errorf("reading ended with %v", failed)
			case test.rejected != "" && (!isRejected || err.Error() != test.rejected):
				t.Errorf("%v, want that it is rejected: %s", err, test.rejected)
			case test.err == "" && test.rejected == "" && err != nil:
				t.Error(err)
			}
		})
	}
}

// TestExitStatus: the reason of a process that has failed says how.
func TestExitStatus(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]int{
		"process returned error: exit status 3":                                  3,
		"process returned error: exit status 255":                                255,
		"process returned error: signal: SIGKILL":                                128 + 9,
		"process returned error: client requested cancellation (signal: SIGINT)": 128 + 2,
		"process returned error: client requested cancellation (exit status 4)":  4,
		"process returned error: server is going away (signal: SIGTERM)":         128 + 15,
		"process returned error: client requested cancellation":                  -1,
		"process returned error: no such target (x)":                             -1,
		"failed to get process: unknown process":                                 -1,
		"failed to create new process: exit status 3":                            -1,
		"timeout expired": -1,
		"":                -1,
	} {
		if got := (&Rejected{reason}).ExitStatus(); got != want {
			t.Errorf("%q: %d, want %d", reason, got, want)
		}
	}
}

// FuzzResult: whatever a server sends as the result, it is taken if it is one.
func FuzzResult(f *testing.F) {
	for _, seed := range []string{`{"status":"fulfilled","value":[1]}`, `{"status":"rejected","reason":"x"}`, `{"status":"fulfilled","reason":1}`,
		`{"STATUS":"fulfilled"}`, `{"status":"rejected","reason":null}`, `{"status":"rejected","status":"fulfilled"}`, "null", `{"status":null}`, "{}", "[]", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &Call{mostResult: 1 << 20}
		err := c.take(bridge.Message{Kind: bridge.Binary, Data: data})
		var object map[string]any
		valid := json.Unmarshal(data, &object) == nil
		reason, isText := object["reason"].(string)
		_, has := object["reason"]
		switch {
		case valid && object["status"] == "fulfilled":
			if err != nil || c.rejected != nil || c.value != nil && !json.Valid(c.value) {
				t.Errorf("%v, %v, %q", err, c.rejected, c.value)
			}
		case valid && object["status"] == "rejected" && (isText || !has):
			if rejected, ok := c.rejected.(*Rejected); err != nil || !ok || rejected.Reason != reason {
				t.Errorf("%v, %v", err, c.rejected)
			}
		default:
			if err != errBadResult {
				t.Errorf("%q is taken: %v", data, err)
			}
		}
	})
}
