package poll

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

const takesGzip = "Accept-Encoding: br;q=0.5, gzip"

// unzip has the rest of an answer read, which must be compressed.
func (a *answer) unzip() *answer {
	a.t.Helper()
	if a.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Accept-Encoding") {
		a.t.Fatalf("the answer is not compressed: %v", a.Header)
	}
	z, err := gzip.NewReader(a.r)
	if err != nil {
		a.t.Fatal(err)
	}
	a.r = bufio.NewReader(z)
	return a
}

// Compressed events come while the program runs, and end as whole.
func TestGzipEventsAreLive(t *testing.T) {
	t.Parallel()
	wait := filepath.Join(t.TempDir(), "go")
	s := start(t, "--gzip", "sh", "-c", "echo first; while [ ! -e '"+wait+"' ]; do sleep 0.02; done; echo last; exit 3")
	a := events(t, s, takesGzip).unzip()
	a.expect("", "first")
	touch(t, wait)
	a.expect("", "last")
	a.ends(4003, "exit status 3")
}

// A POST, over HTTP/1.1 and 1.0, and the ending behind it.
func TestGzipPost(t *testing.T) {
	t.Parallel()
	s := start(t, "--gzip", "sh", "-c", "cat; exit 3")
	text := strings.Repeat("a line of some length\n", 10000)
	a := ask(t, request(t, s, "POST", "/", strings.NewReader(text), takesGzip)).unzip()
	if got := a.rest(); got != text {
		t.Errorf("%d bytes of %d", len(got), len(text))
	}
	if got := a.Trailer.Get("Websocketd-Exit"); got != "4003 exit status 3" {
		t.Errorf("the trailer is %q", got)
	}
	c := s.Ask(t, harness.Post("/", text).With("Accept-Encoding", "gzip").As("POST", "HTTP/1.0"))
	z, err := gzip.NewReader(strings.NewReader(c.Body))
	if err != nil {
		t.Fatalf("%d %.100q", c.Status(), c.Body)
	}
	if got, err := io.ReadAll(z); string(got) != text || err != nil {
		t.Errorf("HTTP/1.0: %d bytes of %d, %v", len(got), len(text), err)
	}
}

// A long poll is compressed if that is worth while, and tells its length.
func TestGzipPoll(t *testing.T) {
	t.Parallel()
	s := start(t, "--gzip", "--shared", "cat")
	for i, text := range []string{"short", strings.Repeat("long ", 1000)} {
		say(t, s, text)
		a := ask(t, request(t, s, "GET", fmt.Sprintf("/?wait=30s&after=%d", i), nil, "Accept: application/json", takesGzip))
		if zip := a.Header.Get("Content-Encoding") == "gzip"; zip != (i == 1) || a.ContentLength < 50 || a.ContentLength > 1000 {
			t.Errorf("%.5q: %v", text, a.Header)
		} else if zip {
			a.unzip()
		}
		var p polled
		if err := json.Unmarshal([]byte(a.rest()), &p); err != nil || len(p.Pending) != 1 || p.Pending[0].Data != text {
			t.Errorf("%.5q: %v", text, err)
		}
	}
}

// What is never compressed: bytes, WebSockets, scripts, files, and programs that the file leaves out.
func TestGzipNever(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; seq 1000\n"
	if err := os.WriteFile(filepath.Join(dir, "s"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	file := filepath.Join(files, "a.toml")
	if err := os.WriteFile(file, []byte("gzip = true\n[program.a]\ncommand = [\"seq\", \"1000\"]\n[program.b]\ncommand = [\"seq\", \"1000\"]\ngzip = false\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--gzip", "--binary", "--cgidir="+dir, "--cgipath=/cgi", "--staticdir="+files, "cat")
	for _, r := range []struct{ method, path string }{{"POST", "/"}, {"GET", "/cgi/s"}, {"GET", "/a.toml"}} {
		a := ask(t, request(t, s, r.method, r.path, nil, takesGzip))
		if a.StatusCode != 200 || a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s %s: %d %v", r.method, r.path, a.StatusCode, a.Header)
		}
		a.rest()
	}
	ws := s.Ask(t, harness.Handshake("/").With("Accept-Encoding", "gzip"))
	if ws.Status() != 101 || ws.Header("Content-Encoding") != "" || ws.Header("Sec-WebSocket-Extensions") != "" {
		t.Error("a WebSocket is compressed")
	}
	s = start(t, "--config="+file)
	for path, coding := range map[string]string{"/a": "gzip", "/b": ""} {
		a := ask(t, request(t, s, "POST", path, nil, takesGzip))
		if got := a.Header.Get("Content-Encoding"); got != coding {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// A session's secret is never beside what was sent in a compressed answer.
func TestGzipNoSecret(t *testing.T) {
	t.Parallel()
	s := start(t, "--gzip", "--resume=5m", "cat")
	a := ask(t, request(t, s, "POST", "/"+strings.Repeat("reflected", 200)+"?session=new", nil, "Accept: application/json", takesGzip))
	if body := a.rest(); a.StatusCode != 201 || a.Header.Get("Content-Encoding") != "" || !strings.Contains(body, `"secret"`) || len(body) < 1024 {
		t.Errorf("%d %v: %.100q", a.StatusCode, a.Header, body)
	}
}

// testGzip has a browser's EventSource and fetch.
func testGzip(t *testing.T, chromium context.Context) {
	s := start(t, "--gzip", "sh", "-c", "cat; echo a; echo b; exit 3")
	p := openPage(t, chromium, "127.0.0.1")
	eval[any](p, fmt.Sprintf(listen, "http://"+s.Addr+"/"))
	harness.Until(t, "the EventSource has stopped", func() bool { return eval[int](p, "source.readyState") == 2 })
	got := strings.Join(eval[[]string](p, "seen"), "|")
	if want := `message a 1|message b 2|end {"code":4003,"reason":"exit status 3"} 2|error 0|error 2`; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	if got := eval[string](p, fmt.Sprintf(`fetch("http://%s/", {method: "POST", body: "{}\n"}).then(r => r.text())`, s.Addr)); got != "{}\na\nb\n" {
		t.Errorf("fetch: %q", got)
	}
}
