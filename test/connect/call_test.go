package connect

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// serveCalls starts a server that calls scripts by their names, and returns its URL.
func serveCalls(t *testing.T, scripts map[string]string, flags ...string) (s *harness.Server, address string) {
	t.Helper()
	s = harness.Start(t, harness.Binary(t), append(flags, "--pow", "--dir="+harness.Scripts(t, scripts))...)
	return s, "ws://" + s.Addr
}

// TestCalls: a program is called by its name, with parameters; input and output are as they
// are, the end of the input ends it, and the exit status is that of the program.
func TestCalls(t *testing.T) {
	t.Parallel()
	s, address := serveCalls(t, map[string]string{
		"cat":     "exec cat",
		"list":    `printf '[%s]' "$@"`,
		"three":   "echo three; exit 3",
		"killed":  "echo last; kill -KILL $$",
		"sub/one": "echo one",
	})
	for name, test := range map[string]struct {
		args           []string
		stdin          string
		status         int
		stdout, stderr string
	}{
		"input":              {[]string{address, "--pow=cat"}, "a\r\n\nü😀", 0, "a\r\n\nü😀", ""},
		"no input":           {[]string{address, "--pow=cat"}, "", 0, "", ""},
		"parameters":         {[]string{address, "--pow", "list", "a", "b c", ""}, "", 0, "[a][b c][]", ""},
		"flags among them":   {[]string{"--pow=list", address, "a", "--pingms=5000", "b"}, "", 0, "[a][b]", ""},
		"after two hyphens":  {[]string{address, "a", "--pow=list", "--", "b", "--", "c"}, "", 1, "", "failed to get process: invalid args"},
		"the base itself":    {[]string{address + "/pow/", "--pow=sub/one"}, "", 0, "one\n", ""},
		"http":               {[]string{"http://" + s.Addr, "--pow=three"}, "", 3, "three\n", "websocketd connect: process returned error: exit status 3\n"},
		"a signal":           {[]string{address, "--pow=killed"}, "", 137, "last\n", "websocketd connect: process returned error: signal: SIGKILL\n"},
		"none of that name":  {[]string{address, "--pow=none"}, "", 1, "", "websocketd connect: failed to get process: unknown process\n"},
		"no place for calls": {[]string{address + "/none", "--pow=cat"}, "", 1, "", "websocketd connect: 404 Not Found"},
		"not for calls":      {[]string{address + "/cat", "--pow=cat"}, "", 1, "", "it has not chosen the subprotocol pow-1"},
		"not UTF-8":          {[]string{address, "--pow=cat"}, "\xff", 1, "", "websocketd connect: standard input: the input is not UTF-8"},
		"framing":            {[]string{address, "--pow=cat", "--binary"}, "", 2, "", "please only specify one of --pow and --binary"},
		"another origin":     {[]string{address, "--pow=cat", "--origin=https://evil.example"}, "", 1, "", "403 Forbidden: Origin https://evil.example is not allowed here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, test.args...)
			io.WriteString(c.in, test.stdin) // it may not be read
			c.in.Close()
			c.ends(t, test.status, test.stdout, test.stderr)
		})
	}
}

// TestCallsOfFile: a parameter that the program asks for may begin with a hyphen, a value is
// said, and a program may ask for a token.
func TestCallsOfFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name, text string) string {
		file := filepath.Join(dir, name)
		harness.WriteFile(t, file, text, 0o600)
		return file
	}
	s := harness.Start(t, harness.Binary(t), "--pow", "--tokenfile="+in("tokens", "ada:0123456789abcdef\n"), "--config="+in("websocketd.toml", `
[program.build]
command = ["sh", "-c", "echo built; echo '{ \"n\": 1 }'"]
result = "lastline-json"

[program.head]
command = ["head"]
params = ["-n[0-9]+"]
`))
	token := "--tokenfile=" + in("token", "0123456789abcdef\n")
	for name, test := range map[string]struct {
		args           []string
		stdin          string
		status         int
		stdout, stderr string
	}{
		"a value":           {[]string{token, "--pow=build"}, "", 0, "built\n{ \"n\": 1 }\n", "result: {\"n\":1}\n"},
		"a hyphen":          {[]string{token, "--pow=head", "--", "-n1"}, "a\nb\n", 0, "a\n", ""},
		"a wrong parameter": {[]string{token, "--pow=head", "--", "-c1"}, "a\nb\n", 1, "", "failed to get process: invalid args: "},
		"no token":          {[]string{"--pow=build"}, "", 1, "", "401 Unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, append([]string{s.Addr}, test.args...)...)
			io.WriteString(c.in, test.stdin) // it may not be read
			c.in.Close()
			c.ends(t, test.status, test.stdout, test.stderr)
		})
	}
}

// TestCallsInBulk: what goes through a call is what went in, in both directions at once, also
// where the program is itself a call of another server's.
func TestCallsInBulk(t *testing.T) {
	t.Parallel()
	n := size(t)
	_, inner := serveCalls(t, map[string]string{"cat": "cat; exit 9"})
	_, outer := serveCalls(t, map[string]string{"again": "exec '" + harness.Binary(t) + "' connect --pow=cat " + inner})
	c := exec.CommandContext(harness.Context(t), harness.Binary(t), "connect", "--pow=again", outer)
	sent, came := sha256.New(), sha256.New()
	from, to := io.Pipe()
	go func() { // text, without a newline
		encoder := base64.NewEncoder(base64.StdEncoding, to)
		io.CopyN(encoder, rand.NewChaCha8([32]byte{11}), int64(n)/4*3)
		encoder.Close()
		to.Close()
	}()
	c.Stdin, c.Stdout, c.Stderr = io.TeeReader(from, sent), &counting{Hash: came}, os.Stderr
	c.Run()
	from.Close()
	if status := c.ProcessState.ExitCode(); status != 9 {
		t.Errorf("exit status %d, want 9", status)
	}
	if got := c.Stdout.(*counting).n; got < n/4*3 || string(sent.Sum(nil)) != string(came.Sum(nil)) {
		t.Errorf("%d bytes of %d came back, the same: %v", got, n, string(sent.Sum(nil)) == string(came.Sum(nil)))
	}
}

// TestCallsAreCanceled: at a terminal Ctrl-D ends the input; Ctrl-C cancels the call, a second
// one closes the program's input, and a third one leaves.
func TestCallsAreCanceled(t *testing.T) {
	t.Parallel()
	enough := filepath.Join(t.TempDir(), "enough")
	_, quick := serveCalls(t, map[string]string{
		"reads": `printf 'ready\033[2J\n'; cat; echo over`,
		"ends":  `trap 'echo canceled; exit 0' INT; echo ready; sleep 1000 & wait`,
		"dies":  `echo ready; exec sleep 1000`,
	})
	_, patient := serveCalls(t, map[string]string{
		"stubborn": `trap '' INT TERM; echo ready; cat; echo 'no more input'; exit 5`,
		"stays":    `trap '' INT TERM; echo ready; until [ -e '` + enough + `' ]; do sleep 0.1; done`,
	}, "--closems=600000")
	t.Cleanup(func() { harness.WriteFile(t, enough, "", 0o600) })
	const first, second = "asking the server to end the program, ", "asking the server to close the program's input as well; Ctrl-C once more leaves"
	for name, test := range map[string]struct {
		address string
		keys    []string
		shows   []string // after each
		status  int
	}{
		"reads":    {quick, []string{"hello\r", "\x04"}, []string{"hello\r\nhello\r\n", "over"}, 0}, // as the terminal echoes it, and the program
		"ends":     {quick, []string{"\x03"}, []string{"canceled\r\n"}, 0},
		"dies":     {quick, []string{"\x03"}, []string{"process returned error: client requested cancellation (signal: SIGINT)"}, 130},
		"stubborn": {patient, []string{"\x03", "\x03"}, []string{first, "no more input"}, 5},
		"stays":    {patient, []string{"\x03", "\x03", "\x03"}, []string{first, second, ""}, -int(syscall.SIGINT)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := atTerminal(t, nil, test.address, "--pow="+name)
			c.shows(t, "ready")
			for i, key := range test.keys {
				c.types(t, key)
				c.shows(t, test.shows[i])
			}
			if status := c.wait(t); status != test.status {
				t.Errorf("exit status %d, want %d: %q", status, test.status, c.out.String())
			}
			if strings.Contains(c.out.String(), "\x1b[2J") {
				t.Errorf("a program controls the terminal: %q", c.out.String())
			}
		})
	}
}

// TestCallsAtTerminal: what is said about a call stands on a line of its own, and a newline that
// is cut in two is one.
func TestCallsAtTerminal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "websocketd.toml")
	harness.WriteFile(t, file, `
[program.value]
command = ["sh", "-c", "printf 7"]
result = "lastline-json"

[program.whole]
command = ["sh", "-c", "printf '%s\\r' one; read -r _; printf '\\ntwo\\n7\\n'"]
result = "lastline-json"

[program.fails]
command = ["sh", "-c", "printf 'half\\r'; exit 3"]
`, 0o600)
	s := harness.Start(t, harness.Binary(t), "--pow", "--config="+file)
	for name, test := range map[string]struct {
		shows  string
		status int
	}{
		"value": {"7\r\nresult: 7\r\n", 0},
		"whole": {"one\r\n\r\ntwo\r\n7\r\nresult: 7\r\n", 0}, // as the terminal echoes Enter, and the newline of the program
		"fails": {`half\r` + "\r\nwebsocketd connect: process returned error: exit status 3\r\n", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := atTerminal(t, nil, s.Addr, "--pow="+name)
			if name == "whole" {
				c.shows(t, "one")
				c.types(t, "\r")
			}
			status := c.wait(t)
			c.shows(t, test.shows)
			if status != test.status {
				t.Errorf("exit status %d: %q", status, c.out.String())
			}
		})
	}
}

// TestCallsAreLeft: neither a program that does not read nor a reader that does not holds up
// signals. The server cancels the program then.
func TestCallsAreLeft(t *testing.T) {
	t.Parallel()
	s, address := serveCalls(t, map[string]string{
		"sleeps": `trap '' INT TERM; echo ready; until [ -e "$1" ]; do sleep 0.1; done`,
		"talks":  "exec yes",
	}, "--closems=600000")
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		enough := filepath.Join(t.TempDir(), "enough")
		t.Cleanup(func() { harness.WriteFile(t, enough, "", 0o600) })
		c := start(t, "--pow=sleeps", address, enough)
		c.out.Await(t, "ready")
		fill(t, c.in)
		leave(t, c, sig)
		c.ends(t, -int(sig), "ready\n", c.err.String())
		harness.WriteFile(t, enough, "", 0o600)

		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c = startWith(t, to, "--pow=talks", address)
		to.Close()
		harness.Until(t, "it cannot write", func() bool { return harness.Blocked(c.cmd.Process.Pid) })
		leave(t, c, sig)
		c.ends(t, -int(sig), "", c.err.String())
		from.Close()
		harness.Until(t, "the programs have ended", func() bool { return len(s.Children()) == 0 })
	}
}

// leave sends a signal, or three if the first two only cancel: two that come at once are one.
func leave(t *testing.T, c *client, sig syscall.Signal) {
	t.Helper()
	if sig == syscall.SIGINT {
		c.signal(t, sig)
		c.err.Await(t, "asking the server to end the program")
		c.signal(t, sig)
		c.err.Await(t, "asking the server to close the program's input")
	}
	c.signal(t, sig)
}
