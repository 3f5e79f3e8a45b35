package pow

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// service is a server of functions, and of programs.
type service struct {
	*libwebsocketd.Server
	*testkit.LogBook
	url string // of the base
	t   *testing.T
}

// serve serves pow-1 until the test ends. It is a server of cat, under the name cat, too.
func serve(t *testing.T, o Options, change ...func(*libwebsocketd.Config)) *service {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{LogBook: new(testkit.LogBook), t: t}
	cfg := libwebsocketd.Config{
		Programs: []libwebsocketd.Program{{Name: "cat", Path: "/cat", Command: []string{"/bin/cat"}}},
		Dialects: []libwebsocketd.Dialect{h}, Mounts: h.Mounts(), Logger: slog.New(s.LogBook),
	}
	for _, f := range change {
		f(&cfg)
	}
	if s.Server, err = libwebsocketd.New(cfg); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s.Server)
	s.url = "ws" + strings.TrimPrefix(front.URL, "http") + h.o.Base
	t.Cleanup(func() {
		s.shutdown()
		front.Close()
	})
	return s
}

// shutdown ends the server, and waits for all that it has started.
func (s *service) shutdown() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		s.t.Errorf("Shutdown: %v", err)
	}
}

// wire is a client by hand.
type wire struct {
	*websocket.Conn
	t *testing.T
}

// open connects a client that has called nothing yet.
func (s *service) open(header ...string) *wire {
	s.t.Helper()
	h := http.Header{}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	dialer := websocket.Dialer{Subprotocols: []string{Protocol}, HandshakeTimeout: testkit.Patience}
	c, answer, err := dialer.Dial(s.url, h)
	if err != nil {
		s.t.Fatalf("dial: %v, %+v", err, answer)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(testkit.Patience))
	return &wire{c, s.t}
}

// call connects a client that sends a call message.
func (s *service) call(message string) *wire {
	s.t.Helper()
	c := s.open()
	c.control(message)
	return c
}

func (c *wire) control(message string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.BinaryMessage, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wire) text(text string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// says demands one piece of output.
func (c *wire) says(want string) {
	c.t.Helper()
	kind, data, err := c.ReadMessage()
	if kind != websocket.TextMessage || string(data) != want || err != nil {
		c.t.Fatalf("%d %q, %v, not %q", kind, data, err, want)
	}
}

// ends demands the rest of the output, the result as the one binary message, the last, and
// 1000 with an empty reason.
func (c *wire) ends(output, result string) {
	c.t.Helper()
	var got strings.Builder
	for {
		kind, data, err := c.ReadMessage()
		if err != nil {
			c.t.Fatalf("after %q: %v, not %s", got.String(), err, result)
		}
		if kind == websocket.TextMessage {
			got.Write(data)
			continue
		}
		if got.String() != output || string(data) != result {
			c.t.Errorf("%q and %s, not %q and %s", got.String(), data, output, result)
		}
		break
	}
	c.closes()
}

// closes demands 1000 with an empty reason, next.
func (c *wire) closes() {
	c.t.Helper()
	_, data, err := c.ReadMessage()
	if end := (*websocket.CloseError)(nil); !errors.As(err, &end) || end.Code != 1000 || end.Text != "" {
		c.t.Errorf("after the result: %q, %v", data, err)
	}
}

// TestProgram: a program of the server is called by its name, with a value if it has one.
func TestProgram(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{}, func(c *libwebsocketd.Config) {
		script := []string{"/bin/sh", "-c", `cat; printf "$1"`, "sh"}
		c.Programs = append(c.Programs, libwebsocketd.Program{Name: "value", Path: "/value", Command: script, Result: libwebsocketd.ResultLastLineJSON},
			libwebsocketd.Program{Name: "two", Path: "/two", Command: script, Params: libwebsocketd.Params{Least: 1, Most: 2, Patterns: []string{"[a-z]+", "-?[0-9]+"}}})
	})
	const null = `{"status":"fulfilled","value":null}`
	for _, c := range []struct{ message, text, output, result string }{
		{`{"call":"cat"}`, "ä", "ä", null},
		{`{"call":"value","params":["no\n {\"a\": 1}\n\n"]}`, "x", "xno\n {\"a\": 1}\n\n", `{"status":"fulfilled","value":{"a":1}}`},
		{`{"call":"value","params":["no"]}`, "1\n", "1\nno", `{"status":"fulfilled"}`},
		{`{"call":"value"}`, "", "", null},
		{`{"call":"two","params":["a"]}`, "", "a", null},
		{`{"call":"two","params":["a","-7"]}`, "", "a", null},
		{`{"call":"two"}`, "", "", `{"status":"rejected","reason":"failed to get process: invalid args: 0 parameters are given, at least 1 is needed"}`},
		{`{"call":"two","params":["a","1","2"]}`, "", "", `{"status":"rejected","reason":"failed to get process: invalid args: 3 parameters are given, at most 2 are taken"}`},
		{`{"call":"two","params":["a1"]}`, "", "", `{"status":"rejected","reason":"failed to get process: invalid args: parameter 1 is not of the form that is wanted there"}`},
		{`{"call":"nothing"}`, "", "", `{"status":"rejected","reason":"failed to get process: unknown process"}`},
	} {
		w := s.open()
		w.text(c.text)
		w.control(c.message)
		if strings.HasPrefix(c.result, `{"status":"f`) {
			w.control(`{"signal":"close"}`)
		}
		w.ends(c.output, c.result)
	}
}

// TestBaseIsChecked: only what a path can be is one.
func TestBaseIsChecked(t *testing.T) {
	for base, good := range map[string]bool{"": true, "/": true, "/a/": true, "/a/b-c/": true, "a/": false, "/a": false, "//": false, "/a//b/": false, "/../": false, "/a/./": false, "/%61/": false, "/a?/": false, "/a#/": false, "/{a}/": false} {
		h, err := New(Options{Base: base})
		if (err == nil) != good {
			t.Errorf("%q: %v", base, err)
		}
		if err != nil && !strings.Contains(err.Error(), strconv.Quote(base)) {
			t.Errorf("%q: %v", base, err)
		}
		if err == nil && base == "" && h.o.Base != DefaultBase {
			t.Errorf("the default is %q", h.o.Base)
		}
	}
}

// TestShutdown: the clients hear why, whatever they were about.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{Funcs: functions})
	idle, cat, echo := s.open(), s.call(`{"call":"cat"}`), s.call(`{"call":"echo"}`)
	for _, c := range []*wire{cat, echo} {
		c.text("x")
		c.says("x")
	}
	idle.text("x")
	testkit.Eventually(t, "the three are known", func() bool { return len(s.Conversations()) == 3 })
	done := make(chan bool)
	go func() { s.shutdown(); close(done) }()
	idle.ends("", `{"status":"rejected","reason":"server is going away"}`)
	cat.ends("", `{"status":"rejected","reason":"process returned error: server is going away (signal: SIGINT)"}`)
	echo.ends("", `{"status":"rejected","reason":"process returned error: server is going away"}`)
	<-done
}
