package promises

import (
	"bufio"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// pipeNobodyReads is a pipe; the write end goes to a server.
func pipeNobodyReads(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	t.Cleanup(func() { w.Close() })
	return r, w
}

var droppedLines = regexp.MustCompile(`(\d+) lines? of the log (?:was|were) dropped`)

// The server goes on when nobody reads its stdout; lines are dropped and
// counted, and when somebody reads again the log says how many were lost.
func TestBlockedStdout(t *testing.T) {
	t.Parallel()
	const noise = 30000
	r, w := pipeNobodyReads(t)
	s := harness.Options{Bin: harness.Binary(t), Stdout: w, Args: []string{"--pingms=0", "perl", "-e",
		`$| = 1; print STDERR "noise " x 20, "\n" for 1..` + strconv.Itoa(noise) + `; while (<STDIN>) { print }`}}.Start(t)
	c := s.Connect(t)
	c.Echo(t, "goes on")
	s.Connect(t).Echo(t, "and takes others")
	w.Close() // the test's own; the server has its copy
	kept, lost := 0, 0
	lines := bufio.NewReader(r)
	for kept+lost < 2*noise {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%d lines, %d said to be lost, then %v", kept, lost, err)
		}
		if m := droppedLines.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			lost += n
		} else if strings.Contains(line, "noise") {
			kept++
		}
	}
	harness.Measured(t, "%d lines of the log kept, %d counted as dropped", kept, lost)
	if lost == 0 || kept+lost > 2*noise+50 {
		t.Errorf("%d lines kept and %d counted as dropped of %d", kept, lost, 2*noise)
	}
	go func() { // the rest of the log, so that the server can end
		for err := error(nil); err == nil; _, err = lines.ReadString('\n') {
		}
	}()
	c.Echo(t, "still")
}

// The same when stderr is blocked, with reasons to write to it: connections
// that cannot be accepted because the descriptors are used up.
func TestBlockedStderr(t *testing.T) {
	t.Parallel()
	r, w := pipeNobodyReads(t)
	for filler := make([]byte, 4096); ; {
		w.SetWriteDeadline(harness.Soon())
		if _, err := w.Write(filler); err != nil {
			break
		}
	}
	_ = r
	s := harness.Options{Bin: harness.Binary(t), Stderr: w, Shell: "ulimit -n 48", Args: []string{"cat"}}.Start(t)
	c := s.Connect(t)
	c.Echo(t, "before")
	var crowd []*harness.Conn
	for range 60 {
		crowd = append(crowd, s.Dial(t))
	}
	c.Echo(t, "during")
	for _, other := range crowd {
		other.Conn.Close()
	}
	c.Echo(t, "after")
	harness.Until(t, "new clients are served again", func() bool {
		d := s.Dial(t)
		defer d.Conn.Close()
		d.Send(t, harness.Handshake("/").String())
		return d.ReadResponse() == nil && d.Status() == 101
	})
}

// A closed stdout does not end the server.
func TestClosedStdout(t *testing.T) {
	t.Parallel()
	r, w := pipeNobodyReads(t)
	s := harness.Options{Bin: harness.Binary(t), Stdout: w, Args: []string{"sh", "-c", "echo oops >&2; exec cat"}}.Start(t)
	r.Close()
	for range 5 {
		s.Connect(t).Echo(t, "goes on")
	}
}

// A long stderr line reaches the log in pieces, all of it; what the log can hold
// before somebody reads it is 1 MiB.
func TestLongStderrLineIsLoggedWhole(t *testing.T) {
	t.Parallel()
	const size = 800000
	for _, maxline := range []string{"1MiB", "64K", "5000"} {
		s := start(t, "--maxline="+maxline, "perl", "-e", `print STDERR "A" x `+itoa(size)+`, "\n"; print "done\n"`)
		s.Connect(t).Ends(t, 1000, "")
		s.Out.Await(t, "DISCONNECT")
		if n := strings.Count(s.Out.String(), "A"); n < size {
			t.Errorf("--maxline=%s: %d of %d characters are in the log", maxline, n, size)
		}
	}
}
