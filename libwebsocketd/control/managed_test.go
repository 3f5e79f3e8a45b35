//go:build unix

package control

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/poll"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

// managedServer is a server with its Control, as its operator and its clients see them.
type managedServer struct {
	*Control
	*libwebsocketd.Server
	t           *testing.T
	front, back string // of clients, and of the operator
}

// manage serves cfg until the end of the test.
func manage(t *testing.T, cfg libwebsocketd.Config) *managedServer {
	t.Helper()
	m := &managedServer{t: t}
	registry := session.NewRegistry(0)
	for i := range cfg.Programs {
		if life, ok := cfg.Programs[i].Lifetime.(session.Lifetime); ok {
			life.Registry = registry
			cfg.Programs[i].Lifetime = life
		}
	}
	m.Control = New(Options{Name: "main", Version: "1.2.3", Sessions: registry, Token: oneToken{}, Address: Address{Hosts: []string{"127.0.0.1"}}})
	cfg.Observer, cfg.Faces = m.Control, []libwebsocketd.Face{poll.New()}
	var err error
	if m.Server, err = libwebsocketd.New(cfg); err != nil {
		t.Fatal(err)
	}
	front, back := httptest.NewServer(m.Server), httptest.NewServer(m.Control)
	m.front, m.back = front.URL, back.URL
	t.Cleanup(func() {
		if err := m.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		m.Control.Close()
		front.Close()
		back.Close()
	})
	m.Steer(m.Server)
	return m
}

// ask returns the answer to the operator. Each line is a header.
func (m *managedServer) ask(method, path, body string, headers ...string) (*http.Response, string) {
	m.t.Helper()
	r, err := http.NewRequest(method, m.back+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+rightToken)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return answer, string(text)
}

// expect asks, and checks the status and the whole answer.
func (m *managedServer) expect(method, path, body string, status int, want string) {
	m.t.Helper()
	if answer, got := m.ask(method, path, body); answer.StatusCode != status || strings.TrimSpace(got) != want {
		m.t.Errorf("%s %s: %d %q, want %d %q", method, path, answer.StatusCode, got, status, want)
	}
}

// document asks for a document.
func document[T any](m *managedServer, path string) (d T) {
	m.t.Helper()
	answer, text := m.ask("GET", path, "")
	from := json.NewDecoder(strings.NewReader(text))
	from.DisallowUnknownFields()
	if err := from.Decode(&d); answer.StatusCode != 200 || err != nil || answer.Header.Get("Content-Type") != "application/json" {
		m.t.Fatalf("%s: %d %v %s", path, answer.StatusCode, err, text)
	}
	return d
}

// dial connects a client to a program.
func (m *managedServer) dial(path string, headers ...string) *websocket.Conn {
	m.t.Helper()
	header := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	c, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(m.front, "http")+path, header)
	if err != nil {
		m.t.Fatalf("%v %v", err, answer)
	}
	m.t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(testkit.Patience))
	return c
}

// reads reads one message, or how the conversation ends.
func reads(c *websocket.Conn) string {
	_, data, err := c.ReadMessage()
	if err != nil {
		return strings.TrimPrefix(err.Error(), "websocket: ")
	}
	return string(data)
}

const cat = "echo $$; exec cat"

// three returns a Config with a program of each lifetime, and one of its own.
func three() libwebsocketd.Config {
	return libwebsocketd.Config{Command: []string{"/bin/sh", "-c", cat}, MaxForks: 50, Programs: []libwebsocketd.Program{
		script("one", cat), script("two words", cat, func(p *libwebsocketd.Program) { p.Path = "/many"; p.Lifetime = shared.Lifetime{Linger: time.Hour} }),
		script("kept", cat, func(p *libwebsocketd.Program) { p.MaxForks = 9; p.Lifetime = session.Lifetime{} }),
	}}
}
