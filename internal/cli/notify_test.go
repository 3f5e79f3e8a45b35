package cli

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/internal/systemd"
	"websocketd/libwebsocketd"
)

func (f *fakeServer) GoingAway() bool { return false }
func (f *fakeServer) Held() int       { return 0 }

func (f *fakeServer) Activity() (a libwebsocketd.Activity)        { return a }
func (f *fakeServer) Programs() (all []libwebsocketd.ProgramInfo) { return all }
func (f *fakeServer) Conversations() []libwebsocketd.Conversation { return nil }
func (f *fakeServer) Processes() int                              { return 0 }

func (f *fakeServer) Drain(ctx context.Context) error {
	select {
	case <-f.left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fakeManager is the service manager of this process, until the test ends.
func fakeManager(t *testing.T) (service *systemd.Service, told func() string) {
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return systemd.Take(), func() string {
		datagram := make([]byte, 1000)
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := c.Read(datagram)
		if err != nil {
			t.Fatal(err)
		}
		return string(datagram[:n])
	}
}

// TestRunTells: what a service manager is told of a server, in this order. A hangup does not end
// a service that has nothing to read again.
func TestRunTells(t *testing.T) {
	manager, told := fakeManager(t)
	var out bytes.Buffer
	log := slog.New(newHandler(&out, "info", "text"))
	ended := make(chan struct{})
	close(ended)
	fake := &fakeServer{stopped: make(chan struct{}), ended: ended}
	signals, hangups := make(chan os.Signal, 2), make(chan os.Signal, 1)
	s := &service{limit: shutdownLimit, server: fake, launcher: fake, log: log, hangups: hangups, tell: notifier{manager, log}}
	s.reload = invocation{service: manager}.onHangup(&options{file: &configFile{}}, nil, nil, s.tell)
	status := make(chan int)
	go func() { status <- s.run(signals) }()
	got := []string{told()}
	hangups <- syscall.SIGHUP
	got = append(got, told(), told())
	signals <- syscall.SIGTERM
	got = append(got, told())
	if code := <-status; code != ExitOK {
		t.Errorf("exit status %d: %s", code, &out)
	}
	var first []string
	for _, datagram := range got {
		line, _, _ := strings.Cut(datagram, "\n")
		first = append(first, line)
	}
	if want := []string{"READY=1", "RELOADING=1", "READY=1", "STOPPING=1"}; !slices.Equal(first, want) {
		t.Errorf("told %q", got)
	}
	if !strings.Contains(got[3], "EXTEND_TIMEOUT_USEC=10000000") {
		t.Errorf("the end is announced as %q", got[3])
	}
}
