package rows

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"websocketd/test/harness"
)

// 1
func lastLine(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", "echo one; printf 'half a word' >&2; printf two")
	got, _ := s.Connect(t).Rest(t)
	if want := []string{"one", "two"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, expected %q", got, want)
	}
	s.Out.Await(t, "stderr", "half a word")
}

// 2
func exitWhileSending(t harness.T, bin string) {
	s := harness.Start(t, bin, "seq", "1", "20000")
	for range 5 {
		c := s.Connect(t)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for c.Text("more") == nil {
			}
		}()
		expectCount(t, c, 20000)
		<-sent
	}
}

// expectCount reads the numbers 1 to n and then the end.
func expectCount(t harness.T, c *harness.Conn, n int) {
	next := 1
	end := c.Each(t, func(m harness.Message) {
		if string(m.Data) == fmt.Sprint(next) {
			next++
		}
	})
	if next != n+1 {
		t.Fatalf("%d of %d lines arrived, then %v", next-1, n, end)
	}
}

// 3
func lateReader(t harness.T, bin string) {
	s := harness.Start(t, bin, "perl", "-e", `$| = 1; print "x" x 99, "\n" for 1..600; print "LAST\n"`)
	for range 10 {
		c := s.Connect(t)
		for range 120 {
			if c.Text(strings.Repeat("i", 1000)) != nil {
				break // the older tool resets: what was sent is what counts
			}
		}
		harness.NoSurvivors(t, s)
		got, end := c.Rest(t)
		if len(got) != 601 || got[600] != "LAST" {
			t.Fatalf("%d of 601 lines arrived, then %v", len(got), end)
		}
	}
}

// 4
func closedStdin(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", "read a; exec 0<&-; echo closed; sleep 0.5; echo result")
	c := s.Connect(t)
	c.Text("line")
	c.Expect(t, "closed")
	for range 3 {
		c.Text("nobody reads this")
	}
	if got, end := c.Rest(t); !slices.Equal(got, []string{"result"}) {
		t.Fatalf("got %q, then %v", got, end)
	}
}

// 16
func closeCodes(t harness.T, bin string) {
	for script, want := range map[string]harness.Closed{
		"exit 0":     {Code: 1000},
		"exit 42":    {Code: 4042, Reason: "exit status 42"},
		"kill -9 $$": {Code: 4128 + 9},
	} {
		s := harness.Start(t, bin, "sh", "-c", script)
		if _, end := s.Connect(t).Rest(t); end.Code != want.Code || want.Reason != "" && end.Reason != want.Reason {
			t.Fatalf("%s: %v, expected %v", script, end, want)
		}
		line := s.Out.Await(t, "DISCONNECT")
		if want.Reason != "" && !strings.Contains(line, want.Reason) {
			t.Fatalf("the log does not tell %q: %s", want.Reason, line)
		}
	}
}

// 17
func heldStdout(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", "echo hello; sleep 300 & exit 0")
	c := s.Connect(t)
	c.Expect(t, "hello")
	ended := make(chan struct{})
	go func() { c.Receive(); close(ended) }()
	defer func() { c.Conn.Close(); <-ended }()
	harness.Until(t, "the session ends with its process", func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	harness.NoSurvivors(t, s)
}

// 18
func closedStdout(t harness.T, bin string) {
	file := filepath.Join(t.TempDir(), "done")
	s := harness.Start(t, bin, "sh", "-c", "exec 1>&-; sleep 1.5; echo yes >"+file)
	c := s.Connect(t)
	c.Rest(t)
	harness.NoSurvivors(t, s)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("the process was ended before its work was done: %v", err)
	}
}

// 19
func invalidUTF8(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", `printf '\377\376\n'; cat`)
	c := s.Connect(t)
	c.Expect(t, "\uFFFD\uFFFD")
	c.Text("bad \xff byte")
	c.Ends(t, 1007, "")
}

// 40: nothing is timed; the number of write calls says whether lines are joined.
func fewWrites(t harness.T, bin string) {
	if !harness.IsPeer(bin) {
		bin = harness.PlainBinary(t)
	}
	s := harness.Start(t, bin, "seq", "1", "300000")
	before := harness.WriteCalls(t, s.PID)
	expectCount(t, s.Connect(t), 300000)
	calls := harness.WriteCalls(t, s.PID) - before
	harness.Measured(t, "300,000 lines in %d write calls", calls)
	if calls > 30000 {
		t.Fatalf("300,000 lines took %d write calls", calls)
	}
}

// 41
func singleFrame(t harness.T, bin string) {
	line := strings.Repeat("x", 10000)
	s := harness.Start(t, bin, "cat")
	c := s.Connect(t)
	c.Text(line)
	m, err := c.Receive()
	if err != nil || string(m.Data) != line {
		t.Fatalf("%d bytes, %v", len(m.Data), err)
	}
	if m.Frames != 1 {
		t.Fatalf("a message of 10,000 bytes came in %d frames", m.Frames)
	}
}

// 35
func prompt(t harness.T, bin string) {
	s := harness.Start(t, bin, "--framing=raw", "sh", "-c", "printf 'Name? '; read name; printf 'Hello '; echo $name")
	c := s.Connect(t)
	c.Expect(t, "Name? ")
	c.Text("Ann\n")
	if got, end := c.Rest(t); strings.Join(got, "") != "Hello Ann\n" || end.Code != 1000 {
		t.Fatalf("got %q, then %v", got, end)
	}
}
