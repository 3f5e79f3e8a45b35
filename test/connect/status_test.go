package connect

import (
	"io"

	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestPrograms: the exit status is that of the program.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script, stdout string
		status         int
	}{
		{"echo one; printf two", "one\ntwo\n", 0},
		{"echo one; exit 7", "one\n", 7},
		{"exit 255", "", 255},
		{"echo last; kill -KILL $$", "last\n", 128 + 9},
	} {
		t.Run(test.script, func(t *testing.T) {
			t.Parallel()
			_, address := serve(t, test.script)
			start(t, address).ends(t, test.status, test.stdout, "")
		})
	}
}

// TestNoConnection: the exit status is 1, and standard error has a sentence: the server's,
// or what is wrong with the network and the way out.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ours := harness.NewCertificate(t, dir, "ours", "localhost")
	others := harness.NewCertificate(t, dir, "others", "elsewhere.example")
	_, plain := serve(t, "echo hello")
	secure, _ := serveTLS(t, ours)
	strict, _ := serveTLS(t, ours, "--sslca="+ours.Cert)
	foreign, _ := serveTLS(t, others)
	nothing := "ws://127.0.0.1:" + portOf(harness.FreePort(t))
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"the server refuses":        {[]string{plain, "--origin=https://evil.example"}, 1, "403 Forbidden: Origin https://evil.example is not allowed here"},
		"nothing listens":           {[]string{nothing}, 1, "nothing listens there"},
		"no such host":              {[]string{"ws://no-such-host.invalid"}, 1, "host no-such-host.invalid"},
		"no such socket":            {[]string{"--unixsocket=" + filepath.Join(dir, "none")}, 1, "there is no such socket"},
		"an unknown authority":      {[]string{secure}, 1, "--ca=FILE names it, --insecure accepts every certificate"},
		"another host's":            {[]string{foreign, "--ca=" + others.Cert}, 1, "the server's certificate is for another host"},
		"no certificate":            {[]string{strict, "--ca=" + ours.Cert}, 1, "--cert=FILE and --key=FILE show one"},
		"TLS to a plain port":       {[]string{strings.Replace(plain, "ws:", "wss:", 1)}, 1, "the server does not speak TLS: write ws://"},
		"plain to a TLS port":       {[]string{strings.Replace(secure, "wss:", "ws:", 1)}, 1, "if the server speaks TLS, write wss://"},
		"a known authority":         {[]string{secure, "--ca=" + ours.Cert}, 0, ""},
		"any certificate":           {[]string{secure, "--insecure"}, 0, ""},
		"with a certificate":        {[]string{strict, "--ca=" + ours.Cert, "--cert=" + ours.Cert, "--key=" + ours.Key}, 0, ""},
		"bad usage":                 {[]string{plain, "--nosuch"}, 2, "flag provided but not defined: --nosuch"},
		"a file that is not there":  {[]string{secure, "--ca=" + filepath.Join(dir, "none")}, 2, "no such file"},
		"a file that has no secret": {[]string{plain, "--header=@" + ours.Cert}, 2, "must be NAME:VALUE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout := ""
			if test.status == 0 {
				stdout = "hello\n"
			}
			start(t, test.args...).ends(t, test.status, stdout, test.stderr)
		})
	}
}

// serveTLS starts a server with a certificate.
func serveTLS(t *testing.T, c harness.Certificate, flags ...string) (address string, s *harness.Server) {
	t.Helper()
	s, _ = serve(t, "echo hello", append(flags, "--ssl", "--sslcert="+c.Cert, "--sslkey="+c.Key)...)
	return "wss://localhost:" + portOf(s.Port) + "/", s
}

func portOf(port int) string { return strconv.Itoa(port) }

// TestEndOfInput: a WebSocket has no half-close, so that what comes is printed until the
// server closes, or until nothing has come for --eofwait.
func TestEndOfInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, address := serve(t, `read -r line; echo "got $line"; cat "`+dir+`/fifo"; exit 5`)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, address)
	c.say(t, "hello\n")
	c.in.Close()
	c.out.Await(t, "got hello")
	put(t, filepath.Join(dir, "fifo"), "later\n")
	c.ends(t, 5, "got hello\nlater\n", "")

	for _, wait := range []string{"0s", "200ms"} {
		s, echo := serve(t, "exec cat")
		c = start(t, echo, "--eofwait="+wait)
		c.say(t, strings.Repeat("x\n", 1000))
		c.out.Await(t, "x")
		c.in.Close()
		if status := c.wait(t); status != 0 || c.err.String() != "" {
			t.Errorf("--eofwait=%s: exit status %d, %s", wait, status, &c.err)
		}
		if line := s.Out.Await(t, "DISCONNECT"); !strings.Contains(line, "messagesin:'1000'") || !strings.Contains(line, "ending:'client closed: 1000'") {
			t.Errorf("--eofwait=%s: %s", wait, line)
		}
		if wait != "0s" && c.out.String() != strings.Repeat("x\n", 1000) {
			t.Errorf("%d bytes came back", len(c.out.String()))
		}
	}
}

// TestSignals: a signal leaves the server in good order, and ends the process by itself.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s, address := serve(t, "echo ready; exec cat")
			c := start(t, address)
			c.out.Await(t, "ready")
			c.signal(t, sig)
			c.ends(t, -int(sig), "ready\n", "")
			if line := s.Out.Await(t, "DISCONNECT"); !strings.Contains(line, "client closed: 1001") {
				t.Error(line)
			}
		})
	}
}

// TestSignalsWhileStuck: neither a server that does not read nor a reader that does not
// holds up a signal.
func TestSignalsWhileStuck(t *testing.T) {
	t.Parallel()
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		_, address := serve(t, "echo ready; exec sleep 1000")
		c := start(t, address)
		c.out.Await(t, "ready")
		fill(t, c.in)
		c.signal(t, syscall.SIGINT)
		c.ends(t, -int(syscall.SIGINT), "ready\n", "")
	})
	t.Run("reader", func(t *testing.T) {
		t.Parallel()
		_, address := serve(t, "yes")
		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		c := startWith(t, to, address)
		to.Close()
		harness.Until(t, "it cannot write", func() bool { return harness.Blocked(c.cmd.Process.Pid) })
		c.signal(t, syscall.SIGINT)
		c.ends(t, -int(syscall.SIGINT), "", "")
	})
}

// fill writes to a pipe until that has been full for a while.
func fill(t *testing.T, to *os.File) {
	t.Helper()
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = "x\n"[i%2]
	}
	for {
		to.SetWriteDeadline(harness.Soon())
		if n, err := to.Write(block); err != nil && n == 0 {
			return
		}
	}
}

// TestBrokenPipe: it ends by SIGPIPE as other programs do.
func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	_, address := serve(t, "exec yes")
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := startWith(t, to, address)
	to.Close()
	if _, err := io.ReadFull(from, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	from.Close()
	c.ends(t, -int(syscall.SIGPIPE), "", "")
}

// TestServerEnds: a server that stops or is killed is an error, with its words.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sig    syscall.Signal
		stderr string
	}{
		"stops":     {syscall.SIGTERM, "the server has closed with 1001: server is going away"},
		"is killed": {syscall.SIGKILL, "the connection was lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, address := serve(t, "echo ready; exec cat")
			c := start(t, address)
			c.out.Await(t, "ready")
			s.Signal(t, test.sig)
			s.Wait(t)
			c.ends(t, 1, "ready\n", test.stderr)
		})
	}
}

// TestFramings: what a framing cannot carry is an error on either side.
func TestFramings(t *testing.T) {
	t.Parallel()
	_, text := serve(t, "echo no JSON; exec cat")
	c := start(t, text, "--framing=ndjson")
	c.ends(t, 1, "", "the message is not one JSON value")

	s, echo := serve(t, "exec cat", "--framing=length")
	c = start(t, echo, "--framing=length")
	c.say(t, "\x00\x00\x00\x02hi")
	harness.Until(t, "it comes back", func() bool { return c.out.String() == "\x00\x00\x00\x02hi" })
	c.say(t, "\x00\x00\x00\x02h")
	c.in.Close()
	c.ends(t, 1, "\x00\x00\x00\x02hi", "input ended inside a message")
	s.Out.Await(t, "client closed: 1011")

	_, echo = serve(t, "exec cat", "--framing=lsp")
	c = start(t, echo, "--framing=lsp", "--eofwait=300ms")
	c.say(t, "Content-Length: 2\r\n\r\n{}")
	harness.Until(t, "it comes back", func() bool { return c.out.Has("Content-Length: 2\r\n\r\n{}") })
	c.in.Close()
	c.ends(t, 0, "Content-Length: 2\r\n\r\n{}", "")
}

// TestWhatIsSent: flags reach the server and the program.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	harness.WriteFile(t, secret, "X-Secret: hidden\n", 0o600)
	socket := filepath.Join(dir, "socket")
	harness.Options{Bin: harness.Binary(t), Unix: socket, Args: []string{"--protocol=b", "--origin=https://o.example", "--host=h.example", "sh", "-c",
		`echo "$HTTP_HOST $HTTP_ORIGIN $HTTP_SEC_WEBSOCKET_PROTOCOL $HTTP_X_ONE $HTTP_X_SECRET $HTTP_AUTHORIZATION $PATH_INFO $QUERY_STRING"`}}.Start(t)
	c := start(t, "--unixsocket="+socket, "http://h.example/?q=1", "--protocol=a,b", "-H", "X-One: 1", "-H", "@"+secret,
		"--origin=https://o.example", "--user=me:pw")
	c.ends(t, 0, "h.example https://o.example a, b 1 hidden Basic bWU6cHc= / q=1\n", "")
}
