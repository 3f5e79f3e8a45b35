package beside

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// Until the test makes the file go, a script that waits for it has not ended.
const waitForGo = `while [ ! -e go ]; do sleep 0.02; done; `

// The first bytes arrive while the script runs on.
func TestCGIStreams(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{
		"slow": plainText + `echo first; ` + waitForGo + `echo last`,
		"head": `printf 'Content-Type: text/plain\n'; ` + waitForGo + `printf '\nlast\n'`,
	})
	w := dial(t, s)
	w.send(request("GET", "/slow", ""))
	resp := w.head("GET")
	first := make([]byte, 6)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first\n" {
		t.Fatalf("%q, %v", first, err)
	}
	other := dial(t, s)
	other.send(request("GET", "/head", ""))
	touch(t, filepath.Join(dir, "go"))
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "last\n" {
		t.Errorf("%q, %v", rest, err)
	}
	if _, body := other.answer("GET"); body != "last\n" {
		t.Errorf("a header in two pieces: %q", body)
	}
}

func hash(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Large bodies go up, down, and up and down at the same time, every byte of them.
func TestCGILargeBodies(t *testing.T) {
	t.Parallel()
	harness.Need(t, "sha256sum")
	s, dir := startCGI(t, map[string]string{
		"up":   `sum=$(sha256sum | cut -d' ' -f1); ` + plainText + `echo $sum $CONTENT_LENGTH`,
		"down": plainText + `cat data`,
		"keep": `cat >kept.$UNIQUE_ID; ` + plainText + `cat kept.$UNIQUE_ID`,
		"both": plainText + `exec cat`,
	})
	data := randomBytes(20 << 20)
	if err := os.WriteFile(filepath.Join(dir, "data"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	c := client(t)
	for _, size := range []int{1, 4095, 256 << 10, 256<<10 + 1, len(data)} {
		body := string(data[:size])
		do(t, c, "POST", url(s, "/up"), body).is(t, 200, fmt.Sprintf("%s %d\n", hash(data[:size]), size))
		for _, path := range []string{"/keep", "/both"} {
			if a := do(t, c, "POST", url(s, path), body); a.StatusCode != 200 || hash([]byte(a.body)) != hash(data[:size]) {
				t.Errorf("%s of %d bytes: %d with %d bytes", path, size, a.StatusCode, len(a.body))
			}
		}
	}
	if a := do(t, c, "GET", url(s, "/down"), ""); hash([]byte(a.body)) != hash(data) {
		t.Errorf("%d of %d bytes came down", len(a.body), len(data))
	}
}

// A conversation: the script answers each line before the client sends the next.
func TestCGIAnswersBeforeTheBodyEnds(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"echo": plainText + `echo ready; while read line; do echo "got $line"; done; echo end`})
	w := dial(t, s)
	w.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n")
	resp := w.head("POST")
	expect := func(line string) {
		t.Helper()
		got := make([]byte, len(line))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != line {
			t.Fatalf("%q, %v, expected %q", got, err, line)
		}
	}
	expect("ready\n")
	w.send("one\n")
	expect("got one\n")
	w.send("two\n")
	expect("got two\n")
	expect("end\n")
}

// A body of unknown length streams into the script, which reads to its end.
func TestCGIChunkedBody(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{
		"up":    plainText + `echo "$CONTENT_LENGTH:$HTTP_TRANSFER_ENCODING:$(cat)"`,
		"lines": plainText + `while read line; do echo "got $line"; done; echo end`,
	}, "--maxframesize=1000")
	const head = " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
	w := dial(t, s)
	for _, body := range []string{"", "hello", strings.Repeat("x", 5000)} {
		chunk := ""
		if body != "" {
			chunk = fmt.Sprintf("%x\r\n%s\r\n", len(body), body)
		}
		w.send("POST /up" + head + chunk + "0\r\n\r\n")
		if resp, text := w.answer("POST"); resp.StatusCode != 200 || text != "::"+body+"\n" {
			t.Errorf("%d bytes: %d %.100q", len(body), resp.StatusCode, text)
		}
		w = dial(t, s)
	}
	w.send("POST /lines" + head + "4\r\none\n\r\n")
	resp := w.head("POST")
	got := make([]byte, len("got one\n"))
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != "got one\n" {
		t.Errorf("before the body has ended: %q, %v", got, err)
	}
	w.send("0\r\n\r\n")
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "end\n" {
		t.Errorf("%q, %v", rest, err)
	}
	broken := dial(t, s)
	broken.send("POST /up" + head + "5\r\nhello\r\nnonsense\r\n")
	if resp := broken.head("POST"); resp.StatusCode == 200 {
		if text, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("the answer to a broken body ends as a whole one: %q", text)
		}
	}
	harness.NoSurvivors(t, s)
}

// What a script does not read is nobody's fault: the answer comes, and comes
// before the client has sent what nobody wants.
func TestCGIUnreadBody(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{
		"deaf":   plainText + `echo done`,
		"closed": `exec <&-; ` + plainText + `echo done`,
		"lines":  `read line; ` + plainText + `echo "$line"`,
		"late":   plainText + `exec <&-; echo begin; sleep 0.2; echo done`,
		"broken": `echo no header`,
	})
	c := client(t)
	big := "first\n" + strings.Repeat("x", 4<<20)
	for path, want := range map[string]string{"/deaf": "done\n", "/closed": "done\n", "/lines": "first\n", "/late": "begin\ndone\n"} {
		for _, body := range []string{"first\n", big} {
			do(t, c, "POST", url(s, path), body).is(t, 200, want)
		}
	}
	for path, want := range map[string]int{"/deaf": 200, "/closed": 200, "/lines": 200, "/late": 200, "/broken": 500} {
		w := dial(t, s)
		w.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nfirst\n")
		if resp, body := w.answer("POST"); resp.StatusCode != want {
			t.Errorf("%s with a part of a body: %d %q", path, resp.StatusCode, body)
		}
	}
	harness.NoSurvivors(t, s)
}

// A client that sends all of a body before it reads gets the answer of a script that takes
// none of it, also when the connection holds much less than that.
func TestCGIUnreadBodySentFirst(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"deaf": `exec <&-; ` + plainText + `echo done`})
	const size = 8 << 20
	w := dial(t, s)
	w.send(fmt.Sprintf("POST /deaf HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", size))
	for sent := 0; sent < size; sent += 64 << 10 {
		w.send(strings.Repeat("x", 64<<10))
	}
	if resp, body := w.answer("POST"); resp.StatusCode != 200 || body != "done\n" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

// A client that waits for leave to send is given it, and no header of the answer.
func TestCGIExpectContinue(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"up": `body=$(cat); ` + plainText + `echo "$body"`}, "--header-http=X-A: 1")
	w := dial(t, s)
	w.send("POST /up HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	if resp := w.head("POST"); resp.StatusCode != 100 || len(resp.Header) > 0 {
		t.Fatalf("status %d, %v", resp.StatusCode, resp.Header)
	}
	w.send("hello")
	if resp, body := w.answer("POST"); body != "hello\n" || resp.Header.Get("X-A") != "1" {
		t.Errorf("%q, %v", body, resp.Header)
	}
}

// After an answer the connection is used again, and the next request on it is
// as good as the first.
func TestCGIKeepAlive(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{
		"fast": plainText + `echo fast`, "slow": plainText + `echo begin; sleep 0.4; echo end`, "none": `printf 'Status: 204\n\nextra'`,
		"reset": `printf 'Status: 205\nContent-Length: 5\n\nextra'`, "same": `printf 'Status: 304\n\nextra'`, "bad": `echo bad`, "body": `body=$(cat); ` + plainText + `echo "$body"`, "length": `printf 'Content-Type: text/plain\nContent-Length: 3\n\nabc'`,
	})
	var all sync.WaitGroup
	for _, first := range []string{"fast", "none", "reset", "same", "length", "bad", "fast", "slow", "body"} {
		all.Go(func() {
			w := dial(t, s)
			for range 6 {
				body := ""
				if first == "body" {
					body = "xyz"
				}
				w.send(request("POST", "/"+first, body))
				if resp, _ := w.answer("POST"); resp.Close {
					t.Errorf("/%s closes the connection", first)
					return
				}
				w.send(request("GET", "/slow", ""))
				if resp, body := w.answer("GET"); resp.StatusCode != 200 || body != "begin\nend\n" {
					t.Errorf("/slow after /%s: %d %q", first, resp.StatusCode, body)
				}
				w.send(request("HEAD", "/length", ""))
				if resp, body := w.answer("HEAD"); resp.StatusCode != 200 || body != "" || resp.ContentLength != 3 {
					t.Errorf("HEAD after /%s: %d, %d bytes", first, resp.StatusCode, resp.ContentLength)
				}
			}
		})
	}
	all.Wait()
}

// The rest of a body nobody read is never taken for a request.
func TestCGINoSmuggling(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"deaf": plainText + `echo done`, "bad": `echo bad`, "never": plainText + `echo smuggled`, "next": plainText + `echo next`})
	inner := request("GET", "/never", "")
	for _, path := range []string{"/deaf", "/bad"} {
		for _, padding := range []int{0, 100, 40 << 10, 300 << 10} {
			w := dial(t, s)
			body := strings.Repeat("x", padding) + strings.Repeat(inner, 5)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", path, len(body))
			w.send(head)
			resp, _ := w.answer("POST") // without having sent the body
			io.WriteString(w.Conn, body+request("GET", "/next", ""))
			if !resp.Close {
				if _, text := w.answer("GET"); text != "next\n" {
					t.Errorf("%s, %d: then came %q", path, padding, text)
				}
			} else if rest, _ := io.ReadAll(w.r); bytes.Contains(rest, []byte("HTTP/1.1")) {
				t.Errorf("%s, %d: then came %q", path, padding, rest)
			}
			w.Close()
		}
	}
	if s.Out.Has("/never") {
		t.Error("a part of a body was taken for a request")
	}
}

// TestCGIBodyIsNotFramed: how a program's messages are told apart is no matter of
// a script's body, nor of its answer.
func TestCGIBodyIsNotFramed(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--framing=lsp", "--framing=length", "--framing=ndjson", "--newlines=reject"} {
		s, _ := startCGI(t, map[string]string{"echo": plainText + `cat; printf 'not { JSON'`}, flag, "cat")
		if got := do(t, client(t), "POST", url(s, "/echo"), "a\nb"); got.StatusCode != 200 || got.body != "a\nbnot { JSON" {
			t.Errorf("%s: %d %q", flag, got.StatusCode, got.body)
		}
	}
}
