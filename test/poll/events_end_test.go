package poll

import (
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// A client that leaves takes the program along, and all it started.
func TestEventsClientLeaves(t *testing.T) {
	t.Parallel()
	for _, script := range []string{
		"sleep 500 & (sleep 501 | sleep 502) & echo up; wait",
		"trap '' INT TERM HUP; sleep 500 & echo up; while :; do sleep 100; done",
		"sleep 500 & echo up; while :; do echo more; sleep 0.01; done",
	} {
		s := start(t, "sh", "-c", script)
		a := events(t, s)
		a.expect("", "up")
		a.Body.Close()
		harness.NoSurvivors(t, s)
		s.Out.Await(t, "DISCONNECT", "client gone")
	}
}

// A server that stops delivers what the program still says, and 1001.
func TestEventsServerStops(t *testing.T) {
	t.Parallel()
	s := start(t, "--closems=2000", "sh", "-c", "trap 'echo bye; exit' INT TERM; echo up; sleep 1000 & wait")
	a := events(t, s)
	a.expect("", "up")
	s.Signal(t, syscall.SIGTERM)
	a.expect("", "bye")
	a.ends(1001, "server is going away")
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
}

// One that reads nothing for two ping intervals is gone, and its program with it.
func TestEventsDeadClient(t *testing.T) {
	t.Parallel()
	s := start(t, "--pingms=200", "yes")
	c := s.Dial(t)
	c.Send(t, harness.Get("/").Add("Accept", "text/event-stream").String())
	s.Out.Await(t, "CONNECT")
	s.Out.Await(t, "DISCONNECT", "client gone")
	harness.NoSurvivors(t, s)
}
