package connect

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/client"
)

// callServer is a server of one call, which ends with a result when its input has ended or
// when it is canceled.
type callServer struct {
	result string // the message
	close  int    // the code after it; 0 is 1000, and negative none
	reason string // of that
	output string // at the beginning

	mu    sync.Mutex
	heard []string
}

// serve starts the server, and returns its URL.
func (s *callServer) serve(t *testing.T) string {
	t.Helper()
	upgrader := websocket.Upgrader{Subprotocols: []string{"pow-1"}}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		c.WriteMessage(websocket.TextMessage, []byte(s.output))
		for kind := 0; ; {
			var data []byte
			if kind, data, err = c.ReadMessage(); err != nil {
				return
			}
			s.mu.Lock()
			s.heard = append(s.heard, string(data))
			s.mu.Unlock()
			if kind != websocket.BinaryMessage || !bytes.Contains(data, []byte("signal")) {
				continue
			}
			if s.close < 0 {
				return
			}
			if s.result != "" {
				c.WriteMessage(websocket.BinaryMessage, []byte(s.result))
			}
			c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(max(s.close, 1000), s.reason))
		}
	}))
	t.Cleanup(h.Close)
	return h.URL
}

func (s *callServer) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.heard, " ")
}

// streams are files in place of those of this process.
func streams(t *testing.T, stdin string) (s Streams, stdout, stderr func() string) {
	t.Helper()
	dir := t.TempDir()
	open := func(name string) (*os.File, func() string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f, func() string {
			text, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
	s.Stdout, stdout = open("out")
	s.Stderr, stderr = open("err")
	s.Stdin, _ = open("in")
	if _, err := s.Stdin.WriteAt([]byte(stdin), 0); err != nil {
		t.Fatal(err)
	}
	return s, stdout, stderr
}

// TestCallProgram: the exit status and both outputs say how a call has ended.
func TestCallProgram(t *testing.T) {
	t.Parallel()
	const closed = `{"signal":"close"}`
	for name, test := range map[string]struct {
		server *callServer
		stdin  string
		status int
		stderr string
		heard  string // after the call; "" if the input is the end
	}{
		"fulfilled": {&callServer{result: `{"status":"fulfilled","value":null}`}, "a\nü", 0, "", "a\nü " + closed},
		"no value":  {&callServer{result: `{"status":"fulfilled"}`}, "", 0, "", closed},
		"a value":   {&callServer{result: "{\"status\":\"fulfilled\",\"value\":{\"a\": \n[1]}}"}, "", 0, "result: {\"a\":[1]}\n", closed},
		"a status":  {&callServer{result: `{"status":"rejected","reason":"process returned error: exit status 3"}`}, "", 3, "websocketd connect: process returned error: exit status 3\n", closed},
		"a signal":  {&callServer{result: `{"status":"rejected","reason":"process returned error: signal: SIGKILL"}`}, "", 137, "websocketd connect: process returned error: signal: SIGKILL\n", closed},
		"status 256": {&callServer{result: `{"status":"rejected","reason":"process returned error: exit status 256"}`}, "", 1,
			"websocketd connect: process returned error: exit status 256\n", closed},
		"an error":      {&callServer{result: `{"status":"rejected","reason":"no \u001b[2J"}`}, "", 1, "websocketd connect: no \\x1b[2J\n", closed},
		"no result":     {&callServer{result: `{}`}, "", 1, "websocketd connect: the server has sent a result of the call that is none: it must be {\"status\":\"fulfilled\"}, perhaps with a value, or {\"status\":\"rejected\"}, perhaps with a reason\n", closed},
		"another code":  {&callServer{result: `{"status":"fulfilled"}`, close: 1011}, "", 1, "websocketd connect: the server has not closed with 1000 and an empty reason after the result of the call\n", closed},
		"exit status 0": {&callServer{close: 4000, reason: "exit status 0"}, "", 1, "websocketd connect: the server has closed without a result of the call, with 4000: exit status 0\n", closed},
		"exit status 3": {&callServer{close: 4003}, "", 1, "websocketd connect: the server has closed without a result of the call, with 4003\n", closed},
		"SIGTERM":       {&callServer{close: 4143, reason: "signal: SIGTERM"}, "", 1, "websocketd connect: the server has closed without a result of the call, with 4143: signal: SIGTERM\n", closed},
		"lost":          {&callServer{close: -1}, "", 1, "websocketd connect: the connection was lost\n", closed},
		"not text": {&callServer{}, "a\xff", 1,
			"websocketd connect: standard input: the input is not UTF-8, and a call takes no other\n", ""},
		"cut in a character": {&callServer{}, "a\xc3", 1,
			"websocketd connect: standard input: the input is not UTF-8, and a call takes no other\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.output = "öutput"
			s, stdout, stderr := streams(t, test.stdin)
			status, sig := callProgram(&Options{URL: test.server.serve(t), Pow: "x", Params: []string{"-y"}}, s)
			if status != test.status || sig != nil || stderr() != test.stderr {
				t.Errorf("status %d, signal %v, %q", status, sig, stderr())
			}
			if test.heard == "" { // the connection was closed, and what has come is lost
				return
			}
			if got := test.server.got(); got != `{"call":"x","params":["-y"]} `+test.heard || stdout() != "öutput" {
				t.Errorf("the server has heard %s, and %q has come", got, stdout())
			}
		})
	}
}

// TestCallUnwritten: output that cannot be written is the end of the call.
func TestCallUnwritten(t *testing.T) {
	t.Parallel()
	server := callServer{result: `{"status":"fulfilled"}`, output: "x"}
	s, _, stderr := streams(t, "")
	var err error
	if s.Stdout, err = os.Open(os.DevNull); err != nil { // for reading
		t.Fatal(err)
	}
	defer s.Stdout.Close()
	from, to, err := os.Pipe() // nothing comes, and it does not end
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	defer to.Close()
	s.Stdin = from
	status, _ := callProgram(&Options{URL: server.serve(t), Pow: "x"}, s)
	if status != 1 || !strings.Contains(stderr(), "standard output: write /dev/null: bad file descriptor") {
		t.Errorf("status %d, %s", status, stderr())
	}
}

// TestCallNotThere: the sentence of the server, or of the network.
func TestCallNotThere(t *testing.T) {
	t.Parallel()
	forbids := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "403 Forbidden: not you", http.StatusForbidden)
	}))
	t.Cleanup(forbids.Close)
	s, _, stderr := streams(t, "")
	if status, sig := callProgram(&Options{URL: forbids.URL, Pow: "x"}, s); status != 1 || sig != nil || stderr() != "websocketd connect: 403 Forbidden: not you\n" {
		t.Errorf("status %d, signal %v, %q", status, sig, stderr())
	}
}

// TestCallSignals: two Ctrl-C cancel, a third one leaves, and so does any other signal, or a
// Ctrl-C while there is no call.
func TestCallSignals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		call    bool
		signals []os.Signal
		cancels int
	}{
		{true, []os.Signal{os.Interrupt, os.Interrupt, os.Interrupt}, 2},
		{true, []os.Signal{os.Interrupt, syscall.SIGTERM}, 1},
		{true, []os.Signal{syscall.SIGHUP}, 0},
		{false, []os.Signal{os.Interrupt}, 0},
	} {
		server := callServer{result: `{"status":"fulfilled"}`}
		s, _, stderr := streams(t, "")
		c := newCaller(s)
		if test.call {
			call, err := client.StartCall(t.Context(), server.serve(t), "x", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.call.Store(call)
			defer call.Result()
			defer call.Cancel()
		}
		signals := make(chan os.Signal, len(test.signals))
		for _, sig := range test.signals {
			signals <- sig
		}
		c.watch(signals, nil)
		c.work.Wait()
		if last := test.signals[len(test.signals)-1]; c.ctx.Err() == nil || c.sig != last {
			t.Errorf("%v: it is not left by the last one: %v", test.signals, c.sig)
		}
		if test.cancels > 0 {
			if _, err := c.call.Load().Result(); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Count(server.got(), "cancel"); got < min(test.cancels, 1) || got > test.cancels || strings.Count(stderr(), "asking the server to ") != test.cancels {
			t.Errorf("%v: canceled %d times, %q", test.signals, got, stderr())
		}
	}
}
