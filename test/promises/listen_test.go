package promises

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// Without --address only this machine can connect, by both loopback addresses,
// and the start-up lines say so.
func TestDefaultIsLoopback(t *testing.T) {
	t.Parallel()
	s := harness.Options{Bin: harness.Binary(t), Bare: true, Port: harness.FreePort(t)}
	s.Args = []string{"--port=" + itoa(s.Port), "--passenv=PATH,WSD_MARK", "cat"}
	server := s.Start(t)
	server.Connect(t).Echo(t, "by 127.0.0.1")
	if hasIPv6() {
		c := harness.ConnectTo(t, "[::1]:"+itoa(s.Port))
		c.Echo(t, "by ::1")
	}
	for _, addr := range otherAddresses(t) {
		if c, err := net.Dial("tcp", net.JoinHostPort(addr, itoa(s.Port))); err == nil {
			c.Close()
			t.Errorf("a connection to %s was accepted", addr)
		}
	}
	if line := server.Out.Await(t, "Starting WebSocket server"); !strings.HasSuffix(line, "ws://localhost:"+itoa(s.Port)+"/") || len(server.Out.With("Starting WebSocket server")) != 1 {
		t.Errorf("the start-up line does not tell the address: %s", line)
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

func otherAddresses(t *testing.T) (all []string) {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip := a.(*net.IPNet).IP; !ip.IsLoopback() && ip.To4() != nil {
			all = append(all, ip.String())
		}
	}
	return all
}

// Several addresses, IPv6 with and without brackets.
func TestAddresses(t *testing.T) {
	t.Parallel()
	flags := []string{"--address=127.0.0.1", "--address=127.0.0.2"}
	hosts := []string{"127.0.0.1", "127.0.0.2"}
	if hasIPv6() {
		flags, hosts = append(flags, "--address=::1"), append(hosts, "[::1]")
	}
	o := harness.Options{Bin: harness.Binary(t), Bare: true, Port: harness.FreePort(t)}
	o.Args = append(flags, "--port="+itoa(o.Port), "--passenv=PATH,WSD_MARK", "cat")
	s := o.Start(t)
	for _, host := range hosts {
		harness.ConnectTo(t, host+":"+itoa(o.Port)).Echo(t, host)
		s.Out.Await(t, "Starting WebSocket server", "ws://"+host+":"+itoa(o.Port)+"/")
	}
}

// A busy port is status 3, and the other listeners do not stay.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	first := start(t, "cat")
	second := harness.Options{Bin: harness.Binary(t), Bare: true,
		Args: []string{"--address=127.0.0.1", "--port=" + itoa(first.Port), "cat"}, Port: first.Port}.Launch(t)
	if status := second.Wait(t); status != 3 {
		t.Errorf("exit status %d", status)
	}
	second.Out.Await(t, "FATAL", "Can't start server: ")
	harness.NothingLeft(t, second)
}

// A Unix socket: alone it is the only listener; the process sees no address.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s.sock")
	s := harness.Options{Bin: harness.Binary(t), Unix: socket, Args: []string{"env"}}.Start(t)
	env := s.Environment(t, harness.Handshake("/").Host("whatever.example"))
	want := standard(map[string]string{"REMOTE_ADDR": "unix-socket", "REMOTE_HOST": "unix-socket", "REMOTE_PORT": "",
		"SERVER_NAME": "whatever.example", "HTTP_HOST": "whatever.example"})
	compare(t, "unix socket", env, want)
	line := s.Out.Await(t, "unix socket at")
	if !strings.Contains(line, "Starting WebSocket server   : unix socket at "+socket) {
		t.Errorf("the start-up line: %s", line)
	}
	if n := len(s.Out.With("ws://")); n != 0 {
		t.Errorf("%d TCP listeners", n)
	}
	f := harness.Fields(s.Out.Await(t, "DISCONNECT"))
	if f["remote"] != "unix-socket" {
		t.Errorf("remote:'%s'", f["remote"])
	}
}

// With --port the socket is one more listener.
func TestUnixSocketAndPort(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s.sock")
	s := start(t, "--unixsocket="+socket, "cat")
	s.Connect(t).Echo(t, "by TCP")
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// A stale socket file is replaced, a live one and a file that is no socket are
// not touched.
func TestSocketFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: stale}); err != nil {
		t.Fatal(err)
	}
	syscall.Close(fd)
	live := harness.Options{Bin: harness.Binary(t), Unix: stale, Args: []string{"cat"}}.Start(t)
	live.Connect(t).Echo(t, "on a stale file")

	second := harness.Options{Bin: harness.Binary(t), Unix: stale, Args: []string{"cat"}}.Launch(t)
	if status := second.Wait(t); status != 3 {
		t.Errorf("exit status %d where another server listens", status)
	}
	second.Out.Await(t, "FATAL", "is already in use by a running server")
	live.Connect(t).Echo(t, "still served")

	plain := filepath.Join(dir, "file")
	harness.WriteFile(t, plain, "precious", 0o644)
	third := harness.Options{Bin: harness.Binary(t), Unix: plain, Args: []string{"cat"}}.Launch(t)
	if status := third.Wait(t); status != 3 {
		t.Errorf("exit status %d where a file is in the way", status)
	}
	if text, err := os.ReadFile(plain); err != nil || string(text) != "precious" {
		t.Errorf("the file that was in the way: %q, %v", text, err)
	}
}

// A connection that never sends a request's head is closed after ten seconds.
func TestSlowHeadIsCut(t *testing.T) {
	t.Parallel()
	s := start(t, "cat")
	silent, slow := s.Dial(t), s.Dial(t)
	slow.Send(t, "GET / HTTP/1.1\r\nHost: ")
	for name, c := range map[string]*harness.Conn{"silent": silent, "slow": slow} {
		if err := c.ReadResponse(); err == nil && c.Status() != 408 && c.Status() != 400 {
			t.Errorf("%s: status %d", name, c.Status())
		}
		if _, err := c.ReadFrame(); err == nil {
			t.Errorf("%s: still open", name)
		} else if _, closed := err.(harness.Closed); !closed {
			t.Errorf("%s: %v", name, err)
		}
	}
}
