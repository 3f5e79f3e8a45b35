package pow

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// script returns a program of a configuration file, a shell script; lines are more keys.
func script(name, text string, lines ...string) string {
	return fmt.Sprintf("[program.%s]\ncommand = [\"/bin/sh\", \"-c\", %q, \"sh\"]\n%s\n", name, text, strings.Join(lines, "\n"))
}

const unknownID = "00000000-0000-4000-8000-000000000000"

// TestREST is one call from its beginning to its end.
func TestREST(t *testing.T) {
	t.Parallel()
	s := serve(t, script("answer", `echo "for $1 and $2"; while read -r line; do echo "got $line"; done; printf open; exit 0`))
	a := newAPI(t, s, "/pow/")
	id := a.call("answer", "a b", "ü")
	a.shows(id, "for a b and ü")
	if got := a.status(id); got.Result.Status != "pending" {
		t.Errorf("%+v", got.Result)
	}
	a.expect("POST", "input/"+id, "one\ntw", 200, "input sent")
	a.shows(id, "for a b and ü\ngot one")
	a.expect("POST", "input/"+id, "o\n", 200, "input sent")
	a.shows(id, "for a b and ü\ngot one\ngot two")
	for range 2 {
		a.expect("POST", "closeInput/"+id, "", 200, "input closed")
	}
	a.expect("POST", "input/"+id, "more\n", 500, "error copying data to process\n")
	a.fulfilled(id, "for a b and ü\ngot one\ngot two")
	for range 2 {
		a.expect("GET", "status/"+id, "", 200, `{"buffer":"for a b and ü\ngot one\ngot two","result":{"status":"fulfilled","value":null}}`+"\n")
		a.expect("POST", "closeInput/"+id, "", 200, "input closed")
		a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
		a.expect("POST", "input/"+id, "", 500, "error copying data to process\n")
	}
	if got := a.ask("GET", "status/"+id, ""); got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", got.Header)
	}
	if head := a.ask("HEAD", "status/"+id, ""); head.StatusCode != 200 || head.body != "" {
		t.Errorf("HEAD: %d %q", head.StatusCode, head.body)
	}
	if strings.Contains(s.Out.String()+s.Err.String(), id) || !strings.Contains(s.Out.String(), id[:8]) {
		t.Errorf("the log has the id, or nothing of it: %s", id)
	}
}

// TestRESTBuffer: the last 1000 lines that have ended, of an output that has more of them.
func TestRESTBuffer(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("print", `printf "$1"`)+script("count", "i=0; while [ $i -lt 1500 ]; do i=$((i+1)); echo $i; done")), "/pow/")
	for output, want := range map[string]string{`a\r\nb\r\n`: "a\nb", `open`: "", `a\n\nb\nopen`: "a\n\nb", `\n`: "", `caf\303\251 \n\377\n`: "café \n\ufffd"} {
		a.fulfilled(a.call("print", output), want)
	}
	var want []string
	for i := 501; i <= 1500; i++ {
		want = append(want, fmt.Sprint(i))
	}
	a.fulfilled(a.call("count"), strings.Join(want, "\n"))
}

// TestRESTReasons has what a call comes to that is not fulfilled. They are those of WebSocket
// without the prefix.
func TestRESTReasons(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("exit", "echo out; exit $1")+script("signal", "kill -$1 $$")), "/pow/")
	for _, test := range []struct {
		name   string
		params []string
		reason string
	}{
		{"exit", []string{"3"}, "exit status 3"},
		{"signal", []string{"TERM"}, "signal: SIGTERM"},
		{"nothing", nil, "failed to get process: unknown process"},
		{"", nil, "failed to get process: unknown process"},
		{"../exit", nil, "failed to get process: unknown process"},
		{"/bin/sh", nil, "failed to get process: unknown process"},
	} {
		a.rejected(a.call(test.name, test.params...), test.reason)
	}
	id := a.call("exit", "-1")
	if s := a.ends(id); s.Result.Status != "rejected" || !strings.HasPrefix(s.Result.Reason, "failed to get process: invalid args: ") {
		t.Errorf("%+v", s.Result)
	}
	a.expect("POST", "input/"+id, "x", 500, "error copying data to process\n")
	a.expect("POST", "closeInput/"+id, "", 200, "input closed")
	a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
}

// TestRESTBadCalls: what is no call is refused, and leaves nothing.
func TestRESTBadCalls(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("cat", "cat")), "/pow/")
	for _, body := range []string{"", "call", "null", "[]", `"cat"`, `{"call":5}`, `{"call":null}`, `{"call":"cat","params":"x"}`, `{"call":"cat","params":{}}`, `{"call":"cat","params":[1]}`, `{"call":"cat"`} {
		a.expect("POST", "new", body, 400, "failed to decode call message\n")
	}
	for _, body := range []string{`{}`, `{"params":[]}`, ` {"call":"","more":1}`} {
		if got := a.ask("POST", "new", body); got.StatusCode != 200 {
			t.Errorf("%s: %d %s", body, got.StatusCode, got.body)
		}
	}
	if got := a.ask("POST", "new", callOf("cat", strings.Repeat("x", 1<<20))); got.StatusCode != 413 || !strings.Contains(got.body, "1048576 bytes") {
		t.Errorf("a call that is too large: %d %s", got.StatusCode, got.body)
	}
	a.expect("POST", "cancel/"+a.call("CAT"), "", 200, "process cancelled") // a name has its case
	a.ask("POST", "new", `{"CALL":"cat","Params":null}`)
}

// TestRESTUnknown: paths and methods that are none.
func TestRESTUnknown(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("cat", "cat")), "/pow/")
	for op, method := range map[string]string{"status": "GET", "input": "POST", "closeInput": "POST", "cancel": "POST"} {
		a.expect(method, op+"/"+unknownID, "", 404, "process not found\n")
		for _, path := range []string{op, op + "/", op + "/" + unknownID + "/", op + "/" + unknownID + "/x", strings.ToUpper(op) + "/" + unknownID} {
			if got := a.ask(method, path, ""); got.StatusCode != 404 || strings.Count(got.body, "\n") != 1 {
				t.Errorf("%s: %d %q", path, got.StatusCode, got.body)
			}
		}
		for _, other := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
			if other == method {
				continue
			}
			if got := a.ask(other, op+"/"+unknownID, ""); got.StatusCode != 405 || !strings.HasPrefix(got.Header.Get("Allow"), method) {
				t.Errorf("%s %s: %d, Allow %q", other, op, got.StatusCode, got.Header.Get("Allow"))
			}
		}
	}
	for path, allow := range map[string]string{"new": "POST", "openapi.json": "GET, HEAD", "docs/": "GET, HEAD", "docs": "GET, HEAD", "": "GET, HEAD"} {
		if got := a.ask("DELETE", path, ""); got.StatusCode != 405 || got.Header.Get("Allow") != allow {
			t.Errorf("DELETE %s: %d, Allow %q", path, got.StatusCode, got.Header.Get("Allow"))
		}
	}
	for _, path := range []string{"new/x", "openapi.json/", "docs/x", "x"} {
		if got := a.ask("GET", path, ""); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

// TestRESTInput: what is sent is what the process reads, whatever bytes it is.
func TestRESTInput(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("sum", "sha256sum", "maxframesize = 102400")+script("sleeps", "sleep 1000")), "/pow/")
	id, sum := a.call("sum"), sha256.New()
	for i := range 20 {
		part := make([]byte, 100<<10-i)
		rand.Read(part)
		sum.Write(part)
		harness.Until(t, "there is room", func() bool {
			got := a.ask("POST", "input/"+id, string(part), "Content-Type: application/octet-stream")
			return got.StatusCode == 200
		})
	}
	if got := a.ask("POST", "input/"+id, strings.Repeat("x", 100<<10+1)); got.StatusCode != 413 || !strings.Contains(got.body, "--maxframesize") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	a.expect("POST", "closeInput/"+id, "", 200, "input closed")
	a.fulfilled(id, hex.EncodeToString(sum.Sum(nil))+"  -")

	sleeps := a.call("sleeps")
	harness.Until(t, "there is no more room", func() bool {
		got := a.ask("POST", "input/"+sleeps, strings.Repeat("x", 1<<20))
		full := got.StatusCode == 429
		if full && (got.Header.Get("Retry-After") != "1" || !strings.Contains(got.body, "the process has not read what was sent before")) {
			t.Errorf("%v %s", got.Header, got.body)
		}
		return full
	})
	a.expect("POST", "closeInput/"+sleeps, "", 200, "input closed")
	a.expect("POST", "cancel/"+sleeps, "", 200, "process cancelled")
}

// TestRESTCancel: it is answered when nothing is left of the process, and its children, which
// did not want to end.
func TestRESTCancel(t *testing.T) {
	t.Parallel()
	s := serve(t, script("stubborn", `trap "" INT TERM; sleep 1000 & echo up; wait; sleep 1000`)+script("polite", `trap "echo bye; exit 0" INT; echo up; while :; do sleep 0.01; done`))
	a := newAPI(t, s, "/pow/")
	id := a.call("stubborn")
	a.shows(id, "up")
	a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
	if left := s.Children(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	a.rejected(id, "client requested cancellation (signal: SIGKILL)")
	id = a.call("polite")
	a.shows(id, "up")
	a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
	a.fulfilled(id, "up\nbye")
}

// TestRESTSecondCancel closes the input, which the first leaves open.
func TestRESTSecondCancel(t *testing.T) {
	t.Parallel()
	s := serve(t, script("reader", `trap "" INT; echo up; cat >/dev/null; echo read; exit 0`, "closems = 600000"))
	a := newAPI(t, s, "/pow/")
	id := a.call("reader")
	a.shows(id, "up")
	first := make(chan answer)
	go func() { first <- a.ask("POST", "cancel/"+id, "") }()
	harness.Until(t, "the first request has come", func() bool { return len(s.Out.With("MOUNTED", "/cancel/")) == 1 })
	if got := a.status(id); got.Result.Status != "pending" {
		t.Errorf("%+v", got.Result)
	}
	a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
	if got := <-first; got.StatusCode != 200 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	a.fulfilled(id, "up\nread")
}

// TestRESTCancelHalfClosed: a client that has sent all it has to say gets its answer.
func TestRESTCancelHalfClosed(t *testing.T) {
	t.Parallel()
	s := serve(t, script("stubborn", `trap "" INT TERM; echo up; sleep 1000`))
	a := newAPI(t, s, "/pow/")
	id := a.call("stubborn")
	a.shows(id, "up")
	c := s.Dial(t)
	c.Send(t, harness.Request{Method: "POST", Target: "/pow/cancel/" + id, Proto: "HTTP/1.1", Lines: []string{"Host: localhost", "Content-Length: 0"}}.String())
	c.HalfClose(t)
	for {
		if err := c.ReadResponse(); err != nil {
			t.Fatal(err)
		}
		if c.Status() != 100 {
			break
		}
	}
	if c.Status() != 200 {
		t.Errorf("%d", c.Status())
	}
}

// TestRESTValue: what a program returns is JSON.
func TestRESTValue(t *testing.T) {
	t.Parallel()
	a := newAPI(t, serve(t, script("json", `echo building; printf "$1"`, `result = "lastline-json"`)), "/pow/")
	for output, want := range map[string]string{`{"a":[1,null]}\n\n`: `{"a":[1,null]}`, "17": "17", "": ""} {
		id := a.call("json", output)
		if s := a.ends(id); s.Result.Status != "fulfilled" || string(s.Result.Value) != want {
			t.Errorf("%q: %s %s, want %s", output, s.Result.Status, s.Result.Value, want)
		}
	}
}

// TestRESTForced: a server that is told twice to end does not wait for a process.
func TestRESTForced(t *testing.T) {
	t.Parallel()
	s := serve(t, script("stubborn", `trap "" INT TERM; echo up; sleep 1000`, "closems = 600000"))
	a := newAPI(t, s, "/pow/")
	id := a.call("stubborn")
	a.shows(id, "up")
	s.Signal(t, syscall.SIGTERM)
	s.Out.Await(t, "Stopping")
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	harness.NothingLeft(t, s)
}

// TestRESTMany: many calls at once, of which some are forgotten by their clients, leave nothing
// when the server ends.
func TestRESTMany(t *testing.T) {
	t.Parallel()
	s := serve(t, script("cat", "exec cat"))
	done := make(chan bool)
	const all = 50
	for i := range all {
		go func() {
			defer func() { done <- true }()
			a := newAPI(t, s, "/pow/")
			id := a.call("cat")
			if i%5 == 0 {
				return
			}
			a.expect("POST", "input/"+id, id+"\n", 200, "input sent")
			a.shows(id, id)
			a.expect("POST", "closeInput/"+id, "", 200, "input closed")
			a.fulfilled(id, id)
		}()
	}
	for range all {
		<-done
	}
	if n := len(s.Children()); n != all/5 {
		t.Errorf("%d processes run, %d calls have no end", n, all/5)
	}
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
}
