// Package service tests through the real binary what a server does for whoever runs it as a
// service: what it tells the service manager, what it takes from it, where it logs, how it stops.
package service

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// manager is the socket of a service manager.
type manager struct {
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{path: filepath.Join(t.TempDir(), "notify")}
	var err error
	if m.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.conn.Close() })
	return m
}

// env is the variable by which a service finds the manager.
func (m *manager) env() string { return "NOTIFY_SOCKET=" + m.path }

// told waits for the next datagram but those of the watchdog, as its variables.
func (m *manager) told(t *testing.T) map[string]string {
	t.Helper()
	for {
		if state := m.next(t); state["WATCHDOG"] == "" {
			return state
		}
	}
}

func (m *manager) next(t *testing.T) map[string]string {
	t.Helper()
	datagram := make([]byte, 4096)
	m.conn.SetReadDeadline(time.Now().Add(harness.Patience(t)))
	n, err := m.conn.Read(datagram)
	if err != nil {
		t.Fatalf("the manager is told nothing: %v", err)
	}
	state := map[string]string{}
	for line := range strings.SplitSeq(string(datagram[:n]), "\n") {
		name, value, _ := strings.Cut(line, "=")
		state[name] = value
	}
	return state
}

// is demands a state of the next datagram.
func (m *manager) is(t *testing.T, name, value string) map[string]string {
	t.Helper()
	state := m.told(t)
	if state[name] != value {
		t.Fatalf("the manager is told %v, expected %s=%s", state, name, value)
	}
	return state
}

// options are those of a server for our binary.
func options(t *testing.T, args ...string) harness.Options {
	t.Helper()
	return harness.Options{Bin: harness.Binary(t), Args: args, Dir: t.TempDir()}
}

// write makes a file in the server's directory.
func write(t *testing.T, o harness.Options, name, text string) {
	t.Helper()
	harness.WriteFile(t, filepath.Join(o.Dir, name), text, 0o644)
}

// read returns a file of the server's directory, "" if there is none.
func read(o harness.Options, name string) string {
	text, _ := os.ReadFile(filepath.Join(o.Dir, name))
	return string(text)
}

// awaitIn waits until a file has all the words.
func awaitIn(t *testing.T, o harness.Options, name string, words ...string) {
	t.Helper()
	for _, word := range words {
		harness.Until(t, fmt.Sprintf("%s has %q", name, word), func() bool { return strings.Contains(read(o, name), word) })
	}
}

// stop ends a server with SIGTERM.
func stop(t *testing.T, s *harness.Server) {
	t.Helper()
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
