package shared

import (
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// How the process has ended is told to everybody, behind the last thing it said.
func TestEndings(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]struct {
		code   int
		reason string
	}{
		"exit 0":        {1000, "exit status 0"},
		"exit 3":        {4003, "exit status 3"},
		"kill -KILL $$": {4137, "signal: SIGKILL"},
		"kill -SEGV $$": {4139, "signal: SIGSEGV"},
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := start(t, "sh", "-c", "read go; seq 1 2000; printf last; "+script)
			var all []*harness.Conn
			for range 10 {
				all = append(all, s.Connect(t))
			}
			all[0].Text("go")
			for _, c := range all {
				got := c.Ends(t, want.code, want.reason)
				if len(got) != 2001 || got[1999] != "2000" || got[2000] != "last" {
					t.Errorf("%d of 2001 messages", len(got))
				}
			}
			harness.NoSurvivors(t, s)
			started(t, s, 1)
		})
	}
}

// Its background children end with it, and the next viewer has a new process.
func TestBackgroundChildrenEnd(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "sleep 500 & sleep 501 >/dev/null 2>&1 </dev/null & read status; exit $status")
	for n := range 2 {
		a, b := s.Connect(t), s.Connect(t)
		harness.Until(t, "all run", func() bool { return len(s.Children()) == 3 })
		a.Text(fmt.Sprint(n + 2))
		a.Ends(t, 4002+n, "")
		b.Ends(t, 4002+n, "")
		harness.NoSurvivors(t, s)
	}
}

// When the last viewer leaves the process is ended by the ladder: its input is
// closed, then come the signals.
func TestLadder(t *testing.T) {
	t.Parallel()
	harness.Need(t, "perl")
	s := start(t, "--closems=1000", "perl", "-e",
		`$| = 1; for my $s (qw(INT TERM)) { $SIG{$s} = sub { warn "got $s\n" } } print "up\n"; 1 while <>; warn "end of input\n"; sleep 1 while 1`)
	a, b := s.Connect(t), s.Connect(t)
	a.Expect(t, "up")
	b.Expect(t, "up")
	a.Leave(t)
	if len(s.Out.With("| stderr")) > 0 {
		t.Error("it was ended when the first of two left")
	}
	b.Leave(t)
	if end := s.Out.Await(t, "| END"); harness.Fields(end)["ending"] != "signal: SIGKILL" {
		t.Error(end)
	}
	var steps []string
	for _, line := range s.Out.With("| stderr") {
		steps = append(steps, line[strings.LastIndex(line, "| ")+2:])
	}
	if got := fmt.Sprint(steps); got != "[end of input got INT got TERM]" {
		t.Errorf("it met %s", got)
	}
	harness.NoSurvivors(t, s)
}

// A process that has closed its output has not ended, and one that has closed its
// input is still listened to.
func TestClosedPipes(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "echo up; read x; exec <&-; echo deaf; exec >&-; sleep 0.2; exit 3")
	a, b := s.Connect(t), s.Connect(t)
	for _, c := range []*harness.Conn{a, b} {
		c.Expect(t, "up")
	}
	a.Text("x")
	a.Expect(t, "deaf")
	a.Text("not heard")
	b.Text("not heard")
	a.Ends(t, 4003, "")
	if got := b.Ends(t, 4003, ""); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}
