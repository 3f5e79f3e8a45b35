// Package manager tests lifetime supervised through the real binary, as the operator's tools see
// it: by the events of /ws. Each test names its point of the source that is served.
package manager

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// managed is a server of supervised programs, and where its operator connects.
type managed struct {
	*harness.Server
	admin string
}

// manage serves a config file.
func manage(t *testing.T, config string) *managed {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	harness.WriteFile(t, file, config, 0o600)
	admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	o := harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=" + admin, "--admintoken=none", "--config=" + file}}
	return startManaged(t, o, admin)
}

// startManaged starts a server, and returns when its operator can connect.
func startManaged(t *testing.T, o harness.Options, admin string) *managed {
	t.Helper()
	s := o.Start(t)
	s.Out.Await(t, "Managed by its operator at")
	return &managed{s, admin}
}

// operator is a connection to /ws.
type operator struct {
	*harness.Conn
	t *testing.T
}

// message is what an operator is sent.
type message struct {
	Type string
	Data struct {
		Process, Name, Event, Status string
		Previous                     string         `json:"previous_status"`
		Health                       string         `json:"health_status"`
		CheckType                    string         `json:"check_type"`
		Details                      map[string]any `json:"details"`
		Pid, Restarts                int
		ExitCode                     *int `json:"exit_code"`
		Why, Message                 string
	}
}

// connect connects an operator, and returns when it has subscribed to types of events.
func (s *managed) connect(t *testing.T, events ...string) *operator {
	t.Helper()
	o := &operator{harness.DialTo(t, s.admin), t}
	o.Conn.Send(t, harness.Handshake("/ws").String())
	if err := o.ReadResponse(); err != nil || o.Status() != 101 {
		t.Fatalf("/ws: %v %v", err, o.Response)
	}
	if len(events) > 0 {
		o.send(map[string]any{"type": "subscribe", "data": map[string]any{"events": events}})
		o.send(map[string]any{"type": "get_system", "id": "1", "data": map[string]any{}})
		for o.receive().Type != "get_system_result" {
		}
	}
	return o
}

func (o *operator) send(envelope map[string]any) {
	o.t.Helper()
	text, err := json.Marshal(envelope)
	if err == nil {
		err = o.Text(string(text))
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *operator) receive() (m message) {
	o.t.Helper()
	raw, err := o.Receive()
	if err == nil {
		err = json.Unmarshal(raw.Data, &m)
	}
	if err != nil {
		o.t.Fatalf("%v: %s", err, raw.Data)
	}
	return m
}

// command has an operator's command done, and returns the answer: command_result or error.
func (s *managed) command(t *testing.T, action, process string) message {
	t.Helper()
	o := s.connect(t)
	defer o.Close()
	o.send(map[string]any{"type": "command", "id": "1", "data": map[string]any{"action": action, "process": process}})
	return o.receive()
}

// must has a command done that is to succeed.
func (s *managed) must(t *testing.T, action, process string) {
	t.Helper()
	if m := s.command(t, action, process); m.Type != "command_result" {
		t.Errorf("%s %s: %s", action, process, m)
	}
}

// info asks for a process, on a connection without events.
func (s *managed) info(t *testing.T, process string) message {
	t.Helper()
	o := s.connect(t)
	defer o.Close()
	o.send(map[string]any{"type": "get_info", "id": "1", "data": map[string]any{"process": process}})
	return o.receive()
}

// awaitOnline waits until a process is online, and returns what is known of it.
func (s *managed) awaitOnline(t *testing.T, process string) (m message) {
	t.Helper()
	harness.Until(t, process+" is online", func() bool {
		m = s.info(t, process)
		return m.Data.Status == "online"
	})
	return m
}

// String returns an event in a few words.
func (m message) String() string {
	switch m.Type {
	case "process_status":
		return m.Data.Status + " after " + m.Data.Previous
	case "process_event":
		return "event " + m.Data.Event
	case "health_update":
		return m.Data.CheckType + " " + m.Data.Status + " after " + m.Data.Previous
	}
	return m.Type + " " + m.Data.Message
}

// until receives events until one in a few words has come, and returns them.
func (o *operator) until(last string) (all []message) {
	o.t.Helper()
	for {
		m := o.receive()
		all = append(all, m)
		if m.String() == last {
			return all
		}
	}
}

// words returns events in a few words each.
func words(all []message) string {
	var texts []string
	for _, m := range all {
		texts = append(texts, m.String())
	}
	return strings.Join(texts, ", ")
}
