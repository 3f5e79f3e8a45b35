package shared

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// file is a configuration file of shared programs.
type file struct {
	t    *testing.T
	path string
}

// write has programs that say a word and their pid, and then what they hear.
func (f file) write(word, more string) {
	f.t.Helper()
	harness.WriteFile(f.t, f.path, fmt.Sprintf("[program.a]\ncommand = [\"sh\", \"-c\", \"echo %s; exec cat\"]\nlifetime = \"shared\"\n%s", word, more), 0o644)
}

func serveFile(t *testing.T, word, more string) (file, *harness.Server) {
	t.Helper()
	f := file{t, filepath.Join(t.TempDir(), "websocketd.toml")}
	f.write(word, more)
	return f, harness.Start(t, harness.Binary(t), "--config="+f.path)
}

func (f file) reload(s *harness.Server) {
	f.t.Helper()
	before := len(s.Out.With("Configuration read again"))
	s.Signal(f.t, syscall.SIGHUP)
	harness.Until(f.t, "the file is read", func() bool { return len(s.Out.With("Configuration read again")) > before })
}

// A program whose settings have changed: who is there keeps the old process, who
// comes has the new one, and the old one ends with its last viewer.
func TestReload(t *testing.T) {
	t.Parallel()
	f, s := serveFile(t, "old", "linger = \"0s\"\n")
	a, b := s.ConnectTo(t, "/a"), s.ConnectTo(t, "/a")
	a.Expect(t, "old")
	b.Expect(t, "old")
	old := onlyProcess(t, s)
	f.write("new", "linger = \"0s\"\n")
	f.reload(s)
	c := s.ConnectTo(t, "/a")
	c.Expect(t, "new")
	a.Echo(t, "among the old")
	b.Expect(t, "among the old")
	c.Echo(t, "among the new")
	a.Leave(t)
	b.Echo(t, "still there")
	b.Leave(t)
	harness.Until(t, "the old process has ended", func() bool { return !harness.Alive(old) })
	c.Echo(t, "the new one not")
	if n := len(s.Children()); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// One that has not changed goes on, and one that is gone lets its viewers stay.
func TestReloadOfTheSame(t *testing.T) {
	t.Parallel()
	f, s := serveFile(t, "one", "")
	a := s.ConnectTo(t, "/a")
	a.Expect(t, "one")
	pid := onlyProcess(t, s)
	f.write("one", "[program.b]\ncommand = [\"cat\"]\n")
	f.reload(s)
	s.ConnectTo(t, "/a").Expect(t, "one")
	if again := onlyProcess(t, s); again != pid {
		t.Errorf("process %d instead of %d", again, pid)
	}
	harness.WriteFile(t, f.path, "[program.b]\ncommand = [\"cat\"]\n", 0o644)
	f.reload(s)
	if status := s.Ask(t, harness.Handshake("/a")).Status(); status != 404 {
		t.Errorf("a program that is gone: %d", status)
	}
	a.Echo(t, "still there")
}

// A process that nobody looks at ends when its program has changed, and one that is
// to be there before anybody comes is.
func TestReloadOfAnEagerProgram(t *testing.T) {
	t.Parallel()
	f, s := serveFile(t, "old", "start = \"eager\"\n")
	old := onlyProcess(t, s)
	f.write("new", "start = \"eager\"\n")
	f.reload(s)
	harness.Until(t, "there is only another process", func() bool {
		all := s.Children()
		return len(all) == 1 && all[0] != old
	})
	s.ConnectTo(t, "/a").Expect(t, "new")
	started(t, s, 2)
}

// Processes count, viewers do not.
func TestMaxForks(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"a": "echo up; exec cat", "b": "echo up; exec cat", "c": "echo up; exec cat"})
	s := start(t, "--maxforks=2", "--dir="+dir)
	var all []*harness.Conn
	for range 20 {
		for _, url := range []string{"/a", "/b"} {
			c := s.ConnectTo(t, url)
			c.Expect(t, "up")
			all = append(all, c)
		}
	}
	for _, url := range []string{"/c", "/a/x"} {
		if c := s.Ask(t, harness.Handshake(url)); c.Status() != 429 || c.Header("Retry-After") == "" {
			t.Errorf("%s: %d %s", url, c.Status(), c.Body)
		}
	}
	for _, c := range all {
		c.Leave(t)
	}
	harness.NoSurvivors(t, s)
	var c *harness.Conn
	harness.Until(t, "there is a free slot", func() bool {
		c = s.Ask(t, harness.Handshake("/c"))
		return c.Status() != 429
	})
	c.Expect(t, "up")
}
