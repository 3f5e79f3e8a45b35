package harness

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

// A probe turns failures into results, runs cleanups in reverse, and stops at
// the first fatal one.
func TestProbe(t *testing.T) {
	var order []string
	err := RunProbe("probe", func(t T) {
		t.Cleanup(func() { order = append(order, "first in") })
		t.Cleanup(func() { order = append(order, "last in") })
		t.TempDir()
		t.Errorf("a %s", "failure")
		t.Fatalf("another")
		order = append(order, "not reached")
	})
	if err == nil || err.Error() != "a failure" {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(order, ", "); got != "last in, first in" {
		t.Errorf("cleanups: %s", got)
	}
	if err := RunProbe("probe", func(T) {}); err != nil {
		t.Errorf("a check that passes: %v", err)
	}
	if err := RunProbe("probe", func(t T) { Skip(t, "tool", "reason") }); err == nil {
		t.Error("a skipped check counts as passed")
	}
}

// A missing tool that REQUIRE names is a failure.
func TestRequire(t *testing.T) {
	t.Setenv("REQUIRE", "sh, no-such-tool")
	if !Required("no-such-tool") || !Required("sh") || Required("perl") {
		t.Error("REQUIRE is misread")
	}
	err := RunProbe("probe", func(t T) { Need(t, "no-such-tool") })
	if err == nil || !strings.Contains(err.Error(), "REQUIRE names no-such-tool") {
		t.Errorf("got %v", err)
	}
	if err := RunProbe("probe", func(t T) { Need(t, "sh") }); err != nil {
		t.Errorf("sh: %v", err)
	}
}

// The scan finds a marked process and its child, and no other.
func TestMarked(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 100 & echo up; wait")
	cmd.Env = []string{"PATH=/usr/bin:/bin", MarkName + "=of-this-test"}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(out, make([]byte, 3))
	var pids []int
	Until(t, "both are found", func() bool { // one that is about to execute has no environment for a moment
		pids = Marked("of-this-test", "/no/such/exe")
		return len(pids) == 2
	})
	if !Alive(pids[0]) {
		t.Errorf("found %s", describe(pids))
	}
	if other := Marked("of-this-tes", ""); len(other) != 0 {
		t.Errorf("a part of the mark finds %s", describe(other))
	}
	for _, pid := range pids {
		if pid != cmd.Process.Pid {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	Until(t, "both are gone", func() bool { return len(Marked("of-this-test", "")) == 0 })
}

func TestWithin(t *testing.T) {
	n := 0
	if !Within(time.Minute, func() bool { n++; return n == 3 }) || n != 3 {
		t.Errorf("%d calls", n)
	}
	if Within(time.Millisecond, func() bool { return false }) {
		t.Error("never is true")
	}
}

// The raw client masks, measures and splits frames as in RFC 6455 5.2.
func TestFrameBytes(t *testing.T) {
	for n, head := range map[int]string{0: "\x81\x80", 125: "\x81\xfd", 126: "\x81\xfe\x00\x7e", 65536: "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00"} {
		b := Frame{Fin: true, Op: TextOp, Payload: make([]byte, n)}.Bytes()
		if !strings.HasPrefix(string(b), head) || len(b) != len(head)+4+n {
			t.Errorf("%d bytes: head %x, %d in all", n, b[:min(len(b), 12)], len(b))
		}
	}
	if b := (Frame{Op: PingOp, Rsv: 0x40, Payload: []byte("x"), Unmasked: true}).Bytes(); string(b) != "\x49\x01x" {
		t.Errorf("a bad ping is %x", b)
	}
	if err := abnormal(io.EOF); !errors.As(err, &Closed{}) {
		t.Errorf("%v", err)
	}
}

func TestFields(t *testing.T) {
	line := `Sat, 21 Nov 2026 09:42:42 +0000 | ACCESS | session    | url:'http://h/it\'s' id:'1' exit:'exit status 0' | DISCONNECT`
	want := map[string]string{"url": `http://h/it\'s`, "id": "1", "exit": "exit status 0"}
	if got := Fields(line); !maps.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// Requests are changed by copy.
func TestRequest(t *testing.T) {
	a := Handshake("/x")
	b := a.With("host", "other").Without("Upgrade").Add("X", "1").As("POST", "HTTP/1.0")
	if !strings.Contains(a.String(), "Host: localhost") || !strings.Contains(a.String(), "Upgrade: websocket") {
		t.Errorf("the first has changed: %q", a)
	}
	if s := b.String(); !strings.HasPrefix(s, "POST /x HTTP/1.0\r\n") || strings.Contains(s, "Upgrade: w") || !strings.HasSuffix(s, "X: 1\r\n\r\n") {
		t.Errorf("got %q", s)
	}
}

// Pings do not extend the wait for a message.
func TestReceiveWithinPings(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	pinging := make(chan struct{})
	go func() {
		defer close(pinging)
		for {
			if _, err := far.Write([]byte{0x80 | PingOp, 0}); err != nil {
				return
			}
		}
	}()
	p := newPatientConn(t, near)
	c := &Conn{Conn: p, r: bufio.NewReader(p), Deaf: true}
	if _, err := c.ReceiveWithin(300 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) || c.Pings == 0 {
		t.Errorf("after %d pings: %v", c.Pings, err)
	}
	far.Close()
	<-pinging
}
