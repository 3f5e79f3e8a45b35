package connect

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestResume: a server that is started again goes on with a shared program, of which another
// process runs; a session has ended with the server; a program with a process for each
// connection has nothing to go on with.
func TestResume(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flags          []string
		stdout, stderr string
		status         int
	}{
		"shared":     {[]string{"--shared"}, "ready\nready\n", "another process has taken the place of the one before", 4},
		"session":    {[]string{"--resume=1m"}, "ready\n", "404 Not Found: there is no such session", 1},
		"connection": {nil, "ready\n", "there is none to come back to", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := harness.Options{Bin: harness.Binary(t), Port: harness.FreePort(t), Args: append(test.flags, "sh", "-c", "echo ready; read -r line; exit 4")}
			s := o.Start(t)
			c := start(t, "--resume", "ws://"+s.Addr+"/")
			c.out.Await(t, "ready")
			s.Signal(t, syscall.SIGTERM)
			if status := s.Wait(t); status != 0 {
				t.Errorf("the server ended with %d", status)
			}
			o.Start(t)
			if name == "shared" {
				harness.Until(t, "it is connected again", func() bool { return c.out.String() == test.stdout })
				c.say(t, "enough\n")
			}
			c.ends(t, test.status, test.stdout, test.stderr)
		})
	}
}

// TestResumeLosesNothing: what is typed while the connection is lost is sent when there is
// another, and what was said meanwhile comes.
func TestResumeLosesNothing(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := serve(t, `echo ready; cat "`+fifo+`"; read -r line; echo "got $line"; exit 4`, "--resume=1m")
	proxy := harness.NewProxy(t, s.Addr)
	c := start(t, "--resume", "ws://"+proxy.Addr+"/")
	c.out.Await(t, "ready")
	proxy.After(0, harness.Reset)
	put(t, fifo, "meanwhile\n")
	c.err.Await(t, "trying again in") // what is just on its way then may be lost
	c.say(t, "hello\n")
	c.ends(t, 4, "ready\nmeanwhile\ngot hello\n", "trying again in")
	if !c.err.Has("connected again") {
		t.Errorf("standard error %q", c.err.String())
	}
}

// TestResumeInterrupted: a signal does not wait for the next try.
func TestResumeInterrupted(t *testing.T) {
	t.Parallel()
	s, address := serve(t, "echo ready; exec cat", "--shared")
	c := start(t, "--resume", address)
	c.out.Await(t, "ready")
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	c.err.Await(t, "trying again in")
	c.signal(t, syscall.SIGTERM)
	c.ends(t, -int(syscall.SIGTERM), "ready\n", "trying again in")
}

// TestResumeAtTheEnd: a program that ends between its state and the handshake is asked for
// once more, and then the server's sentence is the end.
func TestResumeAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("state") {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"lifetime":"shared","epoch":"AAAA","first":1,"last":0}`)
				return
			}
			http.Error(w, "the program has ended", status)
		}))
		t.Cleanup(s.Close)
		c := start(t, "--resume", s.URL)
		c.ends(t, 1, "", http.StatusText(status)+": the program has ended")
		if !strings.Contains(c.err.String(), "trying again") {
			t.Errorf("%d: standard error %q", status, c.err.String())
		}
	}
}

// TestToken: the token of a file is shown to a server that asks for one, also when the
// connection is made again with another token in the file.
func TestToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tokens, own := filepath.Join(dir, "tokens"), filepath.Join(dir, "own")
	harness.WriteFile(t, tokens, "ada:token-of-ada-0123456789\nada:token-of-ada-9876543210\n", 0o600)
	harness.WriteFile(t, own, "token-of-ada-0123456789\n", 0o600)
	_, plain := serve(t, `echo "hello $REMOTE_USER"`, "--tokenfile="+tokens)
	start(t, plain).ends(t, 1, "", "401 Unauthorized")
	start(t, "--tokenfile="+own, plain).ends(t, 0, "hello ada\n", "")

	s, _ := serve(t, `echo "hello $REMOTE_USER"; exec cat`, "--tokenfile="+tokens, "--resume=1m")
	proxy := harness.NewProxy(t, s.Addr)
	c := start(t, "--resume", "--tokenfile="+own, "ws://"+proxy.Addr+"/")
	c.out.Await(t, "hello ada")
	harness.WriteFile(t, own, "token-of-ada-9876543210", 0o600)
	proxy.After(0, harness.Reset)
	c.err.Await(t, "connected again")
	c.say(t, "still there\n")
	c.out.Await(t, "still there")
	c.signal(t, syscall.SIGTERM)
	c.ends(t, -int(syscall.SIGTERM), "hello ada\nstill there\n", "connected again")
}
