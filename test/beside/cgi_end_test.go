package beside

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// group is a script with children in the background, which hold its output.
const group = `sleep 500 & (sleep 501 | sleep 502) & `

// A client that leaves takes the script along, and all it started, at whatever
// moment.
func TestCGIClientLeaves(t *testing.T) {
	t.Parallel()
	for path, script := range map[string]string{
		"/silent":   group + `wait`,
		"/header":   group + plainText + `wait`,
		"/talking":  group + plainText + `while :; do echo y; sleep 0.01; done`,
		"/flooding": group + plainText + `yes`,
		"/reading":  group + plainText + `cat >/dev/null; wait`,
		"/deaf":     group + plainText + `exec <&-; wait`,
		"/stubborn": `trap '' INT TERM HUP; ` + group + plainText + `while :; do sleep 100; done`,
	} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			s, _ := startCGI(t, map[string]string{path[1:]: script})
			whole := request("POST", path, "hello")
			for _, leaving := range []struct {
				request string
				leave   func(*harness.Conn)
			}{
				{request("GET", path, ""), func(c *harness.Conn) { c.Conn.Close() }},
				{request("GET", path, ""), (*harness.Conn).Reset},
				{request("GET", path, ""), func(c *harness.Conn) { c.Send(t, "\r\n"); c.Conn.Close() }},
				{whole, func(c *harness.Conn) { c.Conn.Close() }},
				{strings.Replace(whole, "Content-Length: 5", "Content-Length: 8", 1), func(c *harness.Conn) { c.Conn.Close() }},
			} {
				c := s.Dial(t)
				c.Send(t, leaving.request)
				harness.Until(t, "the script runs with its children", func() bool { return len(s.Children()) >= 4 })
				leaving.leave(c)
				harness.NoSurvivors(t, s)
			}
		})
	}
}

// A client that has closed its sending half only is asked by an interim response
// whether it is still there, and gets its answer.
func TestCGIHalfClosed(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{"think": waitForGo + plainText + `echo thought`})
	w := dial(t, s)
	w.send(request("GET", "/think", ""))
	w.Conn.(interface{ CloseWrite() error }).CloseWrite()
	if resp := w.head("GET"); resp.StatusCode != http.StatusContinue {
		t.Errorf("before the answer: %d", resp.StatusCode)
	}
	touch(t, filepath.Join(dir, "go"))
	if resp, body := w.answer("GET"); resp.StatusCode != 200 || body != "thought\n" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

// One that leaves after it was asked is asked again.
func TestCGIHalfClosedThenGone(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"silent": "exec sleep 1000"})
	w := dial(t, s)
	w.send(request("GET", "/silent", ""))
	w.Conn.(interface{ CloseWrite() error }).CloseWrite()
	if resp := w.head("GET"); resp.StatusCode != http.StatusContinue {
		t.Errorf("before the answer: %d", resp.StatusCode)
	}
	w.Conn.Close()
	harness.NoSurvivors(t, s)
}

// One that leaves while its system has more of the body to send than the script takes is
// asked too, though nothing of its end has come.
func TestCGIClientLeavesUnread(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"silent": "exec sleep 1000"}, "--pingms=200")
	c := s.Dial(t)
	c.Send(t, harness.Get("/silent").As("POST", "HTTP/1.1").Add("Content-Length", "2000000").String()+strings.Repeat("x", 900_000))
	harness.Until(t, "the script runs", func() bool { return len(s.Children()) > 0 })
	c.Conn.Close()
	harness.NoSurvivors(t, s)
}

// Before HTTP/1.1 the end of an answer is that of its connection: one that was cut ends
// by a reset, after all that the script has said.
func TestCGICutOverHTTP10(t *testing.T) {
	t.Parallel()
	const size = 300_000
	s, _ := startCGI(t, map[string]string{
		"cut":   plainText + `head -c 300000 /dev/zero; kill -KILL $$`,
		"whole": plainText + `head -c 300000 /dev/zero; exit 3`,
	})
	for path, want := range map[string]error{"/cut": syscall.ECONNRESET, "/whole": nil} {
		w := dial(t, s)
		w.send("GET " + path + " HTTP/1.0\r\n\r\n")
		resp := w.head("GET")
		harness.NoSurvivors(t, s)
		n, err := io.Copy(io.Discard, resp.Body)
		if n != size || !errors.Is(err, want) {
			t.Errorf("%s: %d bytes, then %v; expected %d and %v", path, n, err, size, want)
		}
	}
}

// One limit for both kinds of process, and no slot is lost.
func TestCGIMaxForks(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{"wait": plainText + `echo begin; ` + waitForGo + `echo end`, "quick": plainText + `echo quick`, "bad": `echo bad`}, "--maxforks=1", "cat")
	ws := s.Connect(t)
	ws.Echo(t, "here")
	busy := get(t, s, "/quick")
	busy.refused(t, 429, "--maxforks")
	if busy.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.Out.Await(t, "| ERROR", "| http", "CGI was not run")
	ws.Leave(t)
	harness.NoSurvivors(t, s)
	var resp *http.Response
	harness.Until(t, "the slot is free", func() bool {
		running := dial(t, s)
		running.send(request("GET", "/wait", ""))
		resp = running.head("GET")
		return resp.StatusCode == 200
	})
	if c := s.Ask(t, harness.Handshake("/")); c.Status() != 429 {
		t.Errorf("a WebSocket beside a script: %d", c.Status())
	}
	touch(t, filepath.Join(dir, "go"))
	io.Copy(io.Discard, resp.Body) // and the connection is idle, until the server stops
}

// Many at once: exactly as many run as may.
func TestCGIMaxForksIsExact(t *testing.T) {
	t.Parallel()
	const limit, clients = 3, 12
	s, dir := startCGI(t, map[string]string{"wait": plainText + `echo $$ >>ran; ` + waitForGo + `echo end`}, "--maxforks=3")
	statuses := make(chan int, clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			w := dial(t, s)
			w.send(request("GET", "/wait", "", "Connection: close"))
			resp, err := http.ReadResponse(w.r, nil)
			if err != nil {
				t.Errorf("no answer: %v", err)
				return
			}
			statuses <- resp.StatusCode
			io.Copy(io.Discard, resp.Body)
		})
	}
	count := map[int]int{}
	for range clients {
		count[<-statuses]++
	}
	if count[200] != limit || count[429] != clients-limit {
		t.Errorf("%v", count)
	}
	touch(t, filepath.Join(dir, "go"))
	all.Wait()
	harness.NoSurvivors(t, s)
	for range 20 { // no slot is lost
		harness.Until(t, "there is a slot", func() bool { return get(t, s, "/wait").StatusCode == 200 })
	}
}

// The slot is free when the last of the group is gone, not when the answer is.
func TestCGIAnswerIsNotHeldUp(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"run": plainText + `echo done; sleep 500 >/dev/null 2>&1 & exit 0`})
	get(t, s, "/run").is(t, 200, "done\n")
	harness.NoSurvivors(t, s)
}

// SIGTERM: a running script is ended with all it started, its last words arrive, the
// client of one that has said nothing is told when to come back, and the server ends
// with status 0.
func TestCGIServerStops(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"words":    `trap 'echo bye; exit' INT TERM; ` + group + plainText + `echo begin; while :; do sleep 0.05; done`,
		"silent":   group + `while :; do sleep 100; done`,
		"stubborn": `trap '' INT TERM HUP; ` + group + plainText + `echo begin; while :; do sleep 100; done`,
		"reading":  group + plainText + `echo begin; cat >/dev/null; echo bye`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait := map[string]string{"words": "2000", "reading": "60000"}[name]
			s, _ := startCGI(t, map[string]string{name: script}, "--closems="+cmp.Or(wait, "0"))
			w := dial(t, s)
			body := request("POST", "/"+name, "body")
			if name == "reading" { // and more to come
				body = strings.Replace(body, "Content-Length: 4", "Content-Length: 8", 1)
			}
			w.send(body)
			harness.Until(t, "the script runs with its children", func() bool { return len(s.Children()) >= 4 })
			text := make([]byte, 0, 4<<10)
			if name != "silent" {
				for !strings.Contains(string(text), "begin\n") {
					n, err := w.r.Read(text[len(text):cap(text)])
					if text = text[:len(text)+n]; err != nil {
						t.Fatalf("%q, %v", text, err)
					}
				}
			}
			s.Signal(t, syscall.SIGTERM)
			if name == "silent" {
				if resp, body := w.answer("POST"); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "going away") {
					t.Errorf("%d %v %q", resp.StatusCode, resp.Header, body)
				}
			}
			rest, _ := io.ReadAll(w.r)
			if name == "words" || name == "reading" {
				if !strings.Contains(string(rest), "bye\n") {
					t.Errorf("the last words: %q", rest)
				}
			}
			if status := s.Wait(t); status != 0 {
				t.Errorf("exit status %d", status)
			}
			harness.NothingLeft(t, s)
		})
	}
}

// SIGKILL of the server leaves no script either.
func TestCGIServerKilled(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"run": `trap '' INT TERM HUP; ` + group + plainText + `echo begin; while :; do sleep 100; done`})
	w := dial(t, s)
	w.send(request("GET", "/run", ""))
	harness.Until(t, "the script runs with its children", func() bool { return len(s.Children()) >= 4 })
	s.Signal(t, syscall.SIGKILL)
	s.Wait(t)
	harness.NothingLeft(t, s)
}

// A client of HTTP/2 that takes its request back ends the script too, and only
// that: the others on the connection go on.
func TestCGIOverHTTP2(t *testing.T) {
	t.Parallel()
	harness.Need(t, "sha256sum")
	ca := newAuthority(t)
	scripts := map[string]string{
		"wait": group + plainText + `echo begin; ` + `while :; do sleep 0.1; done`,
		"long": plainText + `echo begin; ` + waitForGo + `echo $HTTPS $SERVER_PROTOCOL`,
		"up":   `sum=$(sha256sum | cut -d' ' -f1); ` + plainText + `echo $sum $CONTENT_LENGTH`,
		"deaf": plainText + `echo deaf`,
		"echo": plainText + `exec cat`,
	}
	s, dir := startCGI(t, scripts, ca.serve(t, "localhost")...)
	c := ca.client(t, s, "h2")
	other := make(chan answer, 1)
	go func() { other <- do(t, c, "GET", "https://localhost/long", "") }()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", "https://localhost/wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 6)
	if _, err := io.ReadFull(resp.Body, first); err != nil || resp.ProtoMajor != 2 {
		t.Fatalf("%q over %s: %v", first, resp.Proto, err)
	}
	harness.Until(t, "both scripts run", func() bool { return len(s.Children()) >= 5 })
	leave()
	harness.Until(t, "only one script is left", func() bool { n := len(s.Children()); return n == 1 || n == 2 })
	touch(t, filepath.Join(dir, "go"))
	(<-other).is(t, 200, "begin\non HTTP/2.0\n")
	data := randomBytes(3 << 20)
	do(t, c, "POST", "https://localhost/up", string(data)).is(t, 200, hash(data)+" 3145728\n")
	if a := do(t, c, "POST", "https://localhost/echo", string(data)); hash([]byte(a.body)) != hash(data) {
		t.Errorf("%d of %d bytes came back", len(a.body), len(data))
	}
	do(t, c, "POST", "https://localhost/deaf", string(data)).is(t, 200, "deaf\n")
	do(t, c, "GET", "https://localhost/deaf", "").is(t, 200, "deaf\n")
}

// An answer that can have no body does not end the script that gives one.
func TestCGIWorksOnWithoutBody(t *testing.T) {
	t.Parallel()
	const work = `sleep 0.3; echo more; sleep 0.3; : >worked.$QUERY_STRING`
	s, dir := startCGI(t, map[string]string{"none": `printf 'Status: 204\n\nextra'; ` + work, "reset": `printf 'Status: 205\n\nextra'; ` + work, "same": `printf 'Status: 304\n\nextra'; ` + work, "head": plainText + `echo extra; ` + work})
	for _, ask := range []struct {
		method, path string
		status       int
	}{{"GET", "/none", 204}, {"GET", "/reset", 205}, {"GET", "/same", 304}, {"HEAD", "/head", 200}} {
		do(t, client(t), ask.method, url(s, ask.path+"?"+ask.path[1:]), "").is(t, ask.status, "")
		harness.Until(t, ask.path+" has done its work", func() bool {
			_, err := os.Stat(filepath.Join(dir, "worked."+ask.path[1:]))
			return err == nil
		})
	}
}
