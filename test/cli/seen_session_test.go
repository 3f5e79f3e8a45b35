package cli

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// inSessions is o with --resume and a command.
func inSessions(o harness.Options, command ...string) harness.Options {
	o.Args = append([]string{"--resume=1h"}, o.Args...)
	return with(o, command...)
}

// cookieOf returns the cookie that an answer sets, "" if it sets none.
func cookieOf(c *harness.Conn) string {
	cookie, _, _ := strings.Cut(c.Header("Set-Cookie"), ";")
	return cookie
}

// newSession is a request that makes a session.
var newSession = harness.Get("/?session=new").As("POST", "HTTP/1.1").Add("Content-Length", "0")

// comesBack is what a client finds that has left and comes back with its cookie.
func comesBack(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	c := s.Open(t, harness.Handshake("/"))
	cookie := cookieOf(c)
	c.Echo(t, "hello")
	c.Leave(t)
	if cookie == "" {
		return "no session"
	}
	if harness.Within(time.Second/2, func() bool { return len(s.Children()) == 0 }) {
		return "ended"
	}
	c = s.Open(t, harness.Handshake("/").Add("Cookie", cookie))
	c.Expect(t, "hello")
	return "hello"
}

// secondClient is what happens when a second client attaches to a session.
func secondClient(t *testing.T, o harness.Options) string {
	s := inSessions(o, "cat").Start(t)
	first := s.Open(t, harness.Handshake("/"))
	second := s.Ask(t, harness.Handshake("/").Add("Cookie", cookieOf(first)))
	if second.Status() != http.StatusSwitchingProtocols {
		first.Echo(t, "still there")
		return strconv.Itoa(second.Status())
	}
	second.Echo(t, "hello")
	m, err := first.Receive()
	if end := (harness.Closed{}); errors.As(err, &end) {
		return end.Error()
	}
	return string(m.Data)
}

// sessionsMade is how many of four sessions there may be.
func sessionsMade(t *testing.T, o harness.Options) string {
	s := inSessions(o, "cat").Start(t)
	n := 0
	for range 4 {
		switch c := s.Ask(t, newSession); {
		case c.Status() == http.StatusCreated:
			n++
		case c.Status() != http.StatusTooManyRequests || !strings.Contains(c.Body, "(see --maxsessions)"):
			t.Fatalf("%d %s", c.Status(), c.Body)
		}
	}
	return strconv.Itoa(n)
}

// pageOfSession is where the page is.
func pageOfSession(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	harness.WriteFile(t, filepath.Join(o.Dir, "index.html"), "<h1>Hello</h1>", 0o644)
	o.Args = append([]string{"--staticdir=."}, o.Args...)
	c := inSessions(o, "cat").Start(t).Ask(t, harness.Get("/"))
	at, _, _ := strings.Cut(c.Header("Location"), "=")
	return strings.TrimSpace(strconv.Itoa(c.Status()) + " " + at)
}

// --history, --keepfirst and --watch are for sessions, too.
func TestSharedFlagsOfSessions(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{
		"program": `echo one; yes "$(printf %01000d 0)" | head -n 100; echo end; exec cat`, "next": "echo another; exec cat"})
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: []string{"--resume=1h", "--history=4K", "--keepfirst=4", "--watch", "./program"}}.Start(t)
	first := s.Open(t, harness.Handshake("/"))
	if !reads(first, "end") {
		t.Fatal("the output does not come")
	}
	later := s.Open(t, harness.Handshake("/").Add("Cookie", cookieOf(first)))
	later.Expect(t, "one")
	n := 0
	for m, err := later.Receive(); string(m.Data) != "end"; m, err = later.Receive() {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n == 100 {
		t.Error("everything is kept")
	}
	if err := os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "program")); err != nil {
		t.Fatal(err)
	}
	if _, end := later.Rest(t); end.Code != 1012 {
		t.Errorf("closed with %d %s when the program changed", end.Code, end.Reason)
	}
}

// What a file says of sessions takes effect on SIGHUP: for programs, and for the limit
// of all sessions. Those that are there stay, and have the new settings.
func TestSessionsOverReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f.toml")
	write := func(limit, more string) {
		harness.WriteFile(t, file, "maxsessions = "+limit+"\n[program.a]\ncommand = [\"cat\"]\npath = \"/\"\nlifetime = \"session\"\n"+more, 0o644)
	}
	write("1", "")
	s := harness.Start(t, harness.Binary(t), "--config="+file)
	s.Out.Await(t, "Serving program             : a at /, sessions kept for 5m: ")
	first := s.Open(t, harness.Handshake("/"))
	first.Echo(t, "hello")
	if c := s.Ask(t, newSession); c.Status() != http.StatusTooManyRequests {
		t.Errorf("the second session: %d", c.Status())
	}
	write("2", "attach = \"refuse\"\nresume = \"0s\"\n")
	s.Signal(t, syscall.SIGHUP)
	s.Out.Await(t, "Configuration read again", "changed: a")
	if len(s.Out.With("Needs a restart")) > 0 {
		t.Errorf("a restart is asked for:\n%s", s.Out)
	}
	if c := s.Ask(t, newSession); c.Status() != http.StatusCreated {
		t.Errorf("the second session, of two: %d %s", c.Status(), c.Body)
	}
	if c := s.Ask(t, newSession); c.Status() != http.StatusTooManyRequests {
		t.Errorf("the third session, of two: %d", c.Status())
	}
	first.Echo(t, "still there")
	again := harness.Handshake("/").Add("Cookie", cookieOf(first))
	if c := s.Ask(t, again); c.Status() != http.StatusConflict {
		t.Errorf("a second client of a session that was there: %d", c.Status())
	}
	first.Leave(t)
	s.Open(t, again).Expect(t, "hello", "still there")
}

// Without --maxsessions there may be as many as --maxforks.
func TestMaxforksLimitsSessions(t *testing.T) {
	t.Parallel()
	if got := sessionsMade(t, harness.Options{Bin: harness.Binary(t), Args: []string{"--maxforks=3"}}); got != "3" {
		t.Errorf("with --maxforks=3 there are %s sessions", got)
	}
	if got := sessionsMade(t, harness.Options{Bin: harness.Binary(t), Args: []string{"--maxforks=0"}}); got != "4" {
		t.Errorf("with --maxforks=0 there are %s of 4 sessions", got)
	}
	s := inSessions(harness.Options{Bin: harness.Binary(t), Args: []string{"--maxforks=1", "--maxsessions=0"}}, "cat").Start(t)
	s.Ask(t, newSession)
	if c := s.Ask(t, newSession); c.Status() != http.StatusTooManyRequests || !strings.Contains(c.Body, "--maxforks") {
		t.Errorf("with --maxforks=1 --maxsessions=0 the second: %d %s", c.Status(), c.Body)
	}
}

// --exitwithchild ends with the process of any session, which its client is told first.
func TestExitWithSession(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--exitwithchild", "--resume=1h", "sh", "-c", "echo ready; read x; exit $x")
	c := s.Connect(t)
	c.Expect(t, "ready")
	c.Text("4")
	c.Ends(t, 4004, "exit status 4")
	if status := s.Wait(t); status != 4 {
		t.Errorf("exit status %d", status)
	}
}
