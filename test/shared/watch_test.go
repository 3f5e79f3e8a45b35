package shared

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"websocketd/test/harness"
)

const (
	one     = "#!/bin/sh\necho one; exec cat\n"
	another = "#!/bin/sh\necho another; exec cat\n"
)

// watching is a server of a script in a folder of its own, and two viewers of it.
func watching(t *testing.T) (s *harness.Server, script string, viewers []*harness.Conn) {
	t.Helper()
	script = filepath.Join(harness.Scripts(t, map[string]string{"program": one}), "program")
	s = start(t, "--watch", script)
	for range 2 {
		c := s.Connect(t)
		c.Expect(t, "one")
		viewers = append(viewers, c)
	}
	return s, script, viewers
}

// A changed script is restarted once, and its viewers stay.
func TestWatch(t *testing.T) {
	t.Parallel()
	for how, change := range map[string]func(t *testing.T, script string){
		"in place":  func(t *testing.T, script string) { harness.WriteFile(t, script, another, 0o755) },
		"in pieces": inPieces,
		"by rename": func(t *testing.T, script string) {
			harness.WriteFile(t, script+".new", another, 0o755)
			move(t, script+".new", script)
		},
		"away and back": func(t *testing.T, script string) { // as some editors do
			move(t, script, script+"~")
			harness.WriteFile(t, script, another, 0o755)
		},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s, script, viewers := watching(t)
			change(t, script)
			for _, c := range viewers {
				if m, err := c.Receive(); err != nil || string(m.Data[:12]) != "[websocketd:" {
					t.Errorf("%q, %v", m.Data, err)
				}
				c.Expect(t, "another")
			}
			viewers[0].Echo(t, "still there")
			viewers[1].Expect(t, "still there")
			started(t, s, 2)
		})
	}
}

// inPieces writes a file in ten steps, as a compiler does.
func inPieces(t *testing.T, script string) {
	f, err := os.OpenFile(script, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	harness.Paced(10, 20*time.Millisecond, func(i int) bool {
		_, err := f.WriteString(another[i*len(another)/10 : (i+1)*len(another)/10])
		return err == nil
	})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A file that stays open when it has been written cannot be executed (ETXTBSY); the
// new program is started once it can.
func TestWatchOpenFile(t *testing.T) {
	t.Parallel()
	s, script, viewers := watching(t)
	f, err := os.OpenFile(script, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(another)
	s.Out.Await(t, "Could not launch process")
	f.Close()
	viewers[0].Receive() // the note
	viewers[0].Expect(t, "another")
}

// Another file that is written all the time, as a log in the program's folder, does
// not hide the change.
func TestWatchInABusyFolder(t *testing.T) {
	t.Parallel()
	s, script, viewers := watching(t)
	busy, done := make(chan struct{}), make(chan struct{})
	defer func() { close(busy); <-done }()
	go func() {
		defer close(done)
		harness.Paced(10000, 20*time.Millisecond, func(int) bool {
			os.WriteFile(script+".log", []byte("x"), 0o644)
			select {
			case <-busy:
				return false
			default:
				return true
			}
		})
	}()
	harness.WriteFile(t, script, another, 0o755)
	harness.Until(t, "the change is noticed", func() bool { return len(s.Out.With("| CHANGED")) == 1 })
	viewers[0].Receive() // the note
	viewers[0].Expect(t, "another")
}

// A program that cannot be started is waited for until it is put right.
func TestWatchABrokenProgram(t *testing.T) {
	t.Parallel()
	s, script, viewers := watching(t)
	harness.WriteFile(t, script, "#!/no/such/interpreter\n", 0o755)
	s.Out.Await(t, "Could not launch process")
	harness.WriteFile(t, script, another, 0o755)
	for _, c := range viewers {
		c.Receive() // the note
		c.Expect(t, "another")
	}
	started(t, s, 2)
}

// A script behind a link is followed to where the link leads now.
func TestWatchALink(t *testing.T) {
	t.Parallel()
	before, after := harness.Scripts(t, map[string]string{"v": one}), harness.Scripts(t, map[string]string{"v": another})
	link := filepath.Join(t.TempDir(), "link")
	pointTo(t, link, before)
	s := start(t, "--watch", "sh", link)
	c := s.Connect(t)
	c.Expect(t, "one")
	pointTo(t, link, after)
	c.Receive() // the note
	c.Expect(t, "another")
	harness.WriteFile(t, filepath.Join(after, "v"), one, 0o755)
	c.Receive()
	c.Expect(t, "one")
}

// pointTo puts a link to a folder's script in the place of the one before.
func pointTo(t *testing.T, link, dir string) {
	t.Helper()
	if err := os.Symlink(filepath.Join(dir, "v"), link+".new"); err != nil {
		t.Fatal(err)
	}
	move(t, link+".new", link)
}

// A folder that is made anew with each build is watched on.
func TestWatchAFolderMadeAnew(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dist")
	script := filepath.Join(dir, "program")
	harness.WriteFile(t, script, one, 0o755)
	s := start(t, "--watch", script)
	c := s.Connect(t)
	c.Expect(t, "one")
	for _, word := range []string{"two", "three", "four"} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		harness.Within(400*time.Millisecond, func() bool { return false }) // a build that takes longer than the server waits
		harness.WriteFile(t, script, "#!/bin/sh\necho "+word+"; exec cat\n", 0o755)
		c.Receive() // the note
		c.Expect(t, word)
	}
}
