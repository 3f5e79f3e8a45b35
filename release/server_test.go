package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for a server, which an emulator may run.
const patience = 2 * time.Minute

// freePort returns a port on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start starts a server, and ends it with the test if it still runs then.
func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	log := &strings.Builder{}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if command.ProcessState == nil {
			command.Process.Kill()
			command.Wait()
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", command.Path, log)
		}
	})
}

// stop sends SIGTERM to a server, which must end with status 0.
func stop(t *testing.T, server *exec.Cmd) {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ends(t, server)
}

// ends waits for a server that has been told to stop, and ends with status 0.
func ends(t *testing.T, server *exec.Cmd) {
	t.Helper()
	kill := time.AfterFunc(patience, func() { server.Process.Kill() })
	defer kill.Stop()
	if err := server.Wait(); err != nil {
		t.Errorf("the server stops with %v", err)
	}
}

// serves waits until a port accepts, and then has a client of RFC 6455 say a line and hear the
// answer.
func serves(t *testing.T, port int, path, say, want string) {
	t.Helper()
	conn := dial(t, fmt.Sprintf("127.0.0.1:%d", port))
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port)
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake is answered %v, %v", answer, err)
	}
	conn.Write(append([]byte{0x81, 0x80 | byte(len(say)), 0, 0, 0, 0}, say...)) // masked with zeros
	var head [2]byte
	for {
		for i := range head {
			if head[i], err = in.ReadByte(); err != nil {
				t.Fatalf("no message %q: %v", want, err)
			}
		}
		message := make([]byte, head[1])
		for i := range message {
			if message[i], err = in.ReadByte(); err != nil {
				t.Fatal(err)
			}
		}
		if head[0] == 0x81 && string(message) == want {
			return
		}
		if head[0] != 0x81 {
			t.Fatalf("frame %x %q, want the message %q", head, message, want)
		}
	}
}

// dial connects as soon as somebody listens.
func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nobody listens on %s: %v", address, err)
		case <-retry.C:
		}
	}
}
