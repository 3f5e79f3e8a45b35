package flow

import (
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd/record"
)

// TestLateLook: that we look late does not count against a viewer.
func TestLateLook(t *testing.T) {
	t.Parallel()
	p := New(record.New[int](record.Limits{}), Options{})
	c := p.Join(0)
	now := time.Now()
	for range 5 {
		now = now.Add(time.Minute)
		p.look(now)
		p.look(now.Add(LookInterval / 2)) // too soon to count
	}
	if c.still != 5*LookInterval || c.owed != 5*LookInterval {
		t.Errorf("five looks count as %s and %s", c.still, c.owed)
	}
}

// TestCrowd: on a machine whose processors four want, time counts for a quarter.
func TestCrowd(t *testing.T) {
	t.Parallel()
	p := New(record.New[int](record.Limits{}), Options{})
	p.crowd = func() float64 { return 4 }
	c := p.Join(0)
	p.look(time.Now())
	if c.still != LookInterval/4 || c.owed != LookInterval/4 {
		t.Errorf("a look counts as %s and %s", c.still, c.owed)
	}
}

// TestCrowdPeak: a peak of one moment slows down one look, not all of a wait.
func TestCrowdPeak(t *testing.T) {
	t.Parallel()
	p := New(record.New[int](record.Limits{}), Options{})
	looks := 0
	p.crowd = func() float64 {
		if looks++; looks == 3 {
			return 10
		}
		return 1
	}
	c := p.Join(0)
	now := time.Now()
	for range 10 {
		now = now.Add(LookInterval)
		p.look(now)
	}
	if c.still != 9*LookInterval+LookInterval/10 {
		t.Errorf("ten looks with a peak in one count as %s", c.still)
	}
}

// TestAsksWithoutLock: what is asked about a viewer or the machine may take its time, and
// the others go on: they are given more, come and leave.
func TestAsksWithoutLock(t *testing.T) {
	t.Parallel()
	p := New(record.New[int](record.Limits{Bytes: 10}), Options{})
	asked := 0
	ask := func() {
		asked++
		if !p.mu.TryLock() {
			t.Fatal("asked under the lock")
		}
		p.mu.Unlock()
	}
	p.crowd = func() float64 { ask(); return 1 }
	viewer, other := p.Join(0), p.Join(0)
	viewer.Watch(func() (int64, bool) {
		ask()
		other.Move(1)
		p.Join(0).Leave()
		return 1, true
	})
	p.Append(1, 1, 10)
	if p.looked = (time.Time{}); asked != 2 {
		t.Errorf("asked %d times by Append", asked)
	}
	if p.decide(); asked != 4 {
		t.Errorf("asked %d times when there is no room", asked)
	}
}

// TestMovesMeanwhile: a viewer that is given more, or leaves, while it is looked at is
// as it would be if that had come after the look.
func TestMovesMeanwhile(t *testing.T) {
	t.Parallel()
	p := New(record.New[int](record.Limits{}), Options{})
	moves, leaves, asks := p.Join(0), p.Join(0), p.Join(0)
	for c, f := range map[*Cursor]func(){moves: func() { moves.Move(1) }, leaves: leaves.Leave, asks: asks.Wait} {
		c.Watch(func() (int64, bool) { f(); return 0, true })
	}
	p.look(time.Now())
	if moves.still != 0 || moves.owed != LookInterval {
		t.Errorf("one that moves: still %s, owed %s", moves.still, moves.owed)
	}
	if asks.still != LookInterval || asks.owed != LookInterval {
		t.Errorf("one that asks for more: still %s, owed %s", asks.still, asks.owed)
	}
	if _, joined := p.cursors[leaves]; joined {
		t.Error("one that left has come back")
	}
}

// BenchmarkMoveWhileLooking is what a viewer waits to be given more while 1,000 others
// are looked at, each of which takes 10 µs to ask about.
func BenchmarkMoveWhileLooking(b *testing.B) {
	p := New(record.New[int](record.Limits{}), Options{})
	for range 1000 {
		p.Join(0).Watch(func() (int64, bool) {
			for began := time.Now(); time.Since(began) < 10*time.Microsecond; {
			}
			return 1, true
		})
	}
	c := p.Join(1)
	quit := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		for now := time.Now(); ; now = now.Add(LookInterval) {
			select {
			case <-quit:
				return
			default:
				p.look(now)
			}
		}
	})
	for n := uint64(2); b.Loop(); n++ {
		c.Move(n)
	}
	close(quit)
	looking.Wait()
}
