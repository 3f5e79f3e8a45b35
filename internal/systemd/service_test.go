package systemd

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// manager is a socket to which a service tells its state.
func manager(t *testing.T) *net.UnixConn {
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	t.Setenv("NOTIFY_SOCKET", path)
	return c
}

// next returns the next datagram.
func next(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	datagram := make([]byte, 1000)
	n, err := c.Read(datagram)
	if err != nil {
		t.Fatal(err)
	}
	return string(datagram[:n])
}

// TestTell: each state is one datagram, in the words of sd_notify(3).
func TestTell(t *testing.T) {
	c := manager(t)
	s := Take()
	for _, test := range []struct {
		err  error
		want string
	}{
		{s.Ready("Serving"), `READY=1\nSTATUS=Serving`},
		{s.Reloading(), `RELOADING=1\nMONOTONIC_USEC=[1-9]\d*`},
		{s.Stopping(90*time.Second, "Stopping"), `STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000\nSTATUS=Stopping`},
	} {
		if test.err != nil {
			t.Fatal(test.err)
		}
		if got := next(t, c); !regexp.MustCompile(`\A` + test.want + `\z`).MatchString(got) {
			t.Errorf("%q", got)
		}
	}
	c.Close()
	os.Remove(s.socket)
	if err := s.Ready(""); err == nil || !strings.Contains(err.Error(), "service manager") {
		t.Errorf("%v", err)
	}
}

// TestTakeStrips: nothing of what the manager has passed is left for the processes that are
// started later, whomever it was meant for.
func TestTakeStrips(t *testing.T) {
	ours := []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}
	for _, name := range ours {
		t.Setenv(name, "1")
	}
	if s := Take(); s == nil || len(s.files) > 0 || s.watchdog > 0 { // all is for process 1
		t.Errorf("%+v", s)
	}
	for _, name := range ours {
		if value, is := os.LookupEnv(name); is {
			t.Errorf("%s=%s is left", name, value)
		}
	}
	if s := Take(); s != nil || s.Listens() || s.Ready("") != nil {
		t.Errorf("%+v of nothing", s)
	}
}

// TestWatchdog: the interval is taken if it is for this process.
func TestWatchdog(t *testing.T) {
	for _, test := range []struct {
		usec, pid string
		want      time.Duration
	}{{"3000000", "", 3 * time.Second}, {"1000", strconv.Itoa(os.Getpid()), time.Millisecond}, {"3000000", "1", 0}, {"x", "", 0}, {"-1", "", 0}} {
		t.Setenv("NOTIFY_SOCKET", "/nowhere")
		t.Setenv("WATCHDOG_USEC", test.usec)
		t.Setenv("WATCHDOG_PID", test.pid)
		if got := Take().watchdog; got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// TestBeat: there is a beat each half interval, and none while the service does not live.
func TestBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var beats []time.Duration
		looks, dead := 0, make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			beat(ctx, time.Second, func() {
				if looks++; looks == 3 {
					<-dead
				}
			}, func() { beats = append(beats, time.Since(began)) })
		}()
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		if want := []time.Duration{0, time.Second}; !slices.Equal(beats, want) {
			t.Errorf("beats after %v", beats)
		}
		close(dead)
		synctest.Wait()
		if len(beats) < 3 {
			t.Errorf("beats after %v", beats)
		}
		cancel()
		<-done
	})
	(*Service)(nil).Beat(t.Context(), func() { t.Error("nobody asks whether it lives") })
}
