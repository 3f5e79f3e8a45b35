package shared

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// saysPid is a program that says its pid and then what it hears.
var saysPid = []string{"sh", "-c", "echo $$; exec cat"}

// pidOf is the first message of saysPid.
func pidOf(t *testing.T, c *harness.Conn) string {
	t.Helper()
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Data)
}

// Who comes back within --linger has the same process, and what was said before.
func TestLinger(t *testing.T) {
	t.Parallel()
	s := start(t, append([]string{"--linger=20s"}, saysPid...)...)
	a := s.Connect(t)
	pid := pidOf(t, a)
	for _, leave := range []func(c *harness.Conn){
		func(c *harness.Conn) { c.Leave(t) },
		func(c *harness.Conn) { c.Reset() },
	} {
		before := len(s.Out.With("| DISCONNECT"))
		leave(a)
		harness.Until(t, "it has left", func() bool { return len(s.Out.With("| DISCONNECT")) > before })
		a = s.Connect(t)
		a.Expect(t, pid)
	}
	a.Echo(t, "still there")
}

// After --linger the process ends, and the next viewer has another.
func TestAfterLinger(t *testing.T) {
	t.Parallel()
	s := start(t, append([]string{"--linger=2s"}, saysPid...)...)
	a := s.Connect(t)
	pid := pidOf(t, a)
	a.Leave(t)
	if len(s.Children()) != 1 {
		t.Error("it did not wait")
	}
	harness.NoSurvivors(t, s)
	if next := pidOf(t, s.Connect(t)); next == pid {
		t.Errorf("%s again", next)
	}
}

// With --start=eager the process is there before anybody comes, and after all have
// left.
func TestEager(t *testing.T) {
	t.Parallel()
	s := start(t, append([]string{"--start=eager"}, saysPid...)...)
	pid := fmt.Sprint(onlyProcess(t, s))
	for range 3 {
		c := s.Connect(t)
		c.Expect(t, pid)
		c.Leave(t)
	}
	harness.Until(t, "all have left", func() bool { return len(s.Out.With("| DISCONNECT")) == 3 })
	s.Connect(t).Expect(t, pid)
	started(t, s, 1)
}

// However viewers come and go, there are never two processes of a URL at once: each
// one holds a lock while it lives.
func TestNeverTwo(t *testing.T) {
	t.Parallel()
	lock := filepath.Join(t.TempDir(), "lock")
	script := fmt.Sprintf(`mkdir %[1]s || { echo two; exit 9; }; trap 'rmdir %[1]s; exit 0' INT TERM; echo up; while read line; do echo $line; done; rmdir %[1]s`, lock)
	s := start(t, "--closems=60000", "sh", "-c", script)
	const rounds = 4
	for range rounds {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for n := range 10 {
					c := s.Connect(t)
					c.Expect(t, "up")
					if n%3 == 0 {
						c.Reset()
						continue
					}
					c.SendClose(1000, "")
					c.Conn.Close()
				}
			})
		}
		all.Wait()
		harness.NoSurvivors(t, s) // also where somebody was always there: the next round has another process
	}
	if bad := s.Out.With("| END", "status 9"); len(bad) > 0 {
		t.Errorf("%d times there were two: %s", len(bad), bad[0])
	}
	if _, err := os.Stat(lock); err == nil {
		t.Error("one was killed before it could end by itself")
	}
	if n := starts(s); n < rounds {
		t.Errorf("%d processes, and %d times nobody was there", n, rounds)
	}
	harness.Measured(t, "%d processes for %d viewers", starts(s), rounds*3*10)
}

// Two URLs of one program are two processes, whatever their queries.
func TestKeys(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{
		"a.sh": `echo "$$ $SCRIPT_NAME $PATH_INFO"; exec cat`,
		"b.sh": `echo "$$ $SCRIPT_NAME $PATH_INFO"; exec cat`,
	})
	s := start(t, "--dir="+dir)
	pids := map[string]string{}
	for _, url := range []string{"/a.sh", "/a.sh?x=1", "/a.sh/", "/a.sh/x", "/b.sh", "/a.sh/x?y", "/a.sh", "/b.sh/x"} {
		path, _, _ := strings.Cut(url, "?")
		got := pidOf(t, s.ConnectTo(t, url))
		pid, where, _ := strings.Cut(got, " ")
		if known := pids[path]; known != "" && known != pid {
			t.Errorf("%s: process %s, and %s before", url, pid, known)
		}
		pids[path] = pid
		if info := strings.TrimPrefix(path, path[:5]); where != path[:5]+" "+info {
			t.Errorf("%s: the process sees %q", url, where)
		}
	}
	if n := len(s.Children()); n != len(pids) {
		t.Errorf("%d processes for %d paths", n, len(pids))
	}
}
