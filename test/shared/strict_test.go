package shared

import (
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// strictFramings are those whose clients take every message for the program's, as flags, and how a
// client says something in them.
var strictFramings = map[string]struct{ flag, framing, hello string }{
	"raw":    {"--framing=raw", "raw", "go\n"},
	"null":   {"--framing=null", "null", "go"},
	"length": {"--framing=length", "length", "go"},
	"lsp":    {"--framing=lsp", "lsp", "go"},
	"ndjson": {"--framing=ndjson", "ndjson", `"go"`},
	"binary": {"--binary", "raw", "go\n"},
}

// say sends a message of the kind the framing takes.
func say(v *viewer, flag, text string) error {
	if flag == "--binary" || flag == "--framing=length" {
		return v.Binary([]byte(text))
	}
	return v.Text(text)
}

// eachStrict runs f with each of the framings.
func eachStrict(t *testing.T, f func(t *testing.T, flag, framing, hello string)) {
	t.Parallel()
	for name, how := range strictFramings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, how.flag, how.framing, how.hello)
		})
	}
}

// watchNotes reads to the end and demands that nothing is the server's own.
func watchNotes(t *testing.T, v *viewer) (end harness.Closed, all string) {
	t.Helper()
	var text strings.Builder
	end = v.Each(t, func(m harness.Message) { text.Write(m.Data) })
	if strings.Contains(text.String(), "[websocketd") {
		t.Errorf("the server's own words between the program's: %.200q", text.String())
	}
	return end, text.String()
}

// A slow viewer cannot be told what it has missed: it is closed with 1013, whatever
// --slowclient says.
func TestSlowWithoutNotes(t *testing.T) {
	eachStrict(t, func(t *testing.T, flag, framing, hello string) {
		s := start(t, counting(t, "-total=9000 -batch=10 -pad=1000 -framing="+framing, flag, "--slowclient=drop", "--history=64K")...)
		slow, healthy := stall(t, s), stall(t, s)
		say(healthy, flag, hello)
		end, all := watchNotes(t, healthy)
		if len(all) < 9000*1000 || end.Code != 1000 {
			t.Errorf("the other one got %d bytes and then %v", len(all), end)
		}
		if end, some := watchNotes(t, slow); end.Code != 1013 || len(some) >= len(all) {
			t.Errorf("the slow one got %d of %d bytes and then %v", len(some), len(all), end)
		}
	})
}

// A restart is told by 1012, and who comes back has the new process.
func TestRestartWithoutNotes(t *testing.T) {
	eachStrict(t, func(t *testing.T, flag, framing, hello string) {
		s := start(t, counting(t, "-total=3 -status=3 -framing="+framing, flag, "--restart=on-failure", "--linger=1m")...)
		for n := 1; n <= 3; n++ {
			harness.Until(t, "the next process is there", func() bool { return n == 1 || starts(s) >= n && len(s.Children()) == 1 })
			v := stall(t, s)
			pid := onlyProcess(t, s)
			say(v, flag, hello)
			end, all := watchNotes(t, v)
			if end.Code != 1012 || end.Reason != "restarted after exit status 3" || !strings.Contains(all, fmt.Sprint("3 ", pid)) {
				t.Fatalf("viewer %d of process %d: %q and then %v", n, pid, all, end)
			}
		}
	})
}

// With lines both are told in the stream.
func TestRestartWithNotes(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=1 -status=3", "--restart=on-failure")...)
	c := s.Connect(t)
	for n := range 3 {
		c.Text("go")
		m, err := c.Receive()
		if err != nil || !strings.HasPrefix(string(m.Data), "1 ") {
			t.Fatalf("after %d restarts: %q, %v", n, m.Data, err)
		}
		c.Expect(t, "[websocketd: restarted after exit status 3]")
	}
	late := s.Connect(t)
	if m, err := late.Receive(); err != nil || !strings.HasPrefix(string(m.Data), "1 ") {
		t.Fatalf("a late one: %q, %v", m.Data, err)
	}
	late.Expect(t, "[websocketd: restarted after exit status 3]")
	started(t, s, 4)
}
