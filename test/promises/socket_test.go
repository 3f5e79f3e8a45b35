package promises

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// underUmask is a command that runs the server, which is its first argument, under
// a umask of its own.
func underUmask(t *testing.T, mask string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "websocketd")
	harness.WriteFile(t, path, "#!/bin/sh\numask "+mask+"\nexec "+harness.Binary(t)+" \"$@\"\n", 0o755)
	return path
}

// The socket's file has the mode that was asked for, whatever the umask.
func TestSocketModes(t *testing.T) {
	t.Parallel()
	for _, mask := range []string{"000", "077"} {
		bin := underUmask(t, mask)
		for flag, want := range map[string]os.FileMode{"--loglevel=info": 0o600, "--socketgroup=" + itoa(os.Getegid()): 0o660, "--socketmode=0666": 0o666} {
			socket := filepath.Join(t.TempDir(), "s")
			s := harness.Options{Bin: bin, Bare: true, Args: []string{"--unixsocket=" + socket, flag, "cat"}}.Launch(t)
			s.Out.Await(t, "unix socket at")
			if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != want {
				t.Errorf("umask %s, %s: %v, %v", mask, flag, info.Mode(), err)
			}
			if info, err := os.Stat(socket + ".lock"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("umask %s, the lock: %v", mask, err)
			}
			s.Signal(t, syscall.SIGTERM)
			s.Wait(t)
			if left, _ := os.ReadDir(filepath.Dir(socket)); len(left) > 0 {
				t.Errorf("%s is left", left)
			}
		}
	}
}

// Of servers that start at once exactly one listens, on a stale file too.
func TestSocketOfManyStarts(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	for range 10 {
		var servers []*harness.Server
		for range 3 {
			servers = append(servers, harness.Options{Bin: harness.Binary(t), Unix: socket, Args: []string{"cat"}}.Launch(t))
		}
		var listening *harness.Server
		for _, s := range servers {
			harness.Until(t, "it listens or gives up", func() bool {
				return s.Exited() || len(s.Out.With("unix socket at")) > 0
			})
			switch {
			case !s.Exited() && listening != nil:
				t.Error("two listen")
			case !s.Exited():
				listening = s
			case s.Wait(t) != 3 || len(s.Out.With("already in use by a running server")) == 0:
				t.Errorf("the one that gave up: %s", strings.Join(s.Out.With(""), "\n"))
			}
		}
		if listening == nil {
			t.Fatal("nobody listens")
		}
		listening.Connect(t).Echo(t, "served")
		listening.Signal(t, syscall.SIGKILL) // its successors find its file, or its guardian at work
		listening.Wait(t)
	}
}

// The guardian of a killed server leaves the socket of its successor alone.
func TestSocketOfSuccessor(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	for range 3 { // a guardian that finds the successor's lock waits for it
		s := harness.Options{Bin: harness.Binary(t), Unix: socket, Args: []string{"cat"}}.Start(t)
		var guardian int // until there is one, its fork holds the socket of s, which the start of next would reach
		harness.Until(t, "there is a guardian", func() bool { guardian = s.Guardian(); return guardian != 0 })
		s.Signal(t, syscall.SIGKILL)
		s.Wait(t)
		next := harness.Options{Bin: harness.Binary(t), Unix: socket, Args: []string{"cat"}}.Start(t)
		harness.Until(t, "the guardian has ended", func() bool { return !harness.Alive(guardian) })
		next.Connect(t).Echo(t, "still reachable")
		next.Signal(t, syscall.SIGTERM)
		next.Wait(t)
	}
}

// What cannot be listened on is told with the way out.
func TestSocketErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "file"), "precious", 0o644)
	for path, says := range map[string]string{
		"/" + strings.Repeat("x", 200): "the path has 201 bytes, and the system allows ",
		filepath.Join(dir, "no", "s"):  "no such file or directory",
		filepath.Join(dir, "file"):     "a file of that name is no socket: remove it, or give another --unixsocket",
	} {
		s := harness.Options{Bin: harness.Binary(t), Unix: path, Args: []string{"cat"}}.Launch(t)
		if status := s.Wait(t); status != 3 {
			t.Errorf("%s: exit status %d", path, status)
		}
		s.Out.Await(t, "Can't start server: socket "+path+": ", says)
	}
}
