package ctl

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"websocketd/libwebsocketd/bridge"
)

// envelope is what a channel has of a process: output, or a status.
type envelope struct {
	raw    json.RawMessage
	output *bridge.Message // nil: it is none
	status *status         // nil: it is none
}

// status is what has become of a process.
type status struct {
	Status   string `json:"status"` // running, exited, killed, failed, left; later other words
	ExitCode int    `json:"exitCode"`
}

// String returns it as it is shown: [exited 1].
func (s *status) String() string {
	switch s.Status {
	case "exited":
		return fmt.Sprintf("[exited %d]", s.ExitCode)
	case "left":
		return "[left: it goes on with the server before, to the end of its client]"
	}
	return "[" + s.Status + "]"
}

// ends reports whether the process is over, or nobody hears of it any more.
func (s *status) ends() bool {
	return s.Status == "exited" || s.Status == "killed" || s.Status == "failed" || s.Status == "left"
}

// exitStatus returns the exit status for it, as a shell has it.
func (s *status) exitStatus() int {
	switch {
	case s.Status == "killed":
		return 128 + 9 // nobody knows the signal
	case s.ExitCode < 0 || s.ExitCode > 255:
		return exitFailed
	}
	return s.ExitCode
}

// readEnvelope reads an envelope. What is neither output nor a status has only raw.
func readEnvelope(raw json.RawMessage) *envelope {
	var fields struct {
		Type, Encoding string
		Data           json.RawMessage
	}
	e := &envelope{raw: raw}
	if json.Unmarshal(raw, &fields) != nil {
		return e
	}
	switch fields.Type {
	case "process_output":
		e.output = readOutput(fields.Data, fields.Encoding)
	case "process_status":
		var s status
		if json.Unmarshal(fields.Data, &s) == nil {
			e.status = &s
		}
	}
	return e
}

// readOutput returns a message of a process; nil if it is none.
func readOutput(data json.RawMessage, encoding string) *bridge.Message {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return nil
	}
	if encoding != "base64" {
		return &bridge.Message{Kind: bridge.Text, Data: []byte(text)}
	}
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return &bridge.Message{Kind: bridge.Binary, Data: bytes}
}

// tail passes on what has the last lines.
type tail struct {
	to    sink
	most  int // negative: everything is passed on at once
	lines int
	cut   bool // lines were passed over
	held  []*envelope
}

func newTail(most int, to sink) *tail { return &tail{to: to, most: most} }

// take implements sink.
func (t *tail) take(e *envelope) error {
	if t.most < 0 {
		return t.to.take(e)
	}
	t.held = append(t.held, e)
	if e.output == nil {
		return nil
	}
	for t.lines++; t.lines > t.most; t.held = t.held[1:] {
		t.cut = true
		if t.held[0].output != nil {
			t.lines--
		}
		t.held[0] = nil
	}
	return nil
}

// flush implements sink. What is held may not be among the last.
func (t *tail) flush() error { return nil }

// end passes on what is held.
func (t *tail) end() error {
	for _, e := range t.held {
		if err := t.to.take(e); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}
