package backoff

import (
	"testing"
	"time"
)

// at returns the moment that many milliseconds after the start.
func at(ms int) time.Time { return time.Unix(1, 0).Add(time.Duration(ms) * time.Millisecond) }

func TestPauseDoublesToItsLimit(t *testing.T) {
	t.Parallel()
	var b Pause
	now := at(0)
	if left := b.Left(now); left != 0 {
		t.Errorf("before any failure the pause is %s", left)
	}
	for i, want := range []int{100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000} {
		born := now.Add(time.Millisecond)
		now = born.Add(999 * time.Millisecond)
		if got := b.Fail(born, now); got != time.Duration(want)*time.Millisecond {
			t.Errorf("failure %d: a pause of %s, want %d ms", i+1, got, want)
		}
		if left := b.Left(now.Add(40 * time.Millisecond)); left != b.pause-40*time.Millisecond {
			t.Errorf("failure %d: %s are left after 40 ms of %s", i+1, left, b.pause)
		}
		now = now.Add(b.pause)
		if left := b.Left(now); left != 0 {
			t.Errorf("failure %d: %s are left after all of it", i+1, left)
		}
	}
	if left := b.Left(now.Add(time.Hour)); left != 0 {
		t.Errorf("an hour later %s are left", left)
	}
}

func TestPauseBeginsAgain(t *testing.T) {
	t.Parallel()
	var b Pause
	b.Fail(at(0), at(10))
	b.Fail(at(200), at(210))
	if got := b.Fail(at(500), at(1499)); got != 400*time.Millisecond {
		t.Errorf("after a life of 999 ms: %s", got)
	}
	if got := b.Fail(at(2000), at(3000)); got != DefaultFirst {
		t.Errorf("after a life of 1 s: %s", got)
	}
	if b.Fail(at(3200), at(3210)); b.pause != 200*time.Millisecond {
		t.Errorf("and then: %s", b.pause)
	}
	b.Reset()
	if left := b.Left(at(3210)); left != 0 {
		t.Errorf("after a reset %s are left", left)
	}
	if got := b.Fail(at(3300), at(3310)); got != DefaultFirst {
		t.Errorf("the first failure after a reset: %s", got)
	}
}

// Those that were started together fail together.
func TestPauseCountsARoundOnce(t *testing.T) {
	t.Parallel()
	var b Pause
	for round, want := range []time.Duration{100, 200, 400} {
		start := 1000 * round
		for i := range 5 {
			if got := b.Fail(at(start+i), at(start+20+i)); got != want*time.Millisecond {
				t.Errorf("round %d, member %d: %s", round, i, got)
			}
		}
		if left := b.Left(at(start + 24)); left != want*time.Millisecond {
			t.Errorf("round %d: the pause begins with the last failure, %s are left", round, left)
		}
	}
}

// A pause may have other bounds, and a run that was good by them is forgiven.
func TestPauseHasBounds(t *testing.T) {
	t.Parallel()
	b := Pause{First: time.Second, Most: 3 * time.Second, Good: 10 * time.Second}
	for i, test := range []struct{ born, failed, want int }{
		{0, 9999, 1000}, {11000, 11001, 2000}, {13001, 23000, 3000}, {26000, 26000, 3000}, // or it could not even be started
		{30000, 40000, 1000}, {41000, 41000, 2000},
	} {
		if got := b.Fail(at(test.born), at(test.failed)); got != time.Duration(test.want)*time.Millisecond {
			t.Errorf("failure %d: a pause of %s, want %d ms", i+1, got, test.want)
		}
	}
	if b.Reset(); b.Fail(at(42000), at(42001)) != time.Second {
		t.Error("a reset has forgotten the bounds")
	}
}

// What is started and fails in the same moment as the last failure is another failure.
func TestPauseCountsAStartAtOnce(t *testing.T) {
	t.Parallel()
	var b Pause
	b.Fail(at(0), at(10))
	if got := b.Fail(at(10), at(10)); got != 2*DefaultFirst {
		t.Errorf("a pause of %s", got)
	}
}

// TestNth: the waits of a row, from the default and from one that is longer than the longest.
func TestNth(t *testing.T) {
	t.Parallel()
	for n, want := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond} {
		if got := Nth(0, n+1); got != want {
			t.Errorf("%d: %s", n+1, got)
		}
	}
	for _, test := range []struct {
		first time.Duration
		n     int
		want  time.Duration
	}{{0, 9, 25600 * time.Millisecond}, {0, 10, DefaultMost}, {0, 1 << 30, DefaultMost}, {time.Minute, 7, time.Minute}, {20 * time.Second, 2, DefaultMost}} {
		if got := Nth(test.first, test.n); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
