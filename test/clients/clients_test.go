// Package clients talks to the server with WebSocket clients that were written
// by others: the npm package ws, Python's websockets, and coder/websocket.
package clients

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// message is text, or bytes if Base64 is set. Pieces sends it in fragments.
type message struct {
	Text   string  `json:"text,omitempty"`
	Base64 *string `json:"base64,omitempty"`
	Pieces int     `json:"pieces,omitempty"`
}

// job is what a client is asked to do: send everything and collect messages
// until there are Receive of them, then close, or until the server closes.
type job struct {
	URL       string    `json:"url"`
	Protocols []string  `json:"protocols,omitempty"`
	Send      []message `json:"send,omitempty"`
	Receive   int       `json:"receive,omitempty"`
	Code      int       `json:"code,omitempty"`
	Reason    string    `json:"reason,omitempty"`
}

// result is what the client saw.
type result struct {
	Protocol string    `json:"protocol"`
	Messages []message `json:"messages"`
	Code     int       `json:"code"`
	Reason   string    `json:"reason"`
	Error    string    `json:"error"`
}

// clients do a job.
var clients = map[string]func(t *testing.T, j job) result{
	"node-ws": func(t *testing.T, j job) result {
		harness.Need(t, "node", "node:ws")
		return drive(t, j, "node", "talk.js")
	},
	"python-websockets": func(t *testing.T, j job) result {
		harness.Need(t, "python3", "python3:websockets")
		python, _ := harness.PythonWebsockets()
		return drive(t, j, python, "talk.py")
	},
	"coder-websocket": coder,
}

func drive(t *testing.T, j job, program, script string) (r result) {
	t.Helper()
	in, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, script)
	cmd.Stdin = bytes.NewReader(in)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, errOut.String())
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%s: %v in %q", script, err, out)
	}
	return r
}

func text(s string) message { return message{Text: s} }

func binary(b []byte) message {
	encoded := base64.StdEncoding.EncodeToString(b)
	return message{Base64: &encoded}
}

func (m message) inPieces(n int) message { m.Pieces = n; return m }

// data is the content of a message.
func (m message) data(t *testing.T) string {
	if m.Base64 == nil {
		return m.Text
	}
	b, err := base64.StdEncoding.DecodeString(*m.Base64)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// each runs f with every client against one server.
func each(t *testing.T, args []string, f func(t *testing.T, url string, do func(*testing.T, job) result)) {
	t.Parallel()
	for name, do := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), args...)
			f(t, "ws://localhost:"+s.Addr[strings.LastIndex(s.Addr, ":")+1:]+"/", do)
			harness.NoSurvivors(t, s)
			if bad := s.Out.With("| ERROR"); len(bad) > 0 {
				t.Errorf("%d ERROR lines: %s", len(bad), bad[0])
			}
		})
	}
}

func checkEcho(t *testing.T, r result, want []message) {
	t.Helper()
	if len(r.Messages) != len(want) {
		t.Fatalf("%d of %d messages, code %d %q %s", len(r.Messages), len(want), r.Code, r.Reason, r.Error)
	}
	for i := range want {
		got, expected := r.Messages[i].data(t), want[i].data(t)
		if got != expected || (r.Messages[i].Base64 == nil) != (want[i].Base64 == nil) {
			t.Errorf("message %d: %d bytes %.60q, expected %d bytes %.60q", i, len(got), got, len(expected), expected)
		}
	}
}
