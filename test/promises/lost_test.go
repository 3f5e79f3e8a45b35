package promises

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// The last line arrives although no newline ends it, whatever wrote it.
func TestLastLineWithoutNewline(t *testing.T) {
	t.Parallel()
	for tool, program := range map[string][]string{
		"sh":      {"sh", "-c", "echo one; printf two"},
		"awk":     {"awk", `BEGIN { print "one"; printf "two" }`},
		"perl":    {"perl", "-e", `print "one\ntwo"`},
		"python3": {"python3", "-c", `import sys; sys.stdout.write("one\ntwo")`},
		"node":    {"node", "-e", `process.stdout.write("one\ntwo")`},
		"cc":      nil,
	} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			harness.Need(t, tool)
			if program == nil {
				program = []string{harness.CProgram(t, "ending"), "text", "one\ntwo"}
			}
			s := harness.Options{Bin: harness.Binary(t), PassEnv: []string{"HOME"}, Args: program}.Start(t)
			if got := s.Connect(t).Ends(t, 1000, ""); !slices.Equal(got, []string{"one", "two"}) {
				t.Fatalf("got %q", got)
			}
		})
	}
}

// A process that closed its stdin goes on talking, whatever the client sends.
func TestOutputAfterStdinIsClosed(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "read a; exec 0<&-; echo closed; sleep 0.3; seq 1 5000; exit 3")
	c := s.Connect(t)
	c.Text("first")
	c.Expect(t, "closed")
	for range 200 {
		c.Text("nobody reads this")
	}
	if got := c.Ends(t, 4003, "exit status 3"); len(got) != 5000 || got[4999] != "5000" {
		t.Fatalf("%d of 5000 lines", len(got))
	}
}

// A process that stopped reading, with its stdin full, goes on talking.
func TestOutputAfterTheProcessStoppedReading(t *testing.T) {
	t.Parallel()
	s := start(t, "--maxforks=1", "sh", "-c", "read a; echo reading no more; sleep 0.3; seq 1 20000")
	c := s.Connect(t)
	c.Text("first")
	c.Expect(t, "reading no more")
	flooded := make(chan struct{})
	go func() { defer close(flooded); flood(c) }()
	got := c.Ends(t, 1000, "")
	if len(got) != 20000 || got[19999] != "20000" {
		t.Fatalf("%d of 20000 lines", len(got))
	}
	<-flooded
}

// flood sends until the connection is gone.
func flood(c *harness.Conn) {
	message := strings.Repeat("x", 1000)
	for c.Text(message) == nil {
	}
}

// Output that was still in the pipe when the process ended arrives at a client
// that reads only then.
func TestOutputInThePipeAtExit(t *testing.T) {
	t.Parallel()
	s := start(t, "perl", "-e", `$| = 1; print "x" x 59, "\n" for 1..1000; print "LAST"; exit 5`)
	for range 10 {
		c := s.Connect(t)
		harness.NoSurvivors(t, s)
		got := c.Ends(t, 4005, "exit status 5")
		if len(got) != 1001 || got[1000] != "LAST" {
			t.Fatalf("%d of 1001 lines", len(got))
		}
	}
}

// More than the pipe holds, and a client that is slow but reads.
func TestAllOutputThenTheCode(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "seq 1 300000; exit 9")
	c := s.Connect(t)
	n := 0
	end := c.Each(t, func(m harness.Message) {
		if n++; string(m.Data) != fmt.Sprint(n) {
			t.Fatalf("message %d is %q", n, m.Data)
		}
	})
	if n != 300000 || end.Code != 4009 {
		t.Fatalf("%d messages, then %v", n, end)
	}
}

// The process ends while the client is still sending: all output, then the code.
func TestExitWhileTheClientSends(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "seq 1 20000; exit 7")
	for range 10 {
		c := s.Connect(t)
		flooded := make(chan struct{})
		go func() { defer close(flooded); flood(c) }()
		got := c.Ends(t, 4007, "exit status 7")
		if len(got) != 20000 || got[19999] != "20000" {
			t.Fatalf("%d of 20000 lines", len(got))
		}
		<-flooded
	}
}

// The same with input that was sent before and never read.
func TestExitWithUnreadInput(t *testing.T) {
	t.Parallel()
	s := start(t, "perl", "-e", `$| = 1; print "x" x 99, "\n" for 1..600; print "LAST\n"`)
	for range 10 {
		c := s.Connect(t)
		for range 120 {
			if err := c.Text(strings.Repeat("i", 1000)); err != nil {
				t.Fatalf("sending: %v", err)
			}
		}
		harness.NoSurvivors(t, s)
		if got := c.Ends(t, 1000, ""); len(got) != 601 || got[600] != "LAST" {
			t.Fatalf("%d of 601 lines", len(got))
		}
	}
}

// Closing stdout does not end a process; its exit does.
func TestClosedStdoutDoesNotEndTheProcess(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "echo up; exec 1>&-; read a; read b; exit 6")
	c := s.Connect(t)
	c.Expect(t, "up")
	c.Text("one")
	c.Text("two")
	c.Ends(t, 4006, "exit status 6")
}

// An empty line is an empty message, both ways; CRLF and LF end a line.
func TestLines(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", `printf 'a\r\n\nb\r\r\n\0c\n'; cat`)
	c := s.Connect(t)
	c.Expect(t, "a", "", "b\r", "\x00c")
	c.Text("")
	c.Text("two\nlines")
	c.Text("newline\n")
	c.Expect(t, "", "two", "lines", "newline", "")
}
