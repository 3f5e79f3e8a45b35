package poll

import (
	"fmt"
	"strings"
	"testing"
)

// What is no longer kept is told, or is an error.
func TestSharedGap(t *testing.T) {
	t.Parallel()
	s := start(t, "--shared", "--history=4K", "--linger=1m", "sh", "-c", "seq 100000; exec cat")
	live := events(t, s)
	for e, ok := live.next(); ok && e.data != "100000"; e, ok = live.next() {
	}
	if a := ask(t, request(t, s, "GET", "/?after=1&wait=1s", nil, "Accept: application/json")); a.StatusCode != 410 {
		t.Errorf("%d %s", a.StatusCode, a.rest())
	}
	got := poll(t, s, "after=1&wait=1s&gap=ok")
	if len(got.Pending) < 2 || got.Pending[0].Gap == nil || got.Pending[0].Gap.From != 2 || got.Pending[1].Seq != got.Pending[0].Gap.To+1 {
		t.Errorf("%.200v", got)
	}
	stream := ask(t, request(t, s, "GET", "/?after=1&gap=ok", nil, eventStream))
	gap, _ := stream.next()
	next, _ := stream.next()
	if want := fmt.Sprintf(`{"from":2,"to":%s}`, gap.id[strings.Index(gap.id, ":")+1:]); gap.kind != "gap" || gap.data != want || next.data == "" {
		t.Errorf("%+v, then %+v", gap, next)
	}
}

// Another process takes over, in one epoch. It is told also where a note in a
// WebSocket would be taken for a message.
func TestSharedRestart(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--framing=ndjson"}} {
		s := start(t, append(append([]string{"--shared", "--restart=always"}, flags...), "sh", "-c", "read x; echo $x; exit 3")...)
		stream := events(t, s)
		say(t, s, "1")
		one := stream.expect("", "1")
		if e := stream.expect("restart", `{"reason":"exit status 3"}`); e.id != one.id {
			t.Errorf("%+v behind %+v", e, one)
		}
		say(t, s, "2")
		if two := stream.expect("", "2"); two.id != strings.TrimSuffix(one.id, "1")+"2" {
			t.Errorf("%+v behind %+v", two, one)
		}
		if got := poll(t, s, "after=1&wait=10s"); len(got.Pending) == 0 || got.Pending[0].Restart != "exit status 3" {
			t.Errorf("%+v", got)
		}
	}
}
