//go:build unix

package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// with returns what sets a Lifetime and a framing.
func with(life libwebsocketd.Lifetime, framing libwebsocketd.Framing) func(*libwebsocketd.Program) {
	return func(p *libwebsocketd.Program) { p.Lifetime, p.Framing = life, framing }
}

// pending is the answer of a channel to a long-poll.
type pending struct {
	Epoch     string
	Recovered bool
	Pending   []struct {
		Type string
		Data any
		Seq  uint64
	}
	Next string
	More bool
}

// TestChannels: every process has its channel, of which a client without WebSocket gets what
// is kept, what is new, or both as events.
func TestChannels(t *testing.T) {
	t.Parallel()
	m := manage(t, three())
	one, many := m.dial("/one"), m.dial("/many")
	pid, pidMany := reads(one), reads(many)
	reads(m.dial("/kept"))
	id := document[[]connection](m, "/api/connections")[0].ID
	want := []string{"process:" + id, "process:" + document[[]sessionState](m, "/api/sessions")[0].ID, "process:two_words"}
	slices.Sort(want)
	testkit.Eventually(t, "all channels are there", func() bool {
		names := []string{}
		for _, ch := range document[[]hub.ChannelInfo](m, "/api/channels") {
			if ch.Status != nil && ch.Status.Status == "running" && ch.Last == 2 {
				names = append(names, ch.Name)
			}
		}
		return slices.Equal(names, want)
	})
	var all pending
	if _, text := m.ask("GET", "/api/channels/process:"+id, ""); json.Unmarshal([]byte(text), &all) != nil || len(all.Pending) != 2 || all.Pending[1].Data != pid {
		t.Errorf("%s", text)
	}
	m.expect("POST", "/api/channels/process:two_words", "hello", 204, "")
	if got := reads(many); got != "hello" {
		t.Errorf("the viewer got %q", got)
	}
	answer, text := m.ask("GET", "/api/channels/process:two_words?wait=1m&after="+epochOf(m, "process:two_words")+":2", "")
	if json.Unmarshal([]byte(text), &all) != nil || answer.StatusCode != 200 || len(all.Pending) != 1 || all.Pending[0].Data != "hello" || !all.Recovered {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	r, _ := http.NewRequest("GET", m.back+"/api/channels/process:two_words?after="+epochOf(m, "process:two_words")+":1", nil)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+rightToken)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	events := []string{}
	for lines := bufio.NewScanner(stream.Body); len(events) < 3 && lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var e struct {
				Type string
				Data any
			}
			json.Unmarshal([]byte(data), &e)
			text, _ := e.Data.(string)
			events = append(events, e.Type+" "+text)
		}
	}
	if want := []string{"process_output " + pidMany, "process_output hello", "subscribed "}; !slices.Equal(events, want) {
		t.Errorf("%q, want %q", events, want)
	}
}

func epochOf(m *managedServer, name string) string {
	for _, ch := range document[[]hub.ChannelInfo](m, "/api/channels") {
		if ch.Name == name {
			return ch.Epoch
		}
	}
	return ""
}

// TestInput: what a process is sent as a message, and why it is not.
func TestInput(t *testing.T) {
	t.Parallel()
	m := manage(t, libwebsocketd.Config{Programs: []libwebsocketd.Program{
		script("own", cat), script("many", "exec cat", with(shared.Lifetime{}, "")),
		script("null", "exec cat", with(shared.Lifetime{}, libwebsocketd.FramingNull)),
		script("json", "exec cat", with(shared.Lifetime{}, libwebsocketd.FramingNDJSON)),
		script("deaf", "exec <&-; echo deaf; exec sleep 600", with(shared.Lifetime{}, "")),
		script("over", "echo over", with(shared.Lifetime{}, "")),
		script("kept", "exec cat", with(session.Lifetime{}, "")),
		script("bytes", "exec cat", with(shared.Lifetime{}, libwebsocketd.FramingLength)),
	}})
	own, many, null := m.dial("/own"), m.dial("/many"), m.dial("/null")
	reads(own)
	kept, deaf, over := m.dial("/kept"), m.dial("/deaf"), m.dial("/over")
	ndjson := m.dial("/json")
	reads(deaf)
	reads(over)
	for got := ""; !strings.HasPrefix(got, "close"); got = reads(over) {
	}
	id := "/api/channels/process:" + document[[]connection](m, "/api/connections")[0].ID
	session := "/api/channels/process:" + document[[]sessionState](m, "/api/sessions")[0].ID
	const text, bytes = "Content-Type: text/plain", "Content-Type: application/octet-stream; x=y"
	for _, test := range []struct {
		path, body, header string
		status             int
		says               string
	}{
		{"/api/channels/process:many", "one\ntwo", text, 204, ""},
		{"/api/channels/process:null", "one\ntwo", text, 204, ""},
		{"/api/channels/process:null", "a\x00b", text, 400, "the process cannot be sent this: "},
		{"/api/channels/process:json", "{", text, 400, "the process cannot be sent this: "},
		{"/api/channels/process:json", `{"a":1}`, text, 204, ""},
		{session, "kept", text, 204, ""},
		{"/api/channels/process:many", "\xff", text, 400, "the message is not UTF-8: send it as Content-Type: application/octet-stream"},
		{"/api/channels/process:many", strings.Repeat("x", 1<<20+1), text, 413, "a message has at most 1048576 bytes here"},
		{id, "x", text, 405, "this process takes only what its own client sends"},
		{"/api/channels/process:deaf", "x", text, 409, "the process takes nothing now: "},
		{"/api/channels/process:over", "x", text, 409, "no process takes anything here now: it has ended, or is about to be started"},
		{"/api/channels/process:none", "x", text, 404, "there is no such channel: GET /api/channels lists them"},
		{"/api/channels/none", "x", text, 404, "there is no such channel: GET /api/channels lists them"},
		{"/api/channels/process:many", "bytes\n", bytes, 204, ""}, // where messages are lines, these are as they are
	} {
		if answer, got := m.ask("POST", test.path, test.body, test.header); answer.StatusCode != test.status || !strings.HasPrefix(got, test.says) {
			t.Errorf("POST %s %.20q: %d %q, want %d %q", test.path, test.body, answer.StatusCode, got, test.status, test.says)
		}
	}
	if got := []string{reads(many), reads(many), reads(many), reads(null), reads(kept), reads(ndjson)}; !slices.Equal(got, []string{"one", "two", "bytes", "one\ntwo", "kept", `{"a":1}`}) {
		t.Errorf("%q", got)
	}
	if _, got := m.ask("POST", id, "x", "Accept: application/json"); got != `{"error":"this process takes only what its own client sends"}`+"\n" {
		t.Error(got)
	}
}

// TestInputGivesUp: a process that reads nothing keeps a request no longer than that lasts, and
// than the Control does, and not for ever.
func TestInputGivesUp(t *testing.T) {
	t.Parallel()
	for _, ends := range []string{"the request", "the Control", "time"} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{})
			defer c.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			began, took := time.Now(), time.Duration(0)
			var status int
			go func() {
				status, _ = c.send(ctx, func(ctx context.Context, _ ...bridge.Message) error {
					<-ctx.Done()
					return errors.New("gave up")
				}, bridge.Message{})
				took = time.Since(began)
			}()
			synctest.Wait()
			switch ends {
			case "the request":
				cancel()
			case "the Control":
				c.stop()
			default:
				time.Sleep(inputTime) // of the fake clock
			}
			synctest.Wait()
			if want := map[string]time.Duration{"time": inputTime}[ends]; status != 409 || took != want {
				t.Errorf("%s: %d after %s, want %s", ends, status, took, want)
			}
		})
	}
}
