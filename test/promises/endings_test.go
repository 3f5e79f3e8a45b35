package promises

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// The close code says how the process ended, and the log says the same.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	harness.Need(t, "cc")
	program := harness.CProgram(t, "ending")
	dir := map[string]string{}
	type ending struct {
		code   int
		reason string
	}
	want := map[string]ending{}
	for _, status := range []int{0, 1, 2, 42, 126, 127, 128, 137, 255} {
		name := fmt.Sprintf("exit-%d", status)
		dir[name] = fmt.Sprintf("echo last; exec %s exit %d", program, status)
		want[name] = ending{4000 + status, fmt.Sprintf("exit status %d", status)}
	}
	want["exit-0"] = ending{1000, "exit status 0"}
	for name, sig := range map[string]syscall.Signal{
		"SIGHUP": syscall.SIGHUP, "SIGINT": syscall.SIGINT, "SIGQUIT": syscall.SIGQUIT, "SIGABRT": syscall.SIGABRT,
		"SIGKILL": syscall.SIGKILL, "SIGSEGV": syscall.SIGSEGV, "SIGPIPE": syscall.SIGPIPE, "SIGTERM": syscall.SIGTERM,
		"SIGUSR1": syscall.SIGUSR1,
	} {
		dir[name] = fmt.Sprintf("echo last; exec %s signal %d", program, sig)
		want[name] = ending{4128 + int(sig), "signal: " + name}
	}
	s := start(t, "--dir="+harness.Scripts(t, dir))
	for name, w := range want {
		c := s.Open(t, harness.Handshake("/"+name))
		if got := c.Ends(t, w.code, w.reason); len(got) != 1 || got[0] != "last" {
			t.Errorf("%s: got %q before the close", name, got)
		}
		line := s.Out.Await(t, "DISCONNECT", "/"+name+"'")
		if exit := harness.Fields(line)["exit"]; exit != w.reason {
			t.Errorf("%s: the log tells %q", name, exit)
		}
	}
}

// A client's own close is answered with its own code.
func TestCloseIsEchoed(t *testing.T) {
	t.Parallel()
	s := start(t, "cat")
	for _, code := range []int{1000, 1001, 3000, 4999} {
		c := s.Connect(t)
		c.SendClose(code, "my reason")
		c.Ends(t, code, "")
	}
	c := s.Connect(t)
	c.SendClose(0, "")
	c.Ends(t, 1005, "")
}

// Protocol errors are 1002 (RFC 6455 7.4.1), whatever the process does.
func TestProtocolErrors(t *testing.T) {
	t.Parallel()
	s := start(t, "cat")
	for what, frame := range map[string]harness.Frame{
		"a frame without mask":      {Fin: true, Op: harness.TextOp, Payload: []byte("x"), Unmasked: true},
		"a reserved bit":            {Fin: true, Rsv: 0x40, Op: harness.TextOp, Payload: []byte("x")},
		"an unknown opcode":         {Fin: true, Op: 0x3, Payload: []byte("x")},
		"an unknown control":        {Fin: true, Op: 0xB, Payload: []byte("x")},
		"a fragmented ping":         {Op: harness.PingOp, Payload: []byte("x")},
		"a long ping":               {Fin: true, Op: harness.PingOp, Payload: make([]byte, 126)},
		"a continuation of nothing": {Fin: true, Op: harness.Continuation, Payload: []byte("x")},
		"a close code out of range": {Fin: true, Op: harness.CloseOp, Payload: []byte{0, 1}},
		"a close code never sent":   {Fin: true, Op: harness.CloseOp, Payload: []byte{0x03, 0xee}}, // 1006
	} {
		c := s.Connect(t)
		c.WriteFrames(frame)
		if _, end := c.Rest(t); end.Code != 1002 {
			t.Errorf("%s: %v", what, end)
		}
	}
	harness.NoSurvivors(t, s)
}

// A ping is answered with its own payload.
func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	c := start(t, "cat").Connect(t)
	c.WriteFrames(harness.Frame{Fin: true, Op: harness.PingOp, Payload: []byte("payload")})
	if f, err := c.ReadFrame(); err != nil || f.Op != harness.PongOp || string(f.Payload) != "payload" {
		t.Fatalf("%+v, %v", f, err)
	}
}

// Messages over --maxframesize end the connection with 1009; the limit itself
// passes, however many fragments it comes in.
func TestMaxFrameSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flag  string
		limit int
	}{{"--maxframesize=100", 100}, {"--maxforks=5", 1 << 20}} { // the second is the default
		s := start(t, c.flag, "cat")
		exact := strings.Repeat("x", c.limit)
		conn := s.Connect(t)
		conn.Echo(t, exact)
		sendInPieces(conn, exact, 3)
		conn.Expect(t, exact)
		conn.Text(exact + "x")
		conn.Ends(t, 1009, "")
		conn = s.Connect(t)
		sendInPieces(conn, exact+"x", 3)
		conn.Ends(t, 1009, "")
		conn = s.Connect(t)
		conn.WriteFrames(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte("x"), Announce: 1 << 40})
		conn.Ends(t, 1009, "")
	}
}

func sendInPieces(c *harness.Conn, text string, n int) {
	size := len(text)/n + 1
	for op := byte(harness.TextOp); ; op = harness.Continuation {
		last := len(text) <= size
		piece := text[:min(size, len(text))]
		c.WriteFrames(harness.Frame{Fin: last, Op: op, Payload: []byte(piece)})
		if last {
			return
		}
		text = text[size:]
	}
}

// Messages of the other kind are ignored, and the log says so once.
func TestOtherKindIsIgnored(t *testing.T) {
	t.Parallel()
	text, binary := start(t, "cat"), start(t, "--binary", "cat")
	c := text.Connect(t)
	c.Binary([]byte("no"))
	c.Binary([]byte("no"))
	c.Echo(t, "yes")
	c.Leave(t)
	c = binary.Connect(t)
	c.Text("no")
	c.Text("no")
	c.Binary([]byte("yes"))
	c.Expect(t, "yes")
	c.Leave(t)
	for _, s := range []*harness.Server{text, binary} {
		s.Out.Await(t, "DISCONNECT")
		if lines := s.Out.With("ignoring"); len(lines) != 1 {
			t.Errorf("%d lines about ignored messages", len(lines))
		}
	}
}

// The DISCONNECT line tells ending, messages and bytes each way, and duration.
func TestDisconnectLine(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "read a; read b; printf 'x\\nlonger\\n'; exit 3")
	c := s.Connect(t)
	c.Text("first")
	c.Text("second message")
	c.Ends(t, 4003, "")
	f := harness.Fields(s.Out.Await(t, "DISCONNECT"))
	for key, want := range map[string]string{
		"ending": "exit status 3", "exit": "exit status 3",
		"messagesin": "2", "bytesin": strconv.Itoa(len("first") + len("second message")),
		"messagesout": "2", "bytesout": strconv.Itoa(len("x") + len("longer")), "undelivered": "0",
	} {
		if f[key] != want {
			t.Errorf("%s:'%s', expected '%s'", key, f[key], want)
		}
	}
	if d, err := time.ParseDuration(f["duration"]); err != nil || d < 0 || d > time.Minute {
		t.Errorf("duration:'%s', %v", f["duration"], err)
	}
	if connect := harness.Fields(s.Out.Await(t, "| CONNECT")); connect["pid"] != f["pid"] || connect["id"] != f["id"] || f["pid"] == "" {
		t.Errorf("CONNECT has pid %q id %q, DISCONNECT pid %q id %q", connect["pid"], connect["id"], f["pid"], f["id"])
	}
}

// What the process said after the client had left is counted.
func TestUndeliveredIsCounted(t *testing.T) {
	t.Parallel()
	s := start(t, "--closems=60000", "sh", "-c", "while read line; do echo $line; done; seq 1 100")
	c := s.Connect(t)
	c.Echo(t, "hello")
	c.Leave(t)
	f := harness.Fields(s.Out.Await(t, "DISCONNECT"))
	if f["undelivered"] != "100" || f["messagesout"] != "1" {
		t.Errorf("undelivered:'%s' messagesout:'%s', expected 100 and 1", f["undelivered"], f["messagesout"])
	}
}
