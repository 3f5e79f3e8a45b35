package shared

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// asked is a program that ends as it is asked to.
var asked = []string{"sh", "-c", "echo up; read how; eval $how"}

// After which endings another process follows, and how viewers are told.
func TestRestart(t *testing.T) {
	t.Parallel()
	for flag, endings := range map[string]map[string]string{
		"never":      {"exit 0": "1000", "exit 3": "4003"},
		"on-failure": {"exit 0": "1000", "exit 3": "exit status 3", "kill -KILL $$": "signal: SIGKILL"},
		"always":     {"exit 0": "exit status 0", "exit 3": "exit status 3"},
	} {
		for how, want := range endings {
			t.Run(flag+", "+how, func(t *testing.T) {
				t.Parallel()
				s := start(t, append([]string{"--restart=" + flag}, asked...)...)
				a, b := s.Connect(t), s.Connect(t)
				for _, c := range []*harness.Conn{a, b} {
					c.Expect(t, "up")
				}
				a.Text(how)
				for _, c := range []*harness.Conn{a, b} {
					if got := nextThing(c); got != want && got != "[websocketd: restarted after "+want+"]" {
						t.Errorf("got %q", got)
					}
				}
				if len(want) > 4 {
					b.Text("echo the next one hears; sleep 60")
					a.Expect(t, "up", "the next one hears")
				}
			})
		}
	}
}

// nextThing is the next message, or the code of the end.
func nextThing(c *harness.Conn) string {
	m, err := c.Receive()
	if end, ok := err.(harness.Closed); ok {
		return fmt.Sprint(end.Code)
	}
	return string(m.Data)
}

// A program that ends at once is not started all the time: the waits double.
func TestBackOff(t *testing.T) {
	t.Parallel()
	s := start(t, "--restart=always", "true")
	began := time.Now()
	c := s.Connect(t)
	for notes := 0; notes < 4; {
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Data) == "[websocketd: restarted after exit status 0]" {
			notes++
		}
	}
	if took := time.Since(began); took < 1500*time.Millisecond { // 100 + 200 + 400 + 800
		t.Errorf("four restarts in %v", took)
	}
}

// What is said while there is no process reaches the next one, and one that cannot be
// started is tried again.
func TestBetweenTwoProcesses(t *testing.T) {
	t.Parallel()
	program := filepath.Join(harness.Scripts(t, map[string]string{"program": "echo up; read line; echo got $line"}), "program")
	s := start(t, "--restart=always", program)
	a := s.Connect(t)
	a.Expect(t, "up")
	move(t, program, program+".away")
	a.Text("0")
	a.Expect(t, "got 0")
	s.Out.Await(t, "Could not launch")
	a.Text("1")
	move(t, program+".away", program)
	a.Expect(t, "[websocketd: restarted after exit status 0]", "up", "got 1", "[websocketd: restarted after exit status 0]")
}

// Who leaves between two processes is no reason to start the next one.
func TestNobodyIsLeft(t *testing.T) {
	t.Parallel()
	program := filepath.Join(harness.Scripts(t, map[string]string{"program": "echo up; read line"}), "program")
	s := start(t, "--restart=always", program)
	a := s.Connect(t)
	a.Expect(t, "up")
	move(t, program, program+".away")
	a.Text("end")
	s.Out.Await(t, "Could not launch")
	a.Leave(t)
	if end := s.Out.Await(t, "| END"); harness.Fields(end)["ending"] != "exit status 0" {
		t.Error(end)
	}
	started(t, s, 1)
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// A program that cannot be started at all is one answer, and no loop.
func TestCannotBeStarted(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"bad.sh": "#!/no/such/interpreter\n"})
	s := start(t, "--restart=always", "--dir="+dir)
	for range 3 {
		if c := s.Ask(t, harness.Handshake("/bad.sh")); c.Status() != 500 || !strings.Contains(c.Body, "interpreter") {
			t.Errorf("%d %s", c.Status(), c.Body)
		}
	}
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	if n := len(s.Out.With("Could not launch")); n != 3 {
		t.Errorf("%d attempts for three clients", n)
	}
}
