// Package poll talks to the real binary without a WebSocket: server-sent events,
// POST, and what a page of another origin may do, in a real browser.
package poll

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// start runs our binary with flags and a command.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), args...)
}

// counted is a shell script that notes each of its starts, and how often it was
// started so far.
func counted(t *testing.T, script string) (command []string, starts func() int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "starts")
	return []string{"sh", "-c", "echo started >>'" + file + "'; " + script}, func() int {
		text, _ := os.ReadFile(file)
		return strings.Count(string(text), "\n")
	}
}

// request makes one for a path of s; headers are "Name: value".
func request(t *testing.T, s *harness.Server, method, path string, body io.Reader, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Addr+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("TE", "trailers")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// answer is one whose body is still to be read.
type answer struct {
	*http.Response
	t *testing.T
	r *bufio.Reader
}

// ask sends a request and reads the head of its answer.
func ask(t *testing.T, r *http.Request) *answer {
	t.Helper()
	resp, err := harness.HTTPClient(t).Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &answer{resp, t, bufio.NewReader(resp.Body)}
}

// rest reads the body to its end.
func (a *answer) rest() string {
	a.t.Helper()
	text, err := io.ReadAll(a.r)
	if err != nil {
		a.t.Fatalf("the answer: %v behind %.200q", err, text)
	}
	return string(text)
}

const eventStream = "Accept: text/event-stream"

// events opens an event stream.
func events(t *testing.T, s *harness.Server, headers ...string) *answer {
	t.Helper()
	a := ask(t, request(t, s, "GET", "/", nil, append(headers, eventStream)...))
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v: %s", a.StatusCode, a.Header, a.rest())
	}
	return a
}

// event is one block of a stream.
type event struct{ id, kind, data string }

// next reads a block, comments left out; ok is false at the end.
func (a *answer) next() (e event, ok bool) {
	a.t.Helper()
	for filled := false; ; {
		line, err := a.r.ReadString('\n')
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); {
		case err == io.EOF && line == "":
			return e, false
		case err != nil:
			a.t.Fatalf("the stream breaks off: %v behind %+v %q", err, e, line)
		case line == "\n" && filled:
			return e, true
		case line == "\n":
			a.t.Fatalf("a block without data, behind id %q", e.id)
		case line == ":\n":
			continue
		case name == "id":
			e.id = value
		case name == "event":
			e.kind = value
		case name == "data" && !filled:
			e.data, filled = value, true
		case name == "data":
			e.data += "\n" + value
		default:
			a.t.Fatalf("a line of an event stream: %q", line)
		}
	}
}

// expect reads a block, which must be of this kind and have this data.
func (a *answer) expect(kind, data string) event {
	a.t.Helper()
	e, ok := a.next()
	if !ok || e.kind != kind || e.data != data {
		a.t.Fatalf("%+v, %v, expected %q %q", e, ok, kind, data)
	}
	return e
}

// ends reads the ending, and that nothing follows it.
func (a *answer) ends(code int, reason string) {
	a.t.Helper()
	want, _ := json.Marshal(map[string]any{"code": code, "reason": reason})
	a.expect("end", string(want))
	if e, ok := a.next(); ok {
		a.t.Errorf("%+v behind the end", e)
	}
}

// all reads the data of every event up to the end, which must be 1000.
func (a *answer) all() (data []string) {
	a.t.Helper()
	for {
		e, ok := a.next()
		if !ok {
			a.t.Fatalf("no end behind %d events", len(data))
		}
		if e.kind == "end" {
			if !strings.Contains(e.data, "1000") {
				a.t.Errorf("it ends with %s", e.data)
			}
			return data
		}
		data = append(data, strings.TrimPrefix(fmt.Sprintf("%s %s", e.kind, e.data), " "))
	}
}

// touch makes the file a script waits for.
func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// never fails the test when cond becomes true within a moment.
func never(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if harness.Within(300*time.Millisecond, cond) {
		t.Errorf("%s", what)
	}
}
