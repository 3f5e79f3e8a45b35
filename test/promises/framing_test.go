package promises

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A prompt without a newline is there at once, and what the client says comes
// without one.
func TestRawPrompt(t *testing.T) {
	t.Parallel()
	s := start(t, "--framing=raw", "sh", "-c", `printf 'Name? '; name=$(head -c 3); printf 'Hello %s' "$name"; exit 3`)
	c := s.Connect(t)
	c.Expect(t, "Name? ")
	c.Binary([]byte("An"))
	c.Text("n")
	if got := c.Ends(t, 4003, "exit status 3"); strings.Join(got, "") != "Hello Ann" {
		t.Errorf("got %q", got)
	}
}

// A character in two writes is whole; one that never is becomes U+FFFD after a
// second, while the program waits.
func TestRawCharacters(t *testing.T) {
	t.Parallel()
	harness.Need(t, "perl")
	s := start(t, "--framing=raw", "perl", "-e",
		`$| = 1; print "\xe2"; print "\x82"; print "\xac!"; read STDIN, $a, 1; print "<\xf0\x9f"; read STDIN, $a, 1; print "\x98\x80>"; read STDIN, $a, 1;`)
	c := s.Connect(t)
	receiveText(t, c, "€!")
	c.Text("1")
	receiveText(t, c, "<\ufffd")
	c.Text("2")
	receiveText(t, c, "\ufffd\ufffd>")
	c.Text("3")
	c.Ends(t, 1000, "")
}

// receiveText reads messages until they make up text.
func receiveText(t *testing.T, c *harness.Conn, text string) {
	t.Helper()
	got := ""
	for len(got) < len(text) {
		m, err := c.Receive()
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		if m.Op != harness.TextOp {
			t.Fatalf("a message of kind %d", m.Op)
		}
		got += string(m.Data)
	}
	if got != text {
		t.Fatalf("got %q, expected %q", got, text)
	}
}

// What a program says and what it reads, in framings that a client parses.
func TestFramedConversations(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("€\\n", 300000) // 1.5 MB as it stands
	for framing, messages := range map[string][]string{
		"null":   {"one\nline", "", "two\r\n", long},
		"length": {"a\x00b\n", "", "Content-Length: 1\r\n\r\n", long},
		"lsp":    {"{}", `"é"`, "{\n}", `"` + long + `"`},
		"ndjson": {"{}", `"é"`, "[1,2.50]", `"` + long + `"`},
	} {
		t.Run(framing, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--framing="+framing, "--maxline=2M", "--maxframesize=2000000", "cat")
			c := s.Connect(t)
			for range 3 {
				for _, message := range messages {
					c.Text(message)
					m, err := c.Receive()
					if err != nil || string(m.Data) != message || (m.Op == harness.BinaryOp) != (framing == "length") {
						t.Fatalf("%.50q comes back as %.50q, kind %d, %v", message, m.Data, m.Op, err)
					}
				}
			}
			c.Leave(t)
			harness.NoSurvivors(t, s)
		})
	}
}

// Pretty-printed JSON is one line for the program.
func TestCompacted(t *testing.T) {
	t.Parallel()
	c := start(t, "--framing=ndjson", "sh", "-c", "read -r line; echo ${#line}").Connect(t)
	c.Text("{\n  \"a\": [1,\r\n 2]\n}")
	c.Expect(t, fmt.Sprint(len(`{"a":[1,2]}`)))
}

// What breaks a framing ends with 1011 and a reason that says what was wrong;
// what was whole before arrives; nothing of the program is left, though it never
// ends by itself.
func TestBrokenOutput(t *testing.T) {
	t.Parallel()
	const endless = "; yes | tr -d '\\n'"
	for _, test := range []struct {
		framing, script string
		want            string // joined by |
		reason          string
	}{
		{"null", `printf 'a\000'` + endless, "a", "message over --maxline"},
		{"ndjson", `echo '{}'` + endless, "{}", "message over --maxline"},
		{"length", `printf '\000\000\000\001a\377\377\377\377'` + endless, "a", "message over --maxline"},
		{"length", `printf '\000\000\000\001a\000\000\000\002b'; exit 3`, "a", "output ended inside a message"},
		{"lsp", `printf 'Content-Length: 2\r\n\r\n{}Content-Length: -1\r\n\r\n'` + endless, "{}", `Content-Length "-1" is not a number of bytes`},
		{"lsp", `printf 'Content-Length: 1000000000\r\n\r\n'` + endless, "", "Content-Length 1000000000 is over --maxline=1048576"},
		{"lsp", `printf 'Content-Length: 12345678901234567890\r\n\r\n'` + endless, "", "Content-Length 12345678901234567890 is over --maxline=1048576"},
		{"lsp", `printf 'Content-Length: 2\r\n\r\n{}'` + endless, "{}", "64 KiB of output without a message after a Content-Length"},
		{"lsp", `printf 'Content-Length: 2\r\n\r\n{'; exit 3`, "", "output ended inside a message"},
	} {
		t.Run(test.framing+" "+test.reason, func(t *testing.T) {
			t.Parallel()
			s := startPlain(t, "--framing="+test.framing, "sh", "-c", test.script)
			got := s.Connect(t).Ends(t, 1011, test.reason)
			if all := strings.Join(got, "|"); all != test.want {
				t.Errorf("got %.80q, expected %q", all, test.want)
			}
			harness.NoSurvivors(t, s)
			s.Out.Await(t, "DISCONNECT", test.reason)
			limitMemory(t, s, test.framing+", "+test.reason, 64*mib)
		})
	}
}

// A program that does not end well is ended all the same when its output is
// broken, and a client that reads late gets what was whole before.
func TestBrokenOutputOfAStubbornProgram(t *testing.T) {
	t.Parallel()
	harness.Need(t, "perl")
	s := start(t, "--framing=length", "perl", "-e",
		`$SIG{$_} = "IGNORE" for qw(INT TERM HUP PIPE); $| = 1; print pack("N/a*", "x" x 1000) for 1..12000; print "\xff" x 4; print "y" while 1`)
	c := s.Connect(t)
	harness.Until(t, "the program waits for its client", func() bool {
		pids := s.Children()
		return len(pids) == 1 && harness.Blocked(pids[0])
	})
	if got := c.Ends(t, 1011, "message over --maxline"); len(got) != 12000 {
		t.Errorf("%d of 12000 messages", len(got))
	}
	harness.NoSurvivors(t, s)
}

// What a framing cannot carry ends with a code and a reason; what came before it
// has reached the program, and nothing of it does.
func TestRefusedInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flag, good string
		bad        string
		binary     bool
		code       int
		reason     string
		read       string // by the program
	}{
		{"--framing=null", "a", "b\x00c", false, 1008, "NUL", "a\x00"},
		{"--framing=null", "a", "b\x00c", true, 1008, "NUL", "a\x00"},
		{"--framing=ndjson", "{ }", "{", false, 1008, "not one JSON value", "{}\n"},
		{"--framing=ndjson", "{ }", "1 2", false, 1008, "not one JSON value", "{}\n"},
		{"--framing=ndjson", "{ }", "{}", true, 1003, "binary messages are not taken with --framing=ndjson", "{}\n"},
		{"--framing=lsp", "{}", "{}", true, 1003, "binary messages are not taken with --framing=lsp", "Content-Length: 2\r\n\r\n{}"},
		{"--framing=lsp", "{}", "Content-Length: 3\r\n\r\n{\"id\":1}", false, 1008, "not a message of --framing=lsp: its Content-Length is 3, and 8 bytes follow", "Content-Length: 2\r\n\r\n{}"},
		{"--newlines=reject", "a", "b\nc", false, 1008, "--newlines=reject", "a\n"},
	} {
		t.Run(fmt.Sprint(test.flag, " ", test.code, " ", test.bad), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "input")
			s := start(t, test.flag, "sh", "-c", "cat >"+file+"; sleep 100")
			c := s.Connect(t)
			c.Text(test.good)
			if test.binary {
				c.Binary([]byte(test.bad))
			} else {
				c.Text(test.bad)
			}
			c.Text(test.good)
			_, end := c.Rest(t)
			if end.Code != test.code || !strings.Contains(end.Reason, test.reason) {
				t.Errorf("%v, expected %d %q", end, test.code, test.reason)
			}
			harness.NoSurvivors(t, s)
			if got, err := os.ReadFile(file); err != nil || string(got) != test.read {
				t.Errorf("the program read %q, %v, expected %q", got, err, test.read)
			}
			s.Out.Await(t, "DISCONNECT", fmt.Sprint("closed with ", test.code))
		})
	}
}

// A client that is refused and reads nothing loses its program all the same, though
// that goes on talking. What is on its way to it may take its time (two ping
// intervals without progress), but no longer than the client is there.
func TestRefusedClientDoesNotListen(t *testing.T) {
	t.Parallel()
	s := start(t, "--newlines=reject", "yes", "a line of some thirty bytes and more")
	c := s.Connect(t)
	harness.Until(t, "the program waits for its client", func() bool {
		pids := s.Children()
		return len(pids) == 1 && harness.Blocked(pids[0])
	})
	c.Text("two\nlines")
	harness.NoSurvivors(t, s)
	c.Reset()
	s.Out.Await(t, "DISCONNECT", "closed with 1008")
}

// What is no JSON, or stands before a header, is in the log and not with the client.
func TestJunkGoesToTheLog(t *testing.T) {
	t.Parallel()
	for framing, script := range map[string]string{
		"ndjson": `echo 'Starting up'; echo '{"a":1}'; echo; echo 'half a'`,
		"lsp":    `echo 'Starting up'; printf 'Content-Length: 7\r\n\r\n{"a":1}'; echo 'half a'`,
	} {
		s := start(t, "--framing="+framing, "sh", "-c", script)
		if got := s.Connect(t).Ends(t, 1000, ""); len(got) != 1 || got[0] != `{"a":1}` {
			t.Errorf("%s: got %q", framing, got)
		}
		for _, line := range []string{"Starting up", "half a"} {
			s.Out.Await(t, "| stdout ", line)
		}
	}
}

// A preset is its flags, and a flag beside it wins.
func TestPresets(t *testing.T) {
	t.Parallel()
	big := `"` + strings.Repeat("x", 2*mib) + `"`
	for _, preset := range []string{"mcp", "lsp"} {
		s := start(t, "--preset="+preset, "cat")
		c := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "x, mcp"))
		if got := c.Header("Sec-WebSocket-Protocol"); (got == "mcp") != (preset == "mcp") {
			t.Errorf("%s: the subprotocol %q", preset, got)
		}
		c.Echo(t, big)
		c = start(t, "--preset="+preset, "--maxframesize=100", "cat").Connect(t)
		c.Text(big)
		c.Ends(t, 1009, "")
	}
}

// A process that was started ahead reads its first line before the framing begins.
func TestPreforkedFraming(t *testing.T) {
	t.Parallel()
	harness.Need(t, "python3")
	s := start(t, "--prefork=1", "--preforkrequest", "--framing=length", "python3", "-c", `
import json, struct, sys
path = json.loads(sys.stdin.buffer.readline())["PATH_INFO"].encode()
n, = struct.unpack(">I", sys.stdin.buffer.read(4))
answer = path + sys.stdin.buffer.read(n)
sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)`)
	for range 3 {
		c := s.ConnectTo(t, "/here")
		c.Text("hello")
		if got := c.Ends(t, 1000, ""); len(got) != 1 || got[0] != "/herehello" {
			t.Errorf("got %q", got)
		}
	}
}
