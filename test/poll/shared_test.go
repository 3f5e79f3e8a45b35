package poll

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// polled is what a long-poll is answered.
type polled struct {
	Epoch   string
	Pending []struct {
		Seq     uint64
		Data    string
		Gap     *struct{ From, To uint64 }
		Restart string
	}
	Ended *struct {
		Code   int
		Reason string
	}
}

// poll asks for what is behind after.
func poll(t *testing.T, s *harness.Server, query string) (p polled) {
	t.Helper()
	a := ask(t, request(t, s, "GET", "/?"+query, nil, "Accept: application/json"))
	body := a.rest()
	if a.StatusCode != 200 {
		t.Fatalf("%s: %d %s", query, a.StatusCode, body)
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return p
}

// say is a message by POST.
func say(t *testing.T, s *harness.Server, message string) {
	t.Helper()
	a := ask(t, request(t, s, "POST", "/", strings.NewReader(message)))
	if body := a.rest(); a.StatusCode != 204 {
		t.Errorf("%q: %d %s", message, a.StatusCode, body)
	}
}

// One process, whichever way it is asked; what one says all get, with one number.
func TestSharedByAllWays(t *testing.T) {
	t.Parallel()
	command, starts := counted(t, "cat")
	s := start(t, append([]string{"--shared"}, command...)...)
	ws := s.Connect(t)
	stream, epoch := events(t, s), ""
	say(t, s, "one\n")
	say(t, s, "two\r\n")
	if err := ws.Text("three"); err != nil {
		t.Fatal(err)
	}
	for i, line := range []string{"one", "two", "three"} {
		ws.Expect(t, line)
		e := stream.expect("", line)
		if i == 0 {
			epoch = strings.TrimSuffix(e.id, ":1")
		}
		if e.id != fmt.Sprintf("%s:%d", epoch, i+1) {
			t.Errorf("%+v in epoch %s", e, epoch)
		}
	}
	got := poll(t, s, "after=1&wait=10s")
	if len(got.Pending) == 0 || got.Pending[0].Seq != 2 || got.Pending[0].Data != "two" || epoch != got.Epoch || got.Ended != nil {
		t.Errorf("%+v", got)
	}
	if n := starts(); n != 1 {
		t.Errorf("%d processes", n)
	}
	if lines := s.Out.With("| CONNECT"); len(lines) != 2 {
		t.Errorf("a poll or a POST is a connection in the log: %q", lines)
	}
}

// Who asks again and again gets every message once, and the end.
func TestPollGetsAll(t *testing.T) {
	t.Parallel()
	const lines = 5000
	s := start(t, "--shared", "sh", "-c", fmt.Sprintf("seq %d; exit 3", lines))
	var after uint64
	for polls := 0; ; polls++ {
		got := poll(t, s, fmt.Sprintf("after=%d&wait=10s", after))
		for _, e := range got.Pending {
			if after++; e.Seq != after || e.Data != fmt.Sprint(after) {
				t.Fatalf("%+v, expected %d", e, after)
			}
		}
		if got.Ended != nil {
			if after != lines || len(got.Pending) > 0 || got.Ended.Code != 4003 || got.Ended.Reason != "exit status 3" {
				t.Errorf("after %d: %+v", after, got)
			}
			return
		}
		if polls > lines {
			t.Fatal("no end")
		}
	}
}

// Who comes back with the last id it saw goes on there; to what is over nobody comes
// back, and nothing is started for it.
func TestEventsResume(t *testing.T) {
	t.Parallel()
	wait := filepath.Join(t.TempDir(), "go")
	command, starts := counted(t, "seq 5; while [ ! -e '"+wait+"' ]; do sleep 0.02; done; echo last")
	s := start(t, append([]string{"--shared", "--linger=1m"}, command...)...)
	first := events(t, s)
	for range 2 {
		first.next()
	}
	third, _ := first.next()
	first.Body.Close()
	again := events(t, s, "Last-Event-ID: "+third.id)
	again.expect("", "4")
	again.expect("", "5")
	touch(t, wait)
	again.expect("", "last")
	again.ends(1000, "exit status 0")
	harness.NoSurvivors(t, s)
	for _, id := range []string{"other:3", "nonsense"} {
		a := ask(t, request(t, s, "GET", "/", nil, eventStream, "Last-Event-ID: "+id))
		if body := a.rest(); a.StatusCode != 204 || body != "" {
			t.Errorf("%s: %d %q", id, a.StatusCode, body)
		}
	}
	if n := starts(); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// All who listen get the same bytes, from wherever they begin: within what was printed
// at once, too.
func TestEventsAreTheSame(t *testing.T) {
	t.Parallel()
	wait := filepath.Join(t.TempDir(), "go")
	s := start(t, "--shared", "--linger=1m", "sh", "-c", "seq 3000; while [ ! -e '"+wait+"' ]; do sleep 0.02; done; echo last")
	first, another := events(t, s), events(t, s)
	later := map[int]*answer{}
	for _, after := range []int{0, 1, 700, 1234, 2999, 3000} {
		later[after] = ask(t, request(t, s, "GET", fmt.Sprint("/?after=", after), nil, eventStream))
	}
	touch(t, wait)
	whole := first.rest()
	if got := another.rest(); got != whole {
		t.Errorf("%d bytes, and %d for another", len(whole), len(got))
	}
	for after, a := range later {
		_, want, found := strings.Cut(whole, fmt.Sprintf(":%d\n", after+1))
		_, got, started := strings.Cut(a.rest(), fmt.Sprintf(":%d\n", after+1))
		if !found || !started || got != want {
			t.Errorf("after=%d: %d bytes, want %d", after, len(got), len(want))
		}
	}
}

// What a program cannot be told is answered, and told to nobody.
func TestSharedRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flags  []string
		body   string
		status int
		words  string
	}{
		{nil, "\xff", 400, "UTF-8"},
		{[]string{"--maxframesize=10"}, "12345678901", 413, "--maxframesize"},
		{[]string{"--newlines=reject"}, "a\nb", 400, "--newlines"},
		{[]string{"--framing=ndjson"}, "{", 400, "--framing=ndjson"},
		{[]string{"--input=none"}, "x", 403, "--input"},
	} {
		s := start(t, append(append([]string{"--shared"}, test.flags...), "cat")...)
		a := ask(t, request(t, s, "POST", "/", strings.NewReader(test.body)))
		if body := a.rest(); a.StatusCode != test.status || !strings.Contains(body, test.words) {
			t.Errorf("%q %q: %d %s", test.flags, test.body, a.StatusCode, body)
		}
	}
}
