package pow

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestClock: a wait ends after a second in a row in which nothing was heard, after half a minute in
// any case, and at once for a cause.
func TestClock(t *testing.T) {
	ours := errors.New("ours")
	for name, c := range map[string]struct {
		heard func(since time.Duration) (bool, error)
		want  time.Duration
		cause error
	}{
		"silence":         {func(time.Duration) (bool, error) { return false, nil }, time.Second, errTimeout},
		"never silent":    {func(time.Duration) (bool, error) { return true, nil }, 30 * time.Second, errTimeout},
		"half a second":   {func(d time.Duration) (bool, error) { return d <= time.Second/2, nil }, 3 * time.Second / 2, errTimeout},
		"every other one": {func(d time.Duration) (bool, error) { return d/look%2 == 0, nil }, 30 * time.Second, errTimeout},
		"every ninth one": {func(d time.Duration) (bool, error) { return d/look%9 == 0, nil }, 30 * time.Second, errTimeout},
		"a cause":         {func(d time.Duration) (bool, error) { return true, map[bool]error{true: ours}[d >= 2*time.Second] }, 2 * time.Second, ours},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, ended := time.Now(), make(chan time.Duration, 2)
				var cause error
				clock := startClock(func() (bool, error) { return c.heard(time.Since(begin)) }, func(err error) {
					cause = err
					ended <- time.Since(begin)
				})
				if got := <-ended; got != c.want || cause != c.cause {
					t.Errorf("after %v: %v", got, cause)
				}
				if clock.stop() {
					t.Error("a clock that has ended the wait was in time")
				}
			})
		})
	}
}

// TestClockIsStopped: after stop the wait does not end.
func TestClockIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := startClock(func() (bool, error) { return false, nil }, func(error) { t.Error("it has ended") })
		time.Sleep(callWait - 1)
		if !clock.stop() {
			t.Error("it was too late")
		}
		time.Sleep(time.Minute)
	})
}

// TestClockIsStoppedAtTheEnd: stop waits for what ends the wait.
func TestClockIsStoppedAtTheEnd(t *testing.T) {
	ends, ending, told := make(chan bool), make(chan bool), false
	clock := startClock(func() (bool, error) { return false, errors.New("at once") }, func(error) {
		close(ending)
		<-ends
		told = true
	})
	<-ending
	stopped := make(chan bool)
	go func() { stopped <- clock.stop() }()
	select {
	case <-stopped:
		t.Error("stop does not wait")
	default:
	}
	close(ends)
	if <-stopped || !told {
		t.Errorf("told: %t", told)
	}
}
