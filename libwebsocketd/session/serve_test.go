package session

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/poll"
)

// service is a server of one shell script, whose sessions a test can look at.
type service struct {
	*libwebsocketd.Server
	*Registry
	*testkit.LogBook
	http, ws string
	t        *testing.T
}

// greeting is a program that tells its pid and its number, and repeats what it is told.
const greeting = `echo $$ $SESSION_NUMBER; exec cat`

// serve serves a script until the test ends, and holds the server to it that nothing of
// its sessions is left then. change may set what else the test needs.
func serve(t *testing.T, script string, life Lifetime, change ...func(*libwebsocketd.Config)) *service {
	t.Helper()
	if life.Registry == nil {
		life.Registry = NewRegistry(0)
	}
	s := &service{Registry: life.Registry, LogBook: new(testkit.LogBook), t: t}
	cfg := libwebsocketd.Config{
		Command: []string{"/bin/sh", "-c", script}, Faces: []libwebsocketd.Face{poll.New()}, Logger: slog.New(s.LogBook),
		Settings: libwebsocketd.Settings{Lifetime: life, Stderr: libwebsocketd.StderrDiscard, CloseDelay: testkit.Patience},
	}
	for _, f := range change {
		f(&cfg)
	}
	server, err := libwebsocketd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = server
	front := httptest.NewServer(server)
	s.http, s.ws = front.URL, "ws"+strings.TrimPrefix(front.URL, "http")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		front.Close()
		if n := s.Registry.Len(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
	return s
}

// withPage serves a page at the program's path, too.
func withPage(t *testing.T) func(*libwebsocketd.Config) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("a page"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *libwebsocketd.Config) { c.StaticDir = dir }
}

// client is somebody who uses a service: with a jar it is a browser, with a secret it
// proves its right by that.
type client struct {
	*service
	jar    http.CookieJar
	secret string
	header http.Header
}

// browser returns a client that keeps cookies.
func (s *service) browser() *client {
	jar, _ := cookiejar.New(nil)
	return &client{service: s, jar: jar, header: http.Header{}}
}

// stranger returns a client that keeps nothing.
func (s *service) stranger() *client { return &client{service: s, header: http.Header{}} }

// holder returns a client that has a session's secret.
func (s *service) holder(secret string) *client {
	return &client{service: s, secret: secret, header: http.Header{"Authorization": {"Bearer " + secret}}}
}

// try dials; a refusal has its status and its reason.
func (c *client) try(path string) (conn *websocket.Conn, status int, reason string) {
	c.t.Helper()
	dialer := websocket.Dialer{Jar: c.jar, HandshakeTimeout: testkit.Patience}
	conn, resp, err := dialer.Dial(c.ws+path, c.header)
	if err != nil && resp == nil {
		c.t.Errorf("dial %s: %v", path, err)
		return nil, 0, err.Error()
	}
	if err != nil {
		body, _ := io.ReadAll(resp.Body)
		return nil, resp.StatusCode, strings.TrimSpace(string(body))
	}
	c.t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(testkit.Patience))
	return conn, resp.StatusCode, ""
}

// dial dials, and fails the test if that is refused.
func (c *client) dial(path string) *websocket.Conn {
	c.t.Helper()
	conn, status, reason := c.try(path)
	if conn == nil {
		c.t.Fatalf("dial %s: %d %s", path, status, reason)
	}
	return conn
}

// refused dials for a refusal, and returns its status: 101 if there is none.
func (c *client) refused(path string) int {
	c.t.Helper()
	conn, status, _ := c.try(path)
	if conn != nil {
		conn.Close()
	}
	return status
}

// begin makes a request. The caller reads and closes the answer.
func (c *client) begin(method, path, accept, body string) *http.Response {
	c.t.Helper()
	r, _ := http.NewRequestWithContext(c.t.Context(), method, c.http+path, strings.NewReader(body))
	for name, values := range c.header {
		r.Header[name] = values
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	to := &http.Client{Jar: c.jar, Timeout: testkit.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := to.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	c.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// do makes a request, and returns the whole answer.
func (c *client) do(method, path, accept, body string) (status int, text string) {
	c.t.Helper()
	answer := c.begin(method, path, accept, body)
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Errorf("%s %s: the answer broke off: %v", method, path, err)
	}
	return answer.StatusCode, string(all)
}

const (
	asJSON   = "application/json"
	asEvents = "text/event-stream"
)

// make makes a session by POST, and returns its document and a client with its secret.
func (s *service) make() (newDocument, *client) {
	s.t.Helper()
	status, text := s.stranger().do("POST", "/?session=new", asJSON, "")
	var made newDocument
	if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusCreated {
		s.t.Fatalf("POST session=new: %d %s", status, text)
	}
	return made, s.holder(made.Secret)
}

// state returns the document about a session.
func (c *client) state(id string) (state State) {
	c.t.Helper()
	status, text := c.do("GET", "/?session="+id, asJSON, "")
	if err := json.Unmarshal([]byte(text), &state); err != nil || status != http.StatusOK {
		c.t.Fatalf("GET session: %d %s", status, text)
	}
	return state
}

// pollAnswer is what a long-poll gets.
type pollAnswer struct {
	Epoch   string
	Pending []struct {
		Seq  uint64
		Data string
	}
	Ended *Ended
}

// poll asks once. The words of the answer are messages, with their numbers.
func (c *client) poll(path string) (words string, ended *Ended, status int) {
	c.t.Helper()
	status, text := c.do("GET", path, asJSON, "")
	var a pollAnswer
	json.Unmarshal([]byte(text), &a)
	var all []string
	for _, p := range a.Pending {
		all = append(all, strconv.FormatUint(p.Seq, 10)+":"+p.Data)
	}
	return strings.Join(all, " "), a.Ended, status
}

// event reads the next event of a stream, as its lines.
func event(lines *bufio.Reader) string {
	var all []string
	for {
		line, err := lines.ReadString('\n')
		switch line = strings.TrimSuffix(line, "\n"); {
		case err != nil:
			return strings.Join(append(all, err.Error()), "|")
		case line == "" && len(all) > 0:
			return strings.Join(all, "|")
		case line != "" && line[0] != ':':
			all = append(all, line)
		}
	}
}

// read returns the next message, or why there is none.
func read(c *websocket.Conn) string {
	_, data, err := c.ReadMessage()
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// reads fails the test if a client does not get these messages next.
func reads(t *testing.T, c *websocket.Conn, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := read(c); got != w {
			t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// closes fails the test if a client does not get a close frame next.
func closes(t *testing.T, c *websocket.Conn, code int, reason string) {
	t.Helper()
	_, data, err := c.ReadMessage()
	if closed, ok := err.(*websocket.CloseError); !ok || closed.Code != code || reason != "" && closed.Text != reason {
		t.Errorf("got %q, %v, want close %d %s", data, err, code, reason)
	}
}

func write(c *websocket.Conn, text string) { c.WriteMessage(websocket.TextMessage, []byte(text)) }

// isAlive reports whether there is a process.
func isAlive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

// passes returns what the cookie of a browser has.
func (c *client) passes() []pass {
	at, _ := url.Parse(c.http)
	r, _ := http.NewRequest("GET", c.http, nil)
	for _, cookie := range c.jar.Cookies(at) {
		r.AddCookie(cookie)
	}
	port, _ := strconv.Atoi(at.Port())
	ctx := context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: port})
	return passes(r.WithContext(ctx), "/")
}

// logged returns what the log says of sessions.
func (s *service) logged() string {
	return strings.Join(slices.DeleteFunc(s.Category(""), func(line string) bool { return !strings.HasSuffix(line, " category=session") }), "\n")
}

// one returns the only session there is.
func (s *service) one() *Session {
	s.t.Helper()
	testkit.Eventually(s.t, "there is one session", func() bool { return s.Registry.Len() == 1 })
	for x := range s.Registry.All() {
		return x
	}
	s.t.Fatal("it went away")
	return nil
}

// pidOf returns the pid from a greeting.
func pidOf(t *testing.T, words string) int {
	t.Helper()
	word, _, _ := strings.Cut(words, " ")
	pid, err := strconv.Atoi(word)
	if err != nil {
		t.Fatalf("no pid in %q", words)
	}
	return pid
}
