package shared

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// Twenty clients send messages of 100 KiB at once, and everybody gets every one
// whole.
func TestMessagesAreNotMixed(t *testing.T) {
	t.Parallel()
	const clients, each = 20, 3
	s := start(t, "--history=16MiB", "cat")
	want := map[string]bool{}
	for i := range clients * each {
		want[hundredK(i)] = true
	}
	var all sync.WaitGroup
	for i := range clients {
		c := s.Connect(t)
		all.Go(func() { hearsAll(t, c, want) })
		all.Go(func() {
			for n := range each {
				c.Text(hundredK(i*each + n))
			}
		})
	}
	all.Wait()
}

// hundredK is the message number i.
func hundredK(i int) string { return strings.Repeat(fmt.Sprintf("<%07d>", i), 100<<10/9) }

// hearsAll demands every one of the messages once, in any order.
func hearsAll(t *testing.T, c *harness.Conn, want map[string]bool) {
	heard := map[string]bool{}
	for len(heard) < len(want) {
		m, err := c.Receive()
		text := string(m.Data)
		if err != nil || !want[text] || heard[text] {
			t.Errorf("after %d messages: %.20q..%.20q, %v", len(heard), text, text[max(0, len(text)-20):], err)
			return
		}
		heard[text] = true
	}
}

// With --input=first the one who has been there the longest is heard, then the next;
// the others are ignored, which the log says once for each.
func TestFirstIsHeard(t *testing.T) {
	t.Parallel()
	s := start(t, "--input=first", "cat")
	a, b, c := s.Connect(t), s.Connect(t), s.Connect(t)
	for _, other := range []*harness.Conn{b, c, c} {
		other.Text("not heard")
	}
	muted := func() bool { return len(s.Out.With("ERROR", "--input=first")) == 2 }
	harness.Until(t, "both are told off", muted)
	a.Echo(t, "of the first")
	b.Expect(t, "of the first")
	a.Leave(t)
	harness.Until(t, "the first has left", func() bool { return len(s.Out.With("| DISCONNECT")) == 1 })
	c.Text("not heard either")
	b.Echo(t, "of the second")
	c.Expect(t, "of the first", "of the second")
	if !muted() {
		t.Errorf("%q", s.Out.With("ERROR"))
	}
}

// With --input=none nobody is heard, and the log says so once for each.
func TestNobodyIsHeard(t *testing.T) {
	t.Parallel()
	s := start(t, "--input=none", "sh", "-c", "echo up; exec cat")
	a, b := s.Connect(t), s.Connect(t)
	for range 5 {
		a.Text("not heard")
	}
	b.Text("not heard")
	harness.Until(t, "both are told off", func() bool { return len(s.Out.With("ERROR", "takes none from its clients (see --input=none)")) == 2 })
	a.Expect(t, "up")
	a.SetReadDeadline(harness.Soon())
	if m, err := a.Receive(); err == nil {
		t.Errorf("heard: %q", m.Data)
	}
	if n := len(s.Out.With("ERROR")); n != 2 {
		t.Errorf("%d lines for two who were not heard", n)
	}
}

// What one client does wrong ends its connection and nobody else's, and nothing of it
// reaches the program.
func TestWrongMessages(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		flags   []string
		message string
		code    int
	}{
		"too large":     {[]string{"--maxframesize=1000"}, strings.Repeat("x", 1001), 1009},
		"invalid UTF-8": {nil, "\xff\xfe", 1007},
		"no JSON":       {[]string{"--framing=ndjson"}, "{", 1008},
		"a newline":     {[]string{"--newlines=reject"}, "a\nb", 1008},
		"a NUL":         {[]string{"--framing=null"}, "a\x00b", 1008},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(test.flags, "cat")...)
			good, bad := s.Connect(t), s.Connect(t)
			good.Echo(t, `"before"`)
			bad.Text(`"mine"`)
			bad.Text(test.message)
			good.Expect(t, `"mine"`)
			bad.Ends(t, test.code, "")
			good.Echo(t, `"after"`)
			late := s.Connect(t)
			late.Expect(t, `"before"`, `"mine"`, `"after"`)
		})
	}
}

// A program that reads nothing makes its viewers wait, but not for leaving.
func TestLeavingADeafProgram(t *testing.T) {
	t.Parallel()
	for how, leave := range map[string]func(*harness.Conn){
		"reset": func(c *harness.Conn) { c.Reset() },
		"close": func(c *harness.Conn) { c.Conn.Close() },
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := start(t, "sh", "-c", "echo up; exec sleep 600")
			stays, leaves := s.Connect(t), s.Connect(t)
			for _, c := range []*harness.Conn{stays, leaves} {
				c.Expect(t, "up")
				if sent := c.FillUp(harness.TextOp, 1000, 16<<20); sent < 64<<10 {
					t.Fatalf("only %d bytes could be sent", sent)
				}
			}
			pid := onlyProcess(t, s)
			leave(leaves)
			harness.Until(t, "one has left", func() bool { return len(s.Out.With("| DISCONNECT")) == 1 })
			if !harness.Alive(pid) {
				t.Error("and the program with it")
			}
			leave(stays)
			harness.NoSurvivors(t, s)
		})
	}
}
