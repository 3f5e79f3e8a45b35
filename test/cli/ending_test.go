package cli

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// endsWith is whether the server ends after its first client, and with which status.
func endsWith(t *testing.T, o harness.Options) string {
	s := with(o, "sh", "-c", "exit 3").Start(t)
	if _, end := s.Connect(t).Rest(t); end.Code != 4003 {
		t.Errorf("the client was told %d %s", end.Code, end.Reason)
	}
	if !harness.Within(time.Second, s.Exited) {
		return "goes on"
	}
	return fmt.Sprint("ended: ", s.Wait(t))
}

// --once serves one client and ends as its process does.
func TestOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		program string
		code    int // the client is told
		status  int
	}{
		{"read x; exit 0", 1000, 0},
		{"read x; exit 7", 4007, 7},
		{"read x; kill -KILL $$", 4137, 137},
	} {
		t.Run(test.program, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), "--once", "sh", "-c", test.program)
			if status := s.Ask(t, harness.Handshake("/").Origin("http://evil.example")).Status(); status != 403 {
				t.Errorf("another site's page: %d", status)
			}
			c := s.Connect(t) // who was refused does not count
			if status := s.Ask(t, harness.Handshake("/")).Status(); status != 503 {
				t.Errorf("a second client: %d", status)
			}
			c.Text("x")
			if _, end := c.Rest(t); end.Code != test.code {
				t.Errorf("the client was told %d %s", end.Code, end.Reason)
			}
			if status := s.Wait(t); status != test.status {
				t.Errorf("exit status %d, expected %d", status, test.status)
			}
		})
	}
}

// A client that leaves ends it, too: its process ends by the ladder.
func TestOnceAClientThatLeaves(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--once", "--closems=60000", "sh", "-c", "cat; exit 5")
	s.Connect(t).Leave(t)
	if status := s.Wait(t); status != 5 {
		t.Errorf("exit status %d", status)
	}
}

// One whose program cannot be started does not count, and SIGTERM is status 0 as ever.
func TestOnceWithoutAProgram(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"broken": "#!/nosuch/interpreter\n", "good": "cat"})
	s := harness.Start(t, harness.Binary(t), "--once", "--dir="+dir)
	if status := s.Ask(t, harness.Handshake("/broken")).Status(); status != 500 {
		t.Errorf("a program that cannot be started: %d", status)
	}
	s.ConnectTo(t, "/good").Echo(t, "hello")
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// --exitwithchild ends with the first process that ends; the other clients are told.
func TestExitWithChild(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--exitwithchild", "sh", "-c", "echo ready; read x; exit 6")
	a, b := s.Connect(t), s.Connect(t)
	a.Expect(t, "ready")
	b.Expect(t, "ready")
	a.Text("x")
	if _, end := a.Rest(t); end.Code != 4006 {
		t.Errorf("its client was told %d %s", end.Code, end.Reason)
	}
	if _, end := b.Rest(t); end.Code != 1001 {
		t.Errorf("the other was told %d %s", end.Code, end.Reason)
	}
	if status := s.Wait(t); status != 6 {
		t.Errorf("exit status %d", status)
	}
}

// With --shared all viewers are told how the process ended, and one that is started
// again does not end the server.
func TestExitWithSharedChild(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--exitwithchild", "--shared", "--restart=on-failure", "sh", "-c", "echo ready; read x; exit $x")
	viewers := []*harness.Conn{s.Connect(t), s.Connect(t)}
	for _, c := range viewers {
		c.Expect(t, "ready")
	}
	viewers[0].Text("4")
	for _, c := range viewers {
		c.Receive() // the note
		c.Expect(t, "ready")
	}
	viewers[1].Text("0")
	for _, c := range viewers {
		if _, end := c.Rest(t); end.Code != 1000 || end.Reason != "exit status 0" {
			t.Errorf("a viewer was told %d %s", end.Code, end.Reason)
		}
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
