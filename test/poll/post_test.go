package poll

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

const exitTrailer = "Websocketd-Exit"

// The body is the input, byte for byte; the answer the output, and the ending.
func TestPost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flags      []string
		script     string
		body, want string
		mimeType   string
		exit       string
	}{
		{nil, "sort", "b\na\n", "a\nb\n", "text/plain; charset=utf-8", "1000 exit status 0"},
		{nil, "cat; exit 3", "no newline", "no newline\n", "text/plain; charset=utf-8", "4003 exit status 3"},
		{nil, "wc -c", "\xff\x00\r\n", "4\n", "text/plain; charset=utf-8", "1000 exit status 0"},
		{nil, "cat", "", "", "text/plain; charset=utf-8", "1000 exit status 0"},
		{nil, "kill -TERM $$", "x", "", "text/plain; charset=utf-8", "4143 signal: SIGTERM"},
		{[]string{"--binary"}, "cat", "\xff\x00\r\n", "\xff\x00\r\n", "application/octet-stream", "1000 exit status 0"},
		{[]string{"--framing=raw"}, "cat", "a\r\nb", "a\r\nb", "text/plain; charset=utf-8", "1000 exit status 0"},
		{[]string{"--framing=null"}, "tr '\\n' '\\0'", "a\nb\n", "a\nb\n", "text/plain; charset=utf-8", "1000 exit status 0"},
		{[]string{"--framing=length"}, "cat", "\x00\x00\x00\x02hi", "hi", "application/octet-stream", "1000 exit status 0"},
		{[]string{"--framing=length"}, "cat", "\x00\x00\x00\x03hi", "", "application/octet-stream", "1011 output ended inside a message"},
	} {
		s := start(t, append(test.flags, "sh", "-c", test.script)...)
		a := ask(t, request(t, s, "POST", "/", strings.NewReader(test.body)))
		announced := a.Trailer[exitTrailer]
		body := a.rest()
		if a.StatusCode != 200 || body != test.want || a.Header.Get("Content-Type") != test.mimeType || a.Trailer.Get(exitTrailer) != test.exit {
			t.Errorf("%q %q: %d %q, %q, %q", test.flags, test.script, a.StatusCode, body, a.Header.Get("Content-Type"), a.Trailer)
		}
		if _, ok := a.Trailer[exitTrailer]; !ok || announced != nil {
			t.Errorf("the trailer was not announced: %v", a.Trailer)
		}
	}
}

func TestPostEvents(t *testing.T) {
	t.Parallel()
	a := ask(t, request(t, start(t, "sh", "-c", "cat; exit 3"), "POST", "/", strings.NewReader("a\nb\n"), eventStream))
	a.expect("", "a")
	a.expect("", "b")
	a.ends(4003, "exit status 3")
	if got := a.Trailer.Get(exitTrailer); got != "4003 exit status 3" {
		t.Errorf("the trailer is %q", got)
	}
}

// A conversation: the program answers each line before the client sends the next.
func TestPostIsLive(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", `echo ready; while read line; do echo "got $line"; done; echo end`)
	in, out := io.Pipe()
	a := ask(t, request(t, s, "POST", "/", in)) // the head comes before any of the body goes
	for _, step := range [][2]string{{"", "ready\n"}, {"one\n", "got one\n"}, {"two\n", "got two\n"}} {
		io.WriteString(out, step[0])
		if line, err := a.r.ReadString('\n'); line != step[1] || err != nil {
			t.Fatalf("%q, %v, expected %q", line, err, step[1])
		}
	}
	out.Close()
	if rest := a.rest(); rest != "end\n" {
		t.Errorf("%q", rest)
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// curl sends five megabytes, of which it asks first whether it may.
func TestPostCurl(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl")
	bin, dir := harness.Binary(t), t.TempDir()
	random := randomBytes(5 << 20)
	text := []byte(strings.Join(strings.SplitAfter(base64.StdEncoding.EncodeToString(random), "A"), "\n") + "\n")
	for name, test := range map[string]struct {
		data []byte
		args []string
		curl []string
	}{
		"binary": {random, []string{"--binary", "cat"}, nil},
		"text":   {text, []string{"cat"}, nil},
		"slow":   {random, []string{"--binary", "cat"}, []string{"--limit-rate", "8M"}},
		"events": {text[:1<<20], []string{"wc", "-c"}, []string{"-H", eventStream}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, bin, test.args...)
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, test.data, 0o644); err != nil {
				t.Fatal(err)
			}
			var told bytes.Buffer
			curl := exec.Command("curl", append(test.curl, "-sSv", "-H", "Expect: 100-continue", "--expect100-timeout", "60", "--data-binary", "@"+file, "http://"+s.Addr+"/")...)
			curl.Stderr = &told
			got, err := curl.Output()
			switch {
			case err != nil:
				t.Fatalf("curl: %v\n%s", err, told.String())
			case !strings.Contains(told.String(), "HTTP/1.1 100 Continue"):
				t.Errorf("it was not told to go on:\n%s", told.String())
			case name == "events" && !strings.Contains(string(got), "data: 1048576\n"):
				t.Errorf("%s", got)
			case name != "events" && !bytes.Equal(got, test.data):
				t.Errorf("%d of %d bytes came back", len(got), len(test.data))
			}
		})
	}
}

// A program that reads little of its input: its answer arrives whole.
func TestPostUnread(t *testing.T) {
	t.Parallel()
	s := start(t, "--binary", "sh", "-c", "head -c 100000; exit 3")
	data := randomBytes(5 << 20)
	for range 10 {
		a := ask(t, request(t, s, "POST", "/", bytes.NewReader(data)))
		if got := a.rest(); got != string(data[:100000]) || a.Trailer.Get(exitTrailer) != "4003 exit status 3" {
			t.Fatalf("%d bytes, %v", len(got), a.Trailer)
		}
	}
	all, err := syscallClient(t, s, data)
	if err != nil || !strings.Contains(all, "\r\n\r\n") || !strings.Contains(all, "Websocketd-Exit: 4003 exit status 3\r\n") {
		t.Errorf("a client that sends all before it reads: %d bytes, %v", len(all), err)
	}
}

// syscallClient sends all of a request before it reads.
func syscallClient(t *testing.T, s *harness.Server, data []byte) (string, error) {
	t.Helper()
	c := s.Dial(t)
	c.Send(t, harness.Get("/").Add("Content-Length", "5242880").Add("TE", "trailers").As("POST", "HTTP/1.1").String())
	if _, err := c.Conn.Write(data); err != nil {
		return "", err
	}
	all, err := io.ReadAll(c.Conn)
	return string(all), err
}
