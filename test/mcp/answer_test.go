package mcp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// stream is an answer whose body is still to be read.
type stream struct {
	*http.Response
	t *testing.T
	r *bufio.Reader
}

// event is one block of a stream.
type event struct{ id, retry, data string }

// isStream reports whether the answer is a stream of events.
func (s *stream) isStream() bool {
	return strings.HasPrefix(s.Header.Get("Content-Type"), eventStream)
}

// next reads an event, comments left out. The error is io.EOF at a proper end.
func (s *stream) next() (e event, err error) {
	filled := false
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return e, err
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && filled:
			return e, nil
		case line == "", name == "":
			continue
		case name == "id":
			e.id, filled = value, true
		case name == "retry":
			e.retry, filled = value, true
		case name == "data":
			e.data, filled = e.data+value, true
		case name != "event":
			return e, fmt.Errorf("a line of an event stream: %q", line)
		}
	}
}

// message reads the next event that has data.
func (s *stream) message() string {
	s.t.Helper()
	for {
		e, err := s.next()
		if err != nil {
			s.t.Fatalf("no message: %v", err)
		}
		if e.data != "" {
			return e.data
		}
	}
}

// answer is one that was read to its end.
type answer struct {
	status   int
	header   http.Header
	body     string
	messages []string // of the body, or of its events
}

// read reads the answer to its end.
func (s *stream) read() *answer {
	s.t.Helper()
	a, err := s.tryRead()
	if err != nil {
		s.t.Fatalf("the answer breaks off: %v behind %d %.300q", err, a.status, a.messages)
	}
	return a
}

func (s *stream) tryRead() (*answer, error) {
	a := &answer{status: s.StatusCode, header: s.Header}
	defer s.Body.Close()
	for s.isStream() {
		e, err := s.next()
		switch {
		case err == io.EOF:
			return a, nil
		case err != nil:
			return a, err
		case e.data != "":
			a.messages = append(a.messages, e.data)
		}
	}
	body, err := io.ReadAll(s.r)
	a.body = string(body)
	if len(bytes.TrimSpace(body)) > 0 {
		a.messages = []string{a.body}
	}
	return a, err
}

// envelope is what a message has besides its payload.
type envelope struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
		Data    json.RawMessage
	}
}

func parse(t *testing.T, message string) (e envelope) {
	t.Helper()
	if err := json.Unmarshal([]byte(message), &e); err != nil {
		t.Fatalf("not JSON: %v: %.300q", err, message)
	}
	return e
}

// last returns the response an answer ends with, whose id must be this.
func (a *answer) last(t *testing.T, id string) envelope {
	t.Helper()
	if len(a.messages) == 0 {
		t.Fatalf("no message, status %d", a.status)
	}
	e := parse(t, a.messages[len(a.messages)-1])
	if string(e.ID) != id {
		t.Fatalf("the id is %s, not %s: %d %.300s", e.ID, id, a.status, a.messages[len(a.messages)-1])
	}
	return e
}

// payload returns what a tool of the scripted server was to say, byte for byte.
func (a *answer) payload(t *testing.T, id string) string {
	t.Helper()
	e := a.last(t, id)
	var result struct {
		StructuredContent struct{ Payload json.RawMessage }
	}
	if e.Result == nil || a.status != http.StatusOK {
		t.Fatalf("%d %.300q", a.status, a.messages)
	}
	if err := json.Unmarshal(e.Result, &result); err != nil {
		t.Fatal(err)
	}
	return string(result.StructuredContent.Payload)
}

// fails checks that the answer is an error of JSON-RPC.
func (a *answer) fails(t *testing.T, status, code int, id string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, not %d: %.300q", a.status, status, a.messages)
		return
	}
	e := a.last(t, id)
	if e.Error == nil || e.Error.Code != code || e.Error.Message == "" {
		t.Errorf("expected error %d: %.300q", code, a.messages)
	}
}
