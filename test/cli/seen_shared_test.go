package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// inShared is o with --shared and a command.
func inShared(o harness.Options, command ...string) harness.Options {
	o.Args = append([]string{"--shared"}, o.Args...)
	return with(o, command...)
}

// hears is whether text is among the messages that come, each after the other within
// a time.
func hears(c *harness.Conn, text string, within time.Duration) bool {
	for {
		m, err := c.ReceiveWithin(within)
		if err != nil || string(m.Data) == text {
			return err == nil
		}
	}
}

// processesOfTwo is how many processes two clients have.
func processesOfTwo(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	for _, c := range []*harness.Conn{s.Connect(t), s.Connect(t)} {
		c.Text("hello")
		c.Receive()
	}
	return strconv.Itoa(len(s.Children()))
}

// startedBefore is how many processes there are before the first client.
func startedBefore(t *testing.T, o harness.Options) string {
	s := inShared(o, "cat").Start(t)
	n := 0
	harness.Within(time.Second/2, func() bool { n = len(s.Children()); return n == 1 })
	return strconv.Itoa(n)
}

func lingers(t *testing.T, o harness.Options) string {
	s := inShared(o, "cat").Start(t)
	c := s.Connect(t)
	c.Echo(t, "x")
	c.Leave(t)
	if harness.Within(time.Second, func() bool { return len(s.Children()) == 0 }) {
		return "ended"
	}
	return "still there"
}

func whoIsHeard(t *testing.T, o harness.Options) string {
	s := inShared(o, "cat").Start(t)
	first, second := s.Connect(t), s.Connect(t)
	second.Text("of the second")
	if hears(first, "of the second", time.Second/2) {
		return "all"
	}
	first.Text("of the first")
	if hears(first, "of the first", time.Second/2) {
		return "first"
	}
	return "none"
}

// slowClient is what becomes of a client that reads nothing while another reads
// more than the system keeps for a connection.
func slowClient(t *testing.T, o harness.Options) string {
	const output = `read go; yes "$(printf %01000d 0)" | head -n 20000; echo end; exec cat`
	o.Args = append([]string{"--pingms=0"}, o.Args...) // on a busy machine this takes longer than two pings
	s := inShared(o, "sh", "-c", output).Start(t)
	slow, fast := s.Connect(t), s.Connect(t)
	fast.Text("go")
	if waits := !reads(fast, "end"); waits {
		return "block"
	}
	lost := false
	for {
		m, err := soon(slow)
		end := harness.Closed{}
		switch {
		case errors.As(err, &end) && end.Code == 1013:
			return "close"
		case err != nil:
			return err.Error()
		case strings.HasSuffix(string(m.Data), " messages dropped]"):
			lost = true
		case string(m.Data) == "end":
			return map[bool]string{true: "drop", false: "nothing"}[lost]
		}
	}
}

// reads is whether messages come up to last, each soon.
func reads(c *harness.Conn, last string) bool {
	for {
		m, err := soon(c)
		if err != nil || string(m.Data) == last {
			return err == nil
		}
	}
}

// soon is the next message, if it comes within three seconds.
func soon(c *harness.Conn) (harness.Message, error) {
	return c.ReceiveWithin(3 * time.Second)
}

// keptForLater is how much of what a process has said a client gets that comes
// afterwards: nearly as much as is kept.
func keptForLater(t *testing.T, o harness.Options) string {
	s := inShared(o, "sh", "-c", `read go; yes "$(printf %01000d 0)" | head -n 8000; echo end; exec cat`).Start(t)
	first := s.Connect(t)
	first.Text("go")
	if !reads(first, "end") {
		t.Fatal("the first client did not get all")
	}
	later, n := s.Connect(t), 0
	for {
		m, err := soon(later)
		if err != nil {
			t.Fatal(err)
		}
		n += len(m.Data)
		if string(m.Data) == "end" {
			break
		}
	}
	for _, size := range []struct {
		name  string
		bytes int
	}{{"256K", 256 << 10}, {"1MiB", 1 << 20}, {"4MiB", 4 << 20}} {
		if n <= size.bytes && n > size.bytes/2 {
			return size.name
		}
	}
	return fmt.Sprint(n, " bytes")
}

// beginningForLater is what a client gets of the first lines that comes when they are
// no longer kept.
func beginningForLater(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--history=4K"}, o.Args...)
	s := inShared(o, "sh", "-c", `echo one; echo two; read go; yes "$(printf %0500d 0)" | head -n 100; echo end; exec cat`).Start(t)
	first := s.Connect(t)
	if !reads(first, "two") { // else all may be one read, which is kept whole
		t.Fatal("the first client did not get the beginning")
	}
	first.Text("go")
	if !reads(first, "end") {
		t.Fatal("the first client did not get all")
	}
	later, got := s.Connect(t), ""
	for {
		m, err := soon(later)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Data) > 10 || string(m.Data) == "end" {
			return strings.TrimSpace(got)
		}
		got += " " + string(m.Data)
	}
}

// followed is which endings another process follows.
func followed(t *testing.T, o harness.Options) string {
	c := inShared(o, "sh", "-c", "echo up; read status; exit $status").Start(t).Connect(t)
	c.Expect(t, "up")
	c.Text("3")
	if !hears(c, "up", 10*time.Second) {
		return "never"
	}
	c.Text("0")
	if !hears(c, "up", 10*time.Second) {
		return "on-failure"
	}
	return "always"
}

// changedProgram is whose words are heard when the file of a program has changed.
func changedProgram(t *testing.T, o harness.Options) string {
	o.Dir = harness.Scripts(t, map[string]string{"program": "echo one; exec cat", "next": "echo another; exec cat"})
	c := inShared(o, "./program").Start(t).Connect(t)
	c.Expect(t, "one")
	if err := os.Rename(filepath.Join(o.Dir, "next"), filepath.Join(o.Dir, "program")); err != nil {
		t.Fatal(err)
	}
	if hears(c, "another", time.Second) {
		return "another"
	}
	c.Echo(t, "still there")
	return "goes on"
}
