package pow

import (
	"encoding/json"
	"net/http"
	"testing"

	"websocketd/test/harness"
)

// Results, as they are on the wire.
const (
	null     = `{"status":"fulfilled","value":null}`
	timedOut = `{"status":"rejected","reason":"timeout expired"}`
	mistake  = `{"status":"rejected","reason":"protocol error occurred"}`
	unknown  = `{"status":"rejected","reason":"failed to get process: unknown process"}`
	tooMany  = `{"status":"rejected","reason":"too many processes"}`
)

// failed returns the result of a process that has failed.
func failed(reason string) string {
	return `{"status":"rejected","reason":"process returned error: ` + reason + `"}`
}

// Signals, and the beginnings of reasons of a call that was ended.
const (
	signalClose  = `{"signal":"close"}`
	signalCancel = `{"signal":"cancel"}`
	canceled     = "client requested cancellation"
	goingAway    = "server is going away"
)

// call is a client of pow-1, by hand.
type call struct{ *harness.Conn }

// offering returns a handshake that offers pow-1.
func offering(target string) harness.Request {
	return harness.Handshake(target).Add("Sec-WebSocket-Protocol", "pow-1")
}

// open opens a connection on which nothing is called yet.
func open(t harness.T, s *harness.Server) *call {
	t.Helper()
	return &call{s.Open(t, offering("/pow/"))}
}

// begin opens a connection and calls a process. The call leaves with the handshake: on a busy
// machine this client may be silent for the second after which a call comes too late.
func begin(t harness.T, s *harness.Server, name string, params ...string) *call {
	t.Helper()
	c := &call{s.Dial(t)}
	first := harness.Frame{Fin: true, Op: harness.BinaryOp, Payload: []byte(message(name, params...))}
	c.Send(t, offering("/pow/").String()+string(first.Bytes()))
	if err := c.ReadResponse(); err != nil || c.Status() != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake of a call: %v, %+v", err, c.Response)
	}
	return c
}

// message returns a call message.
func message(name string, params ...string) string {
	data, err := json.Marshal(map[string]any{"call": name, "params": params})
	if err != nil {
		panic(err)
	}
	return string(data)
}

// control sends a binary message.
func (c *call) control(t harness.T, data string) {
	t.Helper()
	if err := c.Binary([]byte(data)); err != nil {
		t.Fatalf("send %.80s: %v", data, err)
	}
}

// input sends text.
func (c *call) input(t harness.T, text string) {
	t.Helper()
	if err := c.Text(text); err != nil {
		t.Fatalf("send %.80q: %v", text, err)
	}
}

// says reads output until there is as much as in want, and compares it.
func (c *call) says(t harness.T, want string) {
	t.Helper()
	got := ""
	for len(got) < len(want) {
		m, err := c.Receive()
		if err != nil || m.Op != harness.TextOp {
			t.Fatalf("after the output %.80q, of %.80q: %q, %v", got, want, m.Data, err)
		}
		got += string(m.Data)
	}
	if got != want {
		t.Fatalf("the output is %.80q, not %.80q", got, want)
	}
}

// outcome is what a client has got of a call, from some time on until the connection ended.
type outcome struct {
	output string
	result string // "" if there was none
	late   int    // messages after the result
	end    harness.Closed
}

// rest reads to the end of the connection.
func (c *call) rest(t harness.T) (o outcome) {
	t.Helper()
	o.end = c.Each(t, func(m harness.Message) {
		switch {
		case o.result != "":
			o.late++
		case m.Op == harness.BinaryOp:
			o.result = string(m.Data)
		default:
			o.output += string(m.Data)
		}
	})
	return o
}

// ends reads to the end, and demands what every client does: one result, the last message, and
// then 1000 with an empty reason.
func (c *call) ends(t harness.T) (output, result string) {
	t.Helper()
	o := c.rest(t)
	if o.result == "" || o.late > 0 || o.end != (harness.Closed{Code: 1000}) {
		t.Fatalf("the result is %q, then %d messages, and %v; the output %d bytes", o.result, o.late, o.end, len(o.output))
	}
	return o.output, o.result
}

// wants demands the rest of the output, and the result.
func (c *call) wants(t *testing.T, output, result string) {
	t.Helper()
	if gotOutput, got := c.ends(t); gotOutput != output || got != result {
		t.Errorf("%d bytes of output %.80q and %s, not %d bytes %.80q and %s", len(gotOutput), gotOutput, got, len(output), output, result)
	}
}

// reason returns the reason of a result that is rejected, "" of one that is fulfilled.
func reason(t harness.T, result string) string {
	t.Helper()
	var r struct{ Status, Reason string }
	if err := json.Unmarshal([]byte(result), &r); err != nil {
		t.Fatalf("the result %q: %v", result, err)
	}
	if (r.Status == "rejected") != (r.Reason != "") {
		t.Errorf("the result %s is both", result)
	}
	return r.Reason
}
