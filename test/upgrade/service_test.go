package upgrade

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// listenAsManager returns the socket of a service manager, and what it is told.
func listenAsManager(t *testing.T, path string) (told *harness.Lines) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	told = &harness.Lines{}
	var reading sync.WaitGroup
	reading.Go(func() {
		datagram := make([]byte, 4096)
		for {
			n, err := conn.Read(datagram)
			if err != nil {
				return
			}
			told.Write(append(datagram[:n], '\n'))
		}
	})
	t.Cleanup(func() {
		conn.Close()
		reading.Wait()
	})
	return told
}

// more waits until the manager is told something once more.
func more(t *testing.T, told *harness.Lines, line string, do func()) {
	t.Helper()
	before := len(told.With(line))
	do()
	harness.Until(t, "the manager is told "+line, func() bool { return len(told.With(line)) > before })
}

// activated are the options of a server that systemd passes a socket to, with more in its environment.
func activated(t *testing.T, env ...string) harness.Options {
	t.Helper()
	o := options(t, "--passenv=PATH,"+harness.MarkName, "--shared", "cat")
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", harness.FreePort(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	o.Bare, o.Port = true, l.Addr().(*net.TCPAddr).Port
	o.Files = append(o.Files, file)
	o.Env = append(env, "LISTEN_FDNAMES=web", "XDG_RUNTIME_DIR="+o.Dir)
	o.Shell = "export LISTEN_PID=$$ WATCHDOG_PID=$$ LISTEN_FDS=1"
	return o
}

// A service keeps its socket, its watchdog is shown that the server of the day lives, and what that
// one says is passed on by the first, which the manager knows.
func TestService(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	told := listenAsManager(t, path)
	h := startWith(t, activated(t, "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=20000"))
	told.Await(t, "READY=1")
	h.Connect(t).Echo(t, "before")
	for range 2 {
		h.upgrade(t)
		for range 3 {
			more(t, told, "WATCHDOG=1", func() {})
		}
		h.Connect(t).Expect(t, "before")
	}
	more(t, told, "READY=1", func() {
		more(t, told, "RELOADING=1", func() { h.Signal(t, syscall.SIGHUP) })
	})
	more(t, told, "STOPPING=1", func() { h.Signal(t, syscall.SIGTERM) })
	h.ends(t, 0)
}

// A service that has nobody to tell its state to, as with Type=exec, keeps its socket as well.
func TestServiceUntold(t *testing.T) {
	t.Parallel()
	h := startWith(t, activated(t))
	h.Connect(t).Echo(t, "before")
	for range 2 {
		h.upgrade(t)
		for _, line := range h.Out.With("Starting WebSocket server") {
			if !strings.HasSuffix(line, "ws://"+h.Addr+"/") {
				t.Fatalf("a server listens elsewhere: %s", line) // nobody would answer a client
			}
		}
		h.Connect(t).Expect(t, "before")
	}
	h.end(t, 0)
}
