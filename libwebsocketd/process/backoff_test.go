package process

import (
	"testing"
	"time"
)

// at is a moment, in milliseconds.
func at(ms int) time.Time { return time.Unix(1, 0).Add(time.Duration(ms) * time.Millisecond) }

func TestBackoffDoublesToItsLimit(t *testing.T) {
	t.Parallel()
	var b backoff
	now := at(0)
	if left := b.left(now); left != 0 {
		t.Errorf("before any failure the pause is %s", left)
	}
	for i, want := range []int{100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000} {
		born := now.Add(time.Millisecond)
		now = born.Add(999 * time.Millisecond)
		if got := b.fail(born, now); got != time.Duration(want)*time.Millisecond {
			t.Errorf("failure %d: a pause of %s, want %d ms", i+1, got, want)
		}
		if left := b.left(now.Add(40 * time.Millisecond)); left != b.pause-40*time.Millisecond {
			t.Errorf("failure %d: %s are left after 40 ms of %s", i+1, left, b.pause)
		}
		now = now.Add(b.pause)
		if left := b.left(now); left != 0 {
			t.Errorf("failure %d: %s are left after all of it", i+1, left)
		}
	}
	if left := b.left(now.Add(time.Hour)); left != 0 {
		t.Errorf("an hour later %s are left", left)
	}
}

func TestBackoffBeginsAnew(t *testing.T) {
	t.Parallel()
	var b backoff
	b.fail(at(0), at(10))
	b.fail(at(200), at(210))
	if got := b.fail(at(500), at(1499)); got != 400*time.Millisecond {
		t.Errorf("after a life of 999 ms: %s", got)
	}
	if got := b.fail(at(2000), at(3000)); got != firstPause {
		t.Errorf("after a life of 1 s: %s", got)
	}
	if b.fail(at(3200), at(3210)); b.pause != 200*time.Millisecond {
		t.Errorf("and then: %s", b.pause)
	}
	b.reset()
	if left := b.left(at(3210)); left != 0 {
		t.Errorf("after a reset %s are left", left)
	}
	if got := b.fail(at(3300), at(3310)); got != firstPause {
		t.Errorf("the first failure after a reset: %s", got)
	}
}

// Those that were started together fail together.
func TestBackoffCountsARoundOnce(t *testing.T) {
	t.Parallel()
	var b backoff
	for round, want := range []time.Duration{100, 200, 400} {
		start := 1000 * round
		for i := range 5 {
			if got := b.fail(at(start+i), at(start+20+i)); got != want*time.Millisecond {
				t.Errorf("round %d, member %d: %s", round, i, got)
			}
		}
		if left := b.left(at(start + 24)); left != want*time.Millisecond {
			t.Errorf("round %d: the pause begins with the last failure, %s are left", round, left)
		}
	}
}
