package config

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

const (
	taken    = "Configuration read again"
	notTaken = "Configuration not taken"
)

// reload sends SIGHUP and waits until the log tells the outcome once more.
func reload(t *testing.T, s *harness.Server, outcome string) string {
	t.Helper()
	before := len(s.Out.With(outcome))
	s.Signal(t, syscall.SIGHUP)
	harness.Until(t, outcome, func() bool { return len(s.Out.With(outcome)) > before })
	lines := s.Out.With(outcome)
	return lines[len(lines)-1]
}

// says is a program that says a word, and then what it hears.
func says(name, word string) string {
	return fmt.Sprintf("[program.%s]\ncommand = [\"sh\", \"-c\", \"echo %s; exec cat\"]\n", name, word)
}

// New connections get what the file says now, running ones go on.
func TestReload(t *testing.T) {
	t.Parallel()
	f := newFile(t, says("a", "one")+says("b", "one")+says("c", "one"))
	s := f.start()
	a, c := s.ConnectTo(t, "/a"), s.ConnectTo(t, "/c")
	a.Expect(t, "one")
	c.Expect(t, "one")

	f.write(says("a", "two") + says("b", "one") + says("d", "new"))
	if line := reload(t, s, taken); !strings.HasSuffix(line, f.path+", 3 programs; new: d; changed: a; gone: c") {
		t.Errorf("the log: %s", line)
	}
	a.Echo(t, "still there")
	c.Echo(t, "still there")
	for path, want := range map[string]string{"/a": "two", "/b": "one", "/d": "new"} {
		s.ConnectTo(t, path).Expect(t, want)
	}
	if status := s.Ask(t, harness.Handshake("/c")).Status(); status != 404 {
		t.Errorf("a program that is gone: %d", status)
	}
	f.write(says("a", "two") + says("b", "one") + says("d", "new"))
	if line := reload(t, s, taken); !strings.HasSuffix(line, ", 3 programs") {
		t.Errorf("the same again: %s", line)
	}
	a.Leave(t)
	c.Leave(t)
}

// A bad file changes nothing, and the log has every fault of it.
func TestReloadOfABadFile(t *testing.T) {
	t.Parallel()
	f := newFile(t, says("a", "one"))
	s := f.start()
	f.write("prot = 1\n" + says("a", "two") + "maxlin = 1\n")
	reload(t, s, notTaken)
	for _, want := range []string{f.path + `:1: unknown key "prot"; did you mean "port"?`, f.path + `:4: unknown key "maxlin" in program a`} {
		if len(s.Out.With("ERROR", want)) != 1 {
			t.Errorf("the log has not %s", want)
		}
	}
	f.write("[program.a")
	reload(t, s, notTaken)
	s.Out.Await(t, "ERROR", f.path+":1:10: ")
	f.write("port = 1\n") // nothing is left to serve
	reload(t, s, notTaken)
	s.Out.Await(t, "ERROR", "there is nothing to serve")
	s.ConnectTo(t, "/a").Expect(t, "one")

	f.write(says("a", "two"))
	reload(t, s, taken)
	s.ConnectTo(t, "/a").Expect(t, "two")
}

// What only a restart can change is said to need one, once it has changed.
func TestReloadTellsWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	const restart = "Needs a restart             : "
	f := newFile(t, "loglevel = \"access\"\nmaxline = 10\n"+says("a", "one"))
	s := f.start("--pingms=1000", "cat")
	reload(t, s, taken)
	if lines := s.Out.With("Needs a restart"); len(lines) > 0 {
		t.Errorf("nothing has changed: %q", lines)
	}
	f.write("host = \"example.com\"\nmaxforks = 9\nmaxline = 4\npingms = 5\n" + says("a", "abcdef"))
	reload(t, s, taken)
	s.Out.Await(t, restart+"host, maxforks, loglevel")
	s.Out.Await(t, restart+"maxline, for all but the programs of the file")
	s.ConnectTo(t, "/a").Expect(t, "abcd", "ef")
	s.ConnectTo(t, "/").Echo(t, "abcdef")
}

// Processes that were started ahead belong to the program as it was.
func TestReloadOfProgramsStartedAhead(t *testing.T) {
	t.Parallel()
	ahead := func(n int, word string) string { return says("a", word) + fmt.Sprintf("prefork = %d\n", n) }
	f := newFile(t, ahead(2, "one")+says("b", "one"))
	s := f.start()
	count := func(n int) {
		t.Helper()
		harness.Until(t, fmt.Sprint(n, " processes"), func() bool { return len(s.Children()) == n })
	}
	count(2)
	before := s.Children()
	f.write(ahead(2, "one") + says("b", "two"))
	reload(t, s, taken)
	s.ConnectTo(t, "/b").Expect(t, "two")
	for _, pid := range before {
		if !harness.Alive(pid) {
			t.Errorf("process %d of a program that has not changed has ended", pid)
		}
	}
	f.write(ahead(3, "two"))
	reload(t, s, taken)
	for _, pid := range before {
		harness.Until(t, "what was started ahead before has ended", func() bool { return !harness.Alive(pid) })
	}
	s.ConnectTo(t, "/a").Expect(t, "two")
	f.write("prefork = 1\n" + says("b", "two"))
	reload(t, s, taken)
	s.ConnectTo(t, "/b").Expect(t, "two")
}

// Clients come, talk and leave while the file is read again and again: none is
// refused, and nothing any of them says is lost.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, talks, messages, reloads = 4, 12, 25, 25
	version := func(n int) string {
		return "[program.stays]\ncommand = [\"cat\"]\nprefork = 1\n" +
			fmt.Sprintf("[program.changes]\ncommand = [\"cat\"]\nenv = { N = \"%d\" }\nprefork = %d\n[program.new%d]\ncommand = [\"cat\"]\n", n, n%3, n)
	}
	f := newFile(t, version(0))
	s := f.start("--loglevel=info")
	var talking sync.WaitGroup
	for i := range clients {
		path := []string{"/stays", "/changes"}[i%2]
		talking.Go(func() {
			for range talks {
				if err := talk(t, s, path, messages); err != nil {
					t.Errorf("%s: %v", path, err)
					return
				}
			}
		})
	}
	for n := range reloads {
		f.write(version(n + 1))
		reload(t, s, taken)
	}
	talking.Wait()
	if lines := s.Out.With("ERROR"); len(lines) > 0 {
		t.Errorf("%q", lines)
	}
}

// talk has one conversation with an echo.
func talk(t *testing.T, s *harness.Server, path string, messages int) error {
	c := s.Ask(t, harness.Handshake(path))
	if c.Status() != 101 {
		return fmt.Errorf("refused with %d: %s", c.Status(), c.Body)
	}
	for n := range messages {
		want := fmt.Sprint("message ", n)
		if err := c.Text(want); err != nil {
			return err
		}
		m, err := c.Receive()
		if err != nil || string(m.Data) != want {
			return fmt.Errorf("%q, %v instead of %q", m.Data, err, want)
		}
	}
	return c.SendClose(1000, "")
}
