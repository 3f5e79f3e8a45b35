// Package beside tests through the real binary what stands around the socket:
// static files, CGI scripts, the console's place, TLS and the redirect.
package beside

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// start runs our binary with flags and, perhaps, a command.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), args...)
}

// at is the same server on another of its ports.
func at(s *harness.Server, port int) *harness.Server {
	other := *s
	other.Port, other.Addr = port, "127.0.0.1:"+strconv.Itoa(port)
	return &other
}

// answer is a whole HTTP answer.
type answer struct {
	*http.Response
	body string
}

// client is an HTTP client that follows nothing and keeps connections until the
// test ends.
func client(t *testing.T) *http.Client {
	t.Helper()
	c := harness.HTTPClient(t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// do sends a request and reads the whole answer. headers are "Name: value".
func do(t *testing.T, c *http.Client, method, url, body string, headers ...string) answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Add(name, value)
		}
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: the body: %v", method, url, err)
	}
	return answer{resp, string(text)}
}

// url is a URL of the server.
func url(s *harness.Server, path string) string { return "http://" + s.Addr + path }

func get(t *testing.T, s *harness.Server, path string, headers ...string) answer {
	t.Helper()
	return do(t, client(t), "GET", url(s, path), "", headers...)
}

// is checks a status and a body.
func (a answer) is(t *testing.T, status int, body string) {
	t.Helper()
	if a.StatusCode != status || a.body != body {
		t.Errorf("%s: %d %.200q, expected %d %.200q", a.Request.URL, a.StatusCode, a.body, status, body)
	}
}

// has checks a header.
func (a answer) has(t *testing.T, name, value string) {
	t.Helper()
	if got := strings.Join(a.Header.Values(name), "|"); got != value {
		t.Errorf("%s: %s is %q, expected %q", a.Request.URL, name, got, value)
	}
}

// refused checks a refusal: the status, and one sentence that has the words.
func (a answer) refused(t *testing.T, status int, words string) {
	t.Helper()
	if a.StatusCode != status || !strings.Contains(a.body, words) || strings.Count(strings.TrimSpace(a.body), "\n") > 0 {
		t.Errorf("%s: %d %.200q, expected %d and a line with %q", a.Request.URL, a.StatusCode, a.body, status, words)
	}
}

func newReader(c net.Conn) *bufio.Reader { return bufio.NewReader(c) }

// wire is a connection on which requests are written by hand.
type wire struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, s *harness.Server) *wire {
	t.Helper()
	c := s.Dial(t)
	return &wire{c.Conn, t, newReader(c.Conn)}
}

func (w *wire) send(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.Conn, text); err != nil {
		w.t.Fatalf("send: %v", err)
	}
}

// head reads the head of an answer. Its body is still to be read.
func (w *wire) head(method string) *http.Response {
	w.t.Helper()
	resp, err := http.ReadResponse(w.r, &http.Request{Method: method})
	if err != nil {
		w.t.Fatalf("no answer: %v", err)
	}
	return resp
}

// answer reads a whole answer, after those that are interim.
func (w *wire) answer(method string) (*http.Response, string) {
	w.t.Helper()
	resp := w.head(method)
	for resp.StatusCode == http.StatusContinue {
		resp = w.head(method)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatalf("the body of the answer: %v", err)
	}
	return resp, string(body)
}

// closed demands that the server closes the connection and says nothing more.
func (w *wire) closed() {
	w.t.Helper()
	rest, err := io.ReadAll(w.r)
	if len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		w.t.Errorf("the connection is not closed: %q, %v", rest, err)
	}
}

// request is the text of a request with a body of a known length.
func request(method, target, body string, headers ...string) string {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\n", method, target)
	for _, line := range headers {
		head += line + "\r\n"
	}
	if body != "" {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return head + "\r\n" + body
}

// write makes a file below a directory and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	harness.WriteFile(t, path, text, 0o644)
	return path
}

// touch makes the file a script waits for.
func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
