package gate

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// fill takes all there is, and more, for a message that is whole.
func fill(t *testing.T, b *Budget) *Share {
	t.Helper()
	large := b.Share(nil)
	if err := large.Await(t.Context(), b.limit); err != nil {
		t.Fatal(err)
	}
	large.Whole()
	return large
}

// TestBudgetPace: while a share waits, a holder that does not go on is ended, and no
// other.
func TestBudgetPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 * leastGrowth)
		asked := map[string]int{}
		holder := func(name string, fault bool) *Share {
			s := b.Share(func() bool { asked[name]++; return fault })
			if !s.Try(leastGrowth) {
				t.Fatalf("%s has no room", name)
			}
			return s
		}
		drips, goesOn, whole, unread := holder("drips", true), holder("goes on", true), holder("whole", true), holder("unread", false)
		whole.Whole()
		time.Sleep(time.Hour)
		if len(asked) > 0 {
			t.Errorf("%v were asked to leave while nobody waited", asked)
		}
		large := fill(t, b)
		waits := grow(t.Context(), b.Share(nil), leastGrowth)
		pending(t, "a small one", waits)
		for i := range 2 * mostIdle {
			b.mu.Lock()
			if drips.held > 0 {
				b.giveLocked(drips, drips.held+1) // as one that may have more than the limit
			}
			b.giveLocked(goesOn, goesOn.held+leastGrowth/(mostIdle-1)+1)
			leaves := asked["drips"] > 0 // the Budget asks while it holds mu
			b.mu.Unlock()
			if leaves && i < mostIdle {
				t.Errorf("asked to leave after %d looks", i)
			}
			if leaves {
				drips.Free()
			}
			time.Sleep(look)
			synctest.Wait()
		}
		if asked["drips"] != 1 || asked["goes on"] != 0 || asked["whole"] != 0 || asked["unread"] == 0 {
			t.Errorf("asked to leave: %v", asked)
		}
		for _, s := range []*Share{large, goesOn, whole, unread} {
			s.Free()
		}
		if err := <-waits; err != nil || b.Tight() {
			t.Errorf("the one that waited: %v, somebody waits: %v", err, b.Tight())
		}
	})
}

// TestBudgetSilence: when a share waits, all messages end at once whose senders have
// been silent for ten seconds, and each other one when its ten seconds are over.
func TestBudgetSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const silent = 20
		b := NewBudget(1 << 30)
		began := time.Now()
		var asked []time.Duration
		holder := func() *Share {
			s := b.Share(func() bool { asked = append(asked, time.Since(began)); return true })
			s.Try(1)
			return s
		}
		for range silent {
			defer holder().Free()
		}
		time.Sleep(2 * mostSilence)
		last := holder()
		defer last.Free()
		time.Sleep(mostSilence / 2)
		last.Try(2)
		large := fill(t, b)
		began = time.Now()
		ctx, leave := context.WithCancel(t.Context())
		waits := grow(ctx, b.Share(nil), 1)
		time.Sleep(mostSilence + look/2)
		leave()
		<-waits
		large.Free() // no look is at work after this
		want := append(slices.Repeat([]time.Duration{look}, silent), mostSilence)
		if !slices.Equal(asked, want) {
			t.Errorf("they were asked to leave after %v, want %v", asked, want)
		}
	})
}

// TestBudgetCrowd: a crowd that stands still as soon as it is served, in however many
// pieces, keeps a later client waiting for hardly more than ten seconds. A client
// that came before it, and needs more, is served as well.
func TestBudgetCrowd(t *testing.T) {
	const crowd, size = 40, 100
	for _, pieces := range []int64{1, 2, 4, 10} {
		synctest.Test(t, func(t *testing.T) {
			b, over := NewBudget(5*size), make(chan struct{})
			arrive := func(size int64, stands bool) (left chan struct{}) {
				told, left := make(chan struct{}), make(chan struct{})
				s := b.Share(func() bool { close(told); return true })
				go func() {
					defer close(left)
					defer s.Free()
					for i := range pieces {
						if err := s.Await(t.Context(), (i+1)*size/pieces); err != nil {
							t.Errorf("piece %d: %v", i, err)
						}
					}
					if stands {
						select {
						case <-told:
						case <-over: // no share waits any more
						}
					}
				}()
				synctest.Wait()
				return left
			}
			large := fill(t, b)
			early := arrive(4*size, false)
			all := make([]chan struct{}, crowd)
			for i := range all {
				all[i] = arrive(size, true)
			}
			large.Free()
			began := time.Now()
			<-arrive(size/2, false)
			if d := time.Since(began); d > mostSilence+look {
				t.Errorf("%d pieces: it has waited for %v", pieces, d)
			}
			<-early
			if d := time.Since(began); d > mostSilence+crowd*(pressed+look) {
				t.Errorf("%d pieces: the early one has waited for %v", pieces, d)
			}
			close(over)
			for _, left := range all {
				<-left
			}
			if b.Held() > 0 || b.Tight() {
				t.Errorf("%d pieces: %d bytes are held at the end", pieces, b.Held())
			}
		})
	}
}
