package service

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// socket is one of a .socket unit: it stays when the service has ended.
type socket struct {
	name string
	at   net.Addr
	file *os.File
}

// fileOf returns the descriptor of what net has opened, which it closes.
func fileOf(t *testing.T, c interface {
	File() (*os.File, error)
	io.Closer
}) *os.File {
	t.Helper()
	file, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	t.Cleanup(func() { file.Close() })
	return file
}

func tcpSocket(t *testing.T, name string) socket {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t)))
	if err != nil {
		t.Fatal(err)
	}
	return socket{name, l.Addr(), fileOf(t, l.(*net.TCPListener))}
}

func unixSocket(t *testing.T, name string) socket {
	t.Helper()
	dir := harness.ShortDir(t)
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	return socket{name, l.Addr(), fileOf(t, l.(*net.UnixListener))}
}

// activated are the options of a server that is passed sockets. Clients reach it by the first.
func activated(t *testing.T, sockets []socket, args ...string) harness.Options {
	t.Helper()
	o := options(t, append([]string{"--passenv=PATH,LISTEN_FDS,LISTEN_PID," + harness.MarkName}, args...)...)
	o.Bare = true
	var names []string
	for _, s := range sockets {
		o.Files = append(o.Files, s.file)
		names = append(names, s.name)
	}
	if at, ok := sockets[0].at.(*net.TCPAddr); ok {
		o.Port = at.Port
	}
	o.Env = []string{"LISTEN_FDNAMES=" + strings.Join(names, ":"), "XDG_RUNTIME_DIR=" + o.Dir}
	o.Shell = fmt.Sprintf("export LISTEN_PID=$$ LISTEN_FDS=%d", len(sockets))
	return o
}

// A server listens on the sockets that it is passed, each for what its name says, and on nothing
// else. The flags for them have no meaning then.
func TestActivation(t *testing.T) {
	t.Parallel()
	web, file, redirect, admin := tcpSocket(t, "websocketd.socket"), unixSocket(t, "local"), tcpSocket(t, "redirect"), unixSocket(t, "admin")
	o := activated(t, []socket{web, file, redirect, admin}, "--port=1", "--address=192.0.2.1", "cat")
	s := o.Start(t)
	s.Connect(t).Echo(t, "by TCP")
	s.Out.Await(t, "Starting WebSocket server   : ws://"+web.at.String())
	s.Out.Await(t, "Starting redirect server    : http://"+redirect.at.String())
	s.Out.Await(t, "Starting WebSocket server   : unix socket at "+file.at.String())
	s.Out.Await(t, "--port is not used: the service manager has passed a socket in its place")

	conn, err := net.Dial("unix", file.at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /none HTTP/1.0\r\nHost: localhost\r\n\r\n")
	if answer, _ := io.ReadAll(conn); !strings.Contains(string(answer), "404 Not Found") {
		t.Errorf("by the unix socket: %q", answer)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get("http://" + redirect.at.String() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if to := answer.Header.Get("Location"); answer.StatusCode != 301 || to != "http://"+web.at.String()+"/x" {
		t.Errorf("redirect: %s to %q", answer.Status, to)
	}
	ctl := exec.Command(s.Exe, "ctl", "--admin=unix:"+admin.at.String(), "list")
	if out, err := ctl.CombinedOutput(); err != nil || !strings.Contains(string(out), "cat") {
		t.Errorf("websocketd ctl: %v: %s", err, out)
	}
	stop(t, s)
	for _, s := range []socket{file, admin} {
		if _, err := os.Stat(s.at.String()); err != nil {
			t.Errorf("the socket of the unit is gone: %v", err)
		}
	}
}

// What is passed to the server does not reach its programs: neither a descriptor nor a variable.
func TestActivationIsTheServers(t *testing.T) {
	t.Parallel()
	o := activated(t, []socket{tcpSocket(t, "web"), tcpSocket(t, "more")}, "sh", "-c", "env; for f in /proc/self/fd/*; do readlink $f; done")
	s := o.Start(t)
	seen, _ := s.Connect(t).Rest(t)
	for _, line := range seen {
		if strings.HasPrefix(line, "LISTEN_") || strings.HasPrefix(line, "socket:") {
			t.Errorf("the program has %s", line)
		}
	}
	if !slices.ContainsFunc(seen, func(line string) bool { return strings.HasPrefix(line, "pipe:") }) {
		t.Errorf("the program has no pipe: %q", seen)
	}
}

// Who connects while no server runs is served by the next one.
func TestActivationOnDemand(t *testing.T) {
	t.Parallel()
	web := []socket{tcpSocket(t, "web")}
	first := activated(t, web, "cat").Start(t)
	first.Out.Await(t, "Starting WebSocket server") // the socket was open before
	stop(t, first)
	conn, err := net.Dial("tcp", web[0].at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /none HTTP/1.0\r\nHost: localhost\r\n\r\n")
	activated(t, web, "cat").Start(t).Out.Await(t, "Starting WebSocket server")
	if answer, _ := io.ReadAll(conn); !strings.Contains(string(answer), "404 Not Found") {
		t.Errorf("answer %q", answer)
	}
}

// An address that is not this machine's alone keeps its rules: the operator needs a token.
func TestActivationOfAdmin(t *testing.T) {
	t.Parallel()
	web, admin := tcpSocket(t, "web"), tcpSocket(t, "admin")
	s := activated(t, []socket{web, admin}, "cat").Start(t)
	s.Out.Await(t, "Managed by its operator at  : http://"+admin.at.String()+"/#token=")
	answer, err := http.Get("http://" + admin.at.String() + "/api/programs")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 401 {
		t.Errorf("without a token: %s", answer.Status)
	}
}

// What cannot be listened on is refused at the start, with what to change in the unit.
func TestActivationRefused(t *testing.T) {
	t.Parallel()
	packets, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	web := tcpSocket(t, "web")
	accepted, err := net.Dial("tcp", web.at.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sockets []socket
		says    string
	}{
		{[]socket{web, {name: "datagrams", file: fileOf(t, packets)}}, "the socket 2 of the service manager, datagrams, cannot be listened on"},
		{[]socket{{name: "connection", file: fileOf(t, accepted.(*net.TCPConn))}}, "Accept=no"},
		{[]socket{tcpSocket(t, "admin"), unixSocket(t, "admin")}, "several sockets named admin"},
		{[]socket{web, unixSocket(t, "redirect")}, "a unix socket named redirect"},
	} {
		s := activated(t, test.sockets, "cat").Launch(t)
		if status := s.Wait(t); status != 3 || !strings.Contains(s.Err.String(), test.says) {
			t.Errorf("status %d, %q, expected %q", status, s.Err, test.says)
		}
	}
	o := activated(t, []socket{web}, "cat")
	o.Shell = "export LISTEN_PID=$$ LISTEN_FDS=4000000000"
	s := o.Launch(t)
	if status := s.Wait(t); status != 3 || !strings.Contains(s.Err.String(), " of the service manager, LISTEN_FD_") { // which one depends on what Go's runtime has open
		t.Errorf("status %d, %q for more sockets than there can be", status, s.Err)
	}
}
