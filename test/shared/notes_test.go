package shared

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// state is what GET ?state tells of a shared program.
type state struct {
	Lifetime     string
	Pid, Viewers int
	First, Last  int
	Epoch        *string
	Ended        *struct{ Code int }
	text         string
}

// stateOf asks for the state of a path.
func stateOf(t *testing.T, s *harness.Server, path string) (now state) {
	t.Helper()
	c := s.Ask(t, harness.Get(path+"?state").Add("Accept", "application/json"))
	if err := json.Unmarshal([]byte(c.Body), &now); err != nil || c.Status() != 200 || now.Lifetime != "shared" {
		t.Fatalf("%d %s, %v", c.Status(), c.Body, err)
	}
	now.text = strings.TrimSpace(c.Body)
	return now
}

// Whoever asks for the state is no viewer, and starts nothing.
func TestState(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=100 -stay", "--linger=1m")...)
	for _, path := range []string{"/", "/other"} {
		if now := stateOf(t, s, path); now.text != `{"lifetime":"shared","epoch":null}` {
			t.Errorf("%s, before any process: %s", path, now.text)
		}
	}
	v, beside := join(t, s), join(t, s)
	v.Text("go")
	v.reaches(t, 100)
	beside.reaches(t, 100)
	now := stateOf(t, s, "/")
	if now.Pid != onlyProcess(t, s) || now.Viewers != 2 || now.First != 1 || now.Last != 100 || now.Epoch == nil || now.Ended != nil {
		t.Error(now.text)
	}
	v.Reset()
	beside.Reset()
	harness.Until(t, "the viewers have left", func() bool { return stateOf(t, s, "/").Viewers == 0 })
	c := s.ConnectTo(t, "/?notes=no&after="+*now.Epoch+":99")
	if m, err := c.Receive(); err != nil || !strings.HasPrefix(string(m.Data), "100 ") {
		t.Errorf("%q, %v", m.Data, err)
	}
	started(t, s, 1)
}

// With notes=no a slow viewer is closed with 1013, whatever --slowclient says, and gets
// nothing that it cannot count.
func TestSlowTakesNoNotes(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, rushes, "--slowclient=drop", "--history=256K")...)
	healthy := join(t, s)
	slow := &viewer{Conn: s.ConnectTo(t, "/?after=0&notes=no"), done: make(chan struct{})}
	healthy.Text("go")
	healthy.reaches(t, flood*9/10)
	go slow.read()
	healthy.hasAll(t, 1, flood, 1000)
	if <-slow.done; slow.err != nil || slow.end.Code != 1013 || slow.first != 1 || slow.last >= flood || slow.gaps > 0 {
		t.Errorf("the slow one had %d..%d with %d gaps, then %v %v", slow.first, slow.last, slow.gaps, slow.end, slow.err)
	}
}

// With notes=no a restart is told by 1012. Whoever counts comes back for the next message,
// and no process is started for that, or ended, though nobody else is there.
func TestRestartTakesNoNotes(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=3 -status=3", "--restart=on-failure")...)
	c, count := s.ConnectTo(t, "/?after=0&notes=no"), 0
	epoch := *stateOf(t, s, "/").Epoch
	for n := 1; n <= 3; n++ {
		started(t, s, n)
		c.Text("go")
		messages, end := c.Rest(t)
		if count += len(messages); end.Code != 1012 || end.Reason != "restarted after exit status 3" || count != 3*n || !strings.HasPrefix(messages[2], "3 ") {
			t.Fatalf("process %d: %q and then %v", n, messages, end)
		}
		c = s.ConnectTo(t, fmt.Sprintf("/?after=%s:%d&notes=no", epoch, count))
	}
	if c := s.Ask(t, harness.Handshake("/?notes=yes")); c.Status() != 400 || !strings.Contains(c.Body, "notes=no") {
		t.Errorf("%d %s", c.Status(), c.Body)
	}
}
