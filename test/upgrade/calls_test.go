package upgrade

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// callsConfig has programs to be called by name.
const callsConfig = `
pow = true

[program.talk]
command = ["CHILD", "talk", "-every=2ms", "-halves"]

[program.cat]
command = ["cat"]

[program.count]
command = ["sh", "-c", "until [ -e go ]; do sleep 0.01; done; exec wc -c"]

[program.value]
command = ["sh", "-c", "printf '{\"a\":'; echo begun >&2; read -r x; echo \"$x}\""]
result = "lastline-json"

[program.silent]
command = ["sh", "-c", "echo up; exec >&-; until [ -e go ]; do sleep 0.01; done; exit 7"]

[program.stays]
command = ["sh", "-c", "trap '' INT TERM; echo deaf; while :; do sleep 0.01; done"]
closems = 500
`

// callsHouse is a server whose programs are called over HTTP.
func callsHouse(t *testing.T) (*house, *browser, harness.Options) {
	t.Helper()
	o := options(t, "--config=f.toml", "--powlines=1000000", "--history=64M")
	write(t, o, "f.toml", strings.ReplaceAll(callsConfig, "CHILD", harness.Child(t)))
	h := startWith(t, o)
	b := newBrowser(t, h)
	b.url += "pow/"
	return h, b, o
}

// called is what status tells of a call.
type called struct {
	Buffer string
	Result struct {
		Status, Reason string
		Value          json.RawMessage
	}
}

// call calls a program, and returns the id of the call.
func (b *browser) call(t *testing.T, name string) (id string) {
	t.Helper()
	text := b.wants(t, 200, "POST", "new", anything, fmt.Sprintf(`{"call":%q}`, name))
	if err := json.Unmarshal([]byte(text), &id); err != nil {
		t.Fatal(err)
	}
	return id
}

// status returns what is known of a call.
func (b *browser) status(t *testing.T, id string) (s called) {
	t.Helper()
	if err := json.Unmarshal([]byte(b.wants(t, 200, "GET", "status/"+id, anything, "")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// awaitCall waits until a call is over, or its output has some text.
func (b *browser) awaitCall(t *testing.T, id, text string) (s called) {
	t.Helper()
	harness.Until(t, fmt.Sprintf("%q, or the end", text), func() bool {
		s = b.status(t, id)
		return s.Result.Status != "pending" || text != "" && strings.Contains(s.Buffer, text)
	})
	return s
}

// Calls over HTTP go on through upgrades: each with its process, with every line of its output once
// and in order, with what it is sent once and in order, and with its result.
func TestCalls(t *testing.T) {
	t.Parallel()
	h, b, _ := callsHouse(t)
	done, over := make(chan bool), make(chan error, 6)
	for range 3 {
		id := b.call(t, "talk")
		go func() { over <- b.inputAll(t, id, done) }()
		go func() { over <- b.watchAll(t, id) }()
	}
	for range 3 {
		h.upgrade(t)
	}
	close(done)
	for range 6 {
		if err := <-over; err != nil {
			t.Fatal(err)
		}
	}
	h.end(t, 0)
}

// inputAll sends numbered lines until the process is to end. What was refused is sent again.
func (b *browser) inputAll(t *testing.T, id string, done <-chan bool) error {
	for n := 1; ; {
		text := fmt.Sprint(n)
		select {
		case <-done:
			text = "end"
		default:
		}
		switch status, why, err := b.try(t, "POST", "input/"+id, text+"\n", nil); {
		case err != nil:
			return fmt.Errorf("line %d: %w", n, err)
		case status == 503: // it was not taken
		case status == 429: // the process has not read what came before
		case status != 200:
			return fmt.Errorf("line %d: %d %s", n, status, why)
		case text == "end":
			return nil
		default:
			n++
		}
	}
}

// watchAll asks how far a call has come until it is over, and demands that nothing of its output is
// missing.
func (b *browser) watchAll(t *testing.T, id string) error {
	e := ear{}
	for {
		status, text, err := b.try(t, "GET", "status/"+id, "", nil)
		if err == nil && status == 503 {
			continue
		}
		var now called
		if err == nil {
			err = json.Unmarshal([]byte(text), &now)
		}
		if err != nil || status != 200 {
			return fmt.Errorf("after line %d: %d %.100s: %w", e.said, status, text, err)
		}
		lines := strings.Split(now.Buffer, "\n")
		if now.Buffer == "" {
			lines = nil
		}
		if len(lines) < e.said {
			return fmt.Errorf("%d lines, and there were %d", len(lines), e.said)
		}
		for _, line := range lines[e.said:] {
			if err := e.line(line, &e.said); err != nil {
				return err
			}
		}
		if now.Result.Status != "pending" {
			if !e.over || now.Result.Reason != "exit status 3" {
				return fmt.Errorf("%+v after line %d", now.Result, e.said)
			}
			return nil
		}
	}
}

// What is known of a call that is over, or stands still, is known to the new server: its result, the
// beginning of a line, input that nobody has read, and that it is complete.
func TestCallsThatWait(t *testing.T) {
	t.Parallel()
	h, b, o := callsHouse(t)
	unknown, over, counts, value := b.call(t, "nothing"), b.call(t, "cat"), b.call(t, "count"), b.call(t, "value")
	b.wants(t, 200, "POST", "input/"+over, anything, "a\nb\nc")
	b.wants(t, 200, "POST", "closeInput/"+over, anything, "")
	was := b.awaitCall(t, over, "")
	block := strings.Repeat("x", 300_000) // more than a pipe holds
	for range 3 {
		b.wants(t, 200, "POST", "input/"+counts, anything, block)
	}
	b.wants(t, 200, "POST", "closeInput/"+counts, anything, "")
	h.Out.Await(t, "begun") // half a line is written
	h.upgrade(t)
	if status, _ := b.ask(t, "POST", "input/"+counts, anything, "more"); status != 500 {
		t.Errorf("more input for a closed one: %d", status)
	}
	h.upgrade(t)
	if now := b.status(t, over); now.Buffer != was.Buffer || now.Buffer != "a\nb" || now.Result.Status != "fulfilled" {
		t.Errorf("%+v after %+v", now, was)
	}
	if now := b.status(t, unknown); now.Result.Reason != "failed to get process: unknown process" {
		t.Errorf("%+v", now)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if now := b.awaitCall(t, counts, ""); now.Buffer != "900000" || now.Result.Status != "fulfilled" {
		t.Errorf("%+v", now)
	}
	b.wants(t, 200, "POST", "input/"+value, anything, "1\n")
	if now := b.awaitCall(t, value, ""); string(now.Result.Value) != `{"a":1}` {
		t.Errorf("%+v", now)
	}
	h.end(t, 0)
}

// A call whose process has closed its output and runs on is handed over, and told how that ends.
func TestCallWithoutOutput(t *testing.T) {
	t.Parallel()
	h, b, o := callsHouse(t)
	id := b.call(t, "silent")
	b.awaitCall(t, id, "up")
	h.upgrade(t)
	h.upgrade(t)
	if now := b.status(t, id); now.Result.Status != "pending" {
		t.Errorf("%+v", now)
	}
	write(t, o, "go", "")
	if now := b.awaitCall(t, id, ""); now.Result.Reason != "exit status 7" || now.Buffer != "up" {
		t.Errorf("%+v", now)
	}
	h.end(t, 0)
}

// A call that is canceled during an upgrade ends, and the new server knows its result.
func TestCallCanceled(t *testing.T) {
	t.Parallel()
	h, b, _ := callsHouse(t)
	before, meanwhile := b.call(t, "stays"), b.call(t, "stays")
	for _, id := range []string{before, meanwhile} {
		b.awaitCall(t, id, "deaf")
	}
	h.upgrade(t)
	canceled := make(chan error, 1)
	go func() {
		for {
			status, why, err := b.try(t, "POST", "cancel/"+meanwhile, "", nil)
			if err == nil && status == 503 {
				continue
			}
			if err == nil && status != 200 {
				err = fmt.Errorf("%d %s", status, why)
			}
			canceled <- err
			return
		}
	}()
	h.upgrade(t)
	if err := <-canceled; err != nil {
		t.Fatal(err)
	}
	b.wants(t, 200, "POST", "cancel/"+before, anything, "")
	for _, id := range []string{before, meanwhile} {
		if now := b.awaitCall(t, id, ""); now.Result.Status != "rejected" || !strings.Contains(now.Result.Reason, "cancel") {
			t.Errorf("%+v", now)
		}
	}
	h.end(t, 0)
}

// A new server that does not take over changes nothing for calls.
func TestCallsFailures(t *testing.T) {
	t.Parallel()
	h, b, _ := callsHouse(t)
	id := b.call(t, "talk")
	done, over := make(chan bool), make(chan error, 2)
	go func() { over <- b.inputAll(t, id, done) }()
	go func() { over <- b.watchAll(t, id) }()
	for _, at := range []string{"ready", "all", "failed"} {
		h.become(t, "exec "+harness.Child(t)+" successor "+at)
		h.fail(t, "")
	}
	h.recover(t)
	h.upgradeAfter(t)
	close(done)
	for range 2 {
		if err := <-over; err != nil {
			t.Fatal(err)
		}
	}
	h.end(t, 0)
}

// A call over WebSocket lives for its connection: it goes on with the server that has begun it.
func TestCallStays(t *testing.T) {
	t.Parallel()
	h, _, _ := callsHouse(t)
	c := h.Dial(t)
	first := harness.Frame{Fin: true, Op: harness.BinaryOp, Payload: []byte(`{"call":"cat"}`)}
	c.Send(t, harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "pow-1").String()+string(first.Bytes()))
	if err := c.ReadResponse(); err != nil || c.Status() != 101 {
		t.Fatalf("%v, %+v", err, c.Response)
	}
	c.Echo(t, "before")
	h.upgrade(t)
	c.Echo(t, "after")
	if err := c.Binary([]byte(`{"signal":"close"}`)); err != nil {
		t.Fatal(err)
	}
	if rest, end := c.Rest(t); end.Code != 1000 || len(rest) != 1 || !strings.Contains(rest[0], "fulfilled") {
		t.Errorf("%v %+v", end, rest)
	}
	h.end(t, 0)
}
