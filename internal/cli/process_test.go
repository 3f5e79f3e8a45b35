//go:build unix

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// running is the real command as a process.
type running struct {
	cmd *exec.Cmd
	log *bufio.Scanner // the part of standard output that the test has not read
}

// start starts the command. It is killed when the test ends.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	cmd := command(t, nil, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	patience := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() { patience.Stop() })
	return &running{cmd, bufio.NewScanner(out)}
}

// await reads the log up to a line with part in it, and returns the line.
func (r *running) await(t *testing.T, part string) string {
	t.Helper()
	for r.log.Scan() {
		if strings.Contains(r.log.Text(), part) {
			return r.log.Text()
		}
	}
	t.Fatalf("the log ends without %q", part)
	return ""
}

// signal sends a signal to the command alone.
func (r *running) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// exits reads the rest of the log and checks the exit status.
func (r *running) exits(t *testing.T, status int) {
	t.Helper()
	for r.log.Scan() {
		t.Log(r.log.Text())
	}
	err := r.cmd.Wait()
	if got := r.cmd.ProcessState.ExitCode(); got != status {
		t.Errorf("exit status %d, want %d: %v", got, status, err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// upgrade connects a client to a command that listens on a unix socket.
func handshake(t *testing.T, socket string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", response, err)
	}
	return conn
}

func TestServeUntilSignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		port := freePort(t)
		server := start(t, "--port="+port, "--address=127.0.0.1", "cat", "-u")
		if line := server.await(t, "Serving using application"); !strings.HasSuffix(line, "/cat -u") {
			t.Errorf("application: %s", line)
		}
		server.await(t, " | INFO   | server     |  | Starting WebSocket server   : ws://127.0.0.1:"+port+"/")
		server.signal(t, sig)
		server.exits(t, ExitOK)
	}
}

func TestLoopbackIsSaid(t *testing.T) {
	port := freePort(t)
	server := start(t, "--port", port, "--dir", t.TempDir())
	server.await(t, "Serving from directory      : /")
	server.await(t, "ws://localhost:"+port+"/")
	server.await(t, "Listening on loopback only")
	server.signal(t, syscall.SIGTERM)
	server.exits(t, ExitOK)
}

func TestBusyPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	server := start(t, "--address=127.0.0.1", "--port="+port, "cat")
	line := server.await(t, "| FATAL  | server     |  | Can't start server: ")
	if !strings.Contains(line, l.Addr().String()) {
		t.Errorf("the address is not in %s", line)
	}
	server.exits(t, ExitListen)
}

// TestSocketInUse: a server that cannot have the socket leaves it alone.
func TestSocketInUse(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	first := start(t, "--unixsocket="+socket, "cat")
	first.await(t, "Starting WebSocket server   : unix socket at "+socket)
	second := start(t, "--unixsocket="+socket, "cat")
	second.await(t, "Can't start server: ")
	second.exits(t, ExitListen)
	handshake(t, socket).Close()
	first.signal(t, syscall.SIGTERM)
	first.exits(t, ExitOK)
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket file is left: %v", err)
	}
}

// TestSecondSignal: with a program that would hold the ladder up for a minute.
func TestSecondSignal(t *testing.T) {
	socket, fifo := filepath.Join(t.TempDir(), "socket"), filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	server := start(t, "--unixsocket="+socket, "--closems=20000", "sh", "-c", `exec sleep 600 3>"$0"`, fifo)
	server.await(t, "unix socket at")
	handshake(t, socket)
	alive, err := os.Open(fifo) // waits for the program
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	server.signal(t, syscall.SIGINT)
	server.await(t, "Stopping                    : interrupt")
	server.signal(t, syscall.SIGTERM)
	server.exits(t, 128+int(syscall.SIGTERM))
	alive.SetReadDeadline(time.Now().Add(2 * time.Minute))
	if n, err := alive.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the program is left: %v", err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket file is left: %v", err)
	}
}

// TestNobodyReadsTheLog: the server outlives the reader of its output.
func TestNobodyReadsTheLog(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	cmd := command(t, nil, "--unixsocket="+socket, "cat")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	server := &running{cmd, bufio.NewScanner(out)}
	server.await(t, "unix socket at")
	out.Close()
	for range 3 {
		handshake(t, socket).Close()
	}
	server.signal(t, syscall.SIGTERM)
	server.exits(t, ExitOK)
}
