package shared

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// Who counts what it has received goes on there, with nothing lost and nothing twice.
func TestAfter(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=400 -every=2ms -stay", "--linger=1m")...)
	had := 0
	for _, leaveAt := range []int{3, 50, 51, 200, 399, 400} {
		c := s.ConnectTo(t, fmt.Sprint("/?after=", had))
		if had == 0 {
			c.Text("go")
		}
		for had < leaveAt {
			had++
			if m, err := c.Receive(); err != nil || !strings.HasPrefix(string(m.Data), fmt.Sprint(had, " ")) {
				t.Fatalf("%q instead of message %d, %v", m.Data, had, err)
			}
		}
		c.Reset()
	}
	started(t, s, 1)
}

// What cannot be had is refused, or the gap is told to who says it may be.
func TestAfterWhatIsGone(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=1000 -batch=10 -pad=100 -stay", "--history=16K")...)
	first := join(t, s)
	first.Text("go")
	first.reaches(t, 1000)
	for url, want := range map[string]int{
		"/?after=5": 410, "/?after=0": 410, "/?after=-1": 400, "/?after=x": 400, "/?after=": 400, "/other?after=5": 404,
	} {
		if c := s.Ask(t, harness.Handshake(url)); c.Status() != want {
			t.Errorf("%s: %d %s", url, c.Status(), c.Body)
		}
	}
	late := &viewer{Conn: s.ConnectTo(t, "/?after=5&gap=ok"), done: make(chan struct{}), first: 1, last: 5, pid: onlyProcess(t, s)}
	go late.read()
	late.reaches(t, 1000)
	if late.gaps != 1 || late.dropped < 500 {
		t.Errorf("%d messages dropped in %d gaps", late.dropped, late.gaps)
	}
}

// However many come first at the same moment, they share one process.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, saysPid...)
	pids := make(chan string, 100)
	var all sync.WaitGroup
	for range cap(pids) {
		all.Go(func() {
			said := "no connection"
			defer func() { pids <- said }()
			m, err := s.Connect(t).Receive()
			if said = string(m.Data); err != nil {
				said = err.Error()
			}
		})
	}
	all.Wait()
	want := fmt.Sprint(onlyProcess(t, s))
	for range cap(pids) {
		if got := <-pids; got != want {
			t.Errorf("a viewer of %s, not %s", got, want)
		}
	}
	started(t, s, 1)
}

// Who comes while the process is being ended waits for the next one.
func TestComingWhileItEnds(t *testing.T) {
	t.Parallel()
	s := start(t, "--closems=300", "sh", "-c", `trap '' INT; echo $$; cat; sleep 600`)
	a := s.Connect(t)
	pid := pidOf(t, a)
	old, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	a.Leave(t)
	s.Out.Await(t, "| DISCONNECT")
	if next := pidOf(t, s.Connect(t)); next != pid && harness.Alive(old) {
		t.Errorf("process %s while %s has not ended", next, pid)
	}
}
