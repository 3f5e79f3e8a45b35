package pow

import (
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestRESTExpiry: a call that nobody asks for is gone after a minute, with its process, and
// one that is asked for is not. It is the one test here that waits for a clock, and
// begins first: files are in the order of their names.
func TestRESTExpiry(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		harness.Skip(t, "more than a minute", "-short")
	}
	s := serve(t, script("sleeps", "exec sleep 1000"), "--loglevel=access")
	a := newAPI(t, s, "/pow/")
	idle, polled := a.call("sleeps"), a.call("sleeps")
	harness.Paced(130, time.Second, func(int) bool {
		a.status(polled)
		return !s.Out.Has("EXPIRED")
	})
	harness.Until(t, "the idle call is gone", func() bool {
		return len(s.Children()) == 1 && a.ask("GET", "status/"+idle, "").StatusCode == 404
	})
	s.Out.Await(t, "REJECTED", "timeout expired", idle[:8])
	if got := a.status(polled); got.Result.Status != "pending" {
		t.Errorf("%+v", got.Result)
	}
}
