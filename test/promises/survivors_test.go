package promises

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// programs that are hard to get rid of.
var sticky = map[string][]string{
	"background grandchildren": {"sh", "-c", "sleep 500 & sleep 501 | sleep 502 & echo up; cat"},
	"deaf to signals":          stubborn,
	"deaf to signals with a background child": {"sh", "-c",
		"trap '' INT TERM HUP; sleep 503 & echo up; while :; do sleep 504; done"},
	"groups of their own": {"sh", "-c", "timeout 505 timeout 506 sleep 507 & echo up; timeout 508 sleep 509 | cat"},
	"never reads stdin":   {"sh", "-c", "echo up; exec sleep 700"},
	"stopped":             {"sh", "-c", "echo up; kill -STOP $$; cat"},
}

// ways for a client to leave.
var leavings = map[string]func(t *testing.T, c *harness.Conn){
	"close":       func(t *testing.T, c *harness.Conn) { c.Conn.Close() },
	"reset":       func(t *testing.T, c *harness.Conn) { c.Reset() },
	"half close":  func(t *testing.T, c *harness.Conn) { c.HalfClose(t) },
	"close frame": goodbye,
}

// goodbye says goodbye, waits for the answer a little, as clients do, and then
// closes the connection. Behind a flood the server does not see the frame.
func goodbye(t *testing.T, c *harness.Conn) {
	c.SetDeadline(time.Now().Add(time.Second))
	c.SendClose(1000, "bye")
	c.ReadFrame()
	c.Conn.Close()
}

// However a client leaves, nothing of its process is left, and the server
// still serves.
func TestNobodySurvivesAConnection(t *testing.T) {
	t.Parallel()
	for what, program := range sticky {
		for how, leave := range leavings {
			t.Run(what+", "+how, func(t *testing.T) {
				t.Parallel()
				s := start(t, append([]string{"--maxforks=1"}, program...)...)
				for range 2 { // the second needs the slot of the first
					c := s.ConnectWhenFree(t)
					c.Expect(t, "up")
					leave(t, c)
					harness.NoSurvivors(t, s)
				}
			})
		}
	}
}

// The same with a client that first sends more than anybody takes.
func TestNobodySurvivesAFlood(t *testing.T) {
	t.Parallel()
	for how, leave := range leavings {
		for _, grandchild := range []bool{false, true} {
			t.Run(how+", grandchild "+strconv.FormatBool(grandchild), func(t *testing.T) {
				t.Parallel()
				program := "echo up; exec sleep 700"
				if grandchild {
					program = "echo up; sleep 701 & sleep 702"
				}
				s := start(t, "--maxforks=1", "sh", "-c", program)
				for range 2 {
					c := s.ConnectWhenFree(t)
					c.Expect(t, "up")
					limit := 8 << 20
					if how == "half close" {
						limit = 100 << 10 // a FIN behind more than that stays with the client's system
					}
					if sent := c.FillUp(harness.TextOp, 1000, limit); sent < 64<<10 {
						t.Fatalf("only %d bytes could be sent", sent)
					}
					leave(t, c)
					harness.NoSurvivors(t, s)
				}
			})
		}
	}
}

// A process that ends takes its background children with it.
func TestBackgroundChildrenEndWithTheProcess(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "sleep 500 & sleep 501 >/dev/null 2>&1 </dev/null & echo done; exit 2")
	c := s.Connect(t)
	if got := c.Ends(t, 4002, ""); len(got) != 1 {
		t.Fatalf("got %q", got)
	}
	harness.NoSurvivors(t, s)
}

// What has a group of its own, but no session, is asked to end like the rest.
func TestOtherGroupsAreAskedToEnd(t *testing.T) {
	t.Parallel()
	said := filepath.Join(t.TempDir(), "said")
	s := start(t, "--closems=2000", "sh", "-c", `trap "" INT TERM
		timeout 600 perl -e '$SIG{INT} = sub { open F, ">", $ARGV[0]; exit }; $| = 1; print "up\n"; sleep 1 while 1' "$0" & wait`, said)
	c := s.Connect(t)
	c.Expect(t, "up")
	c.Leave(t)
	harness.NoSurvivors(t, s)
	if _, err := os.Stat(said); err != nil {
		t.Errorf("it got no SIGINT: %v", err)
	}
}

// setsid is the way out for what shall outlive its connection.
func TestSetsidOutlives(t *testing.T) {
	t.Parallel()
	harness.Need(t, "setsid")
	s := start(t, "sh", "-c", "setsid sh -c 'echo $$; exec sleep 300 <&- >&- 2>&-' & cat")
	c := s.Connect(t)
	m, err := c.Receive()
	pid, convErr := strconv.Atoi(strings.TrimSpace(string(m.Data)))
	if err != nil || convErr != nil {
		t.Fatalf("%v, %v", err, convErr)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	c.Leave(t)
	s.Out.Await(t, "DISCONNECT")
	harness.Until(t, "only the process of its own session is left", func() bool {
		left := s.Children()
		return len(left) == 1 && left[0] == pid
	})
	// End it before the server, which the cleanup demands to leave nothing.
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("it did not outlive the connection: %v", err)
	}
	if p, err := os.FindProcess(pid); err == nil {
		p.Release()
	}
	harness.NoSurvivors(t, s)
}

// A slot is free when the group is gone, not before and not never.
func TestSlotIsFreeWhenTheGroupIsGone(t *testing.T) {
	t.Parallel()
	s := start(t, append([]string{"--maxforks=1", "--closems=300"}, stubborn...)...)
	c := s.Connect(t)
	c.Expect(t, "up")
	c.Leave(t)
	if len(s.Children()) > 0 {
		if second := s.Ask(t, harness.Handshake("/")); second.Status() != 429 && len(s.Children()) > 1 {
			t.Fatalf("two processes with --maxforks=1, status %d", second.Status())
		}
	}
	s.ConnectWhenFree(t).Expect(t, "up")
}
