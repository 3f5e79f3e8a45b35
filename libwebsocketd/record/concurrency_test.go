package record

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
)

// check checks that entries follow one another, and returns the last message.
func check(t *testing.T, after uint64, entries []Entry[uint64]) uint64 {
	t.Helper()
	for _, e := range entries {
		if e.Item != e.First || e.First+uint64(e.Skip) != after+1 {
			t.Errorf("after %d came %+v", after, e)
		}
		after = e.First + uint64(e.Messages) - 1
	}
	return after
}

// TestManyReaders has readers for which the writer waits, each of which now and then
// begins again somewhere: all get everything.
func TestManyReaders(t *testing.T) {
	const readers, items = 30, 3000
	l := New[uint64](Limits{Messages: 40})
	l.Hold(0)
	slowest := slowest{had: make([]atomic.Uint64, readers), hold: l.Hold}
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			r, into := l.From(0), make([]Entry[uint64], 0, 1+i%5)
			for n := 0; ; n++ {
				before := r.After()
				entries, err := r.Next(t.Context(), into)
				if err != nil {
					if _, last := l.Kept(); err != io.EOF || before != last {
						t.Errorf("reader %d after %d of %d: %v", i, before, last, err)
					}
					return
				}
				after := check(t, before, entries)
				slowest.moved(i, after-before)
				if n%7 == i%7 {
					r = l.From(after)
				}
			}
		})
	}
	for i := range items {
		_, last := l.Kept()
		if err := l.Append(t.Context(), last+1, 1+i%6, 1); err != nil {
			t.Error(err)
		}
	}
	l.Close(nil)
	all.Wait()
}

// TestNobodyStarves has a writer that never waits, readers that are always late and
// readers that are mostly asleep. It ends when the writer has appended, and every
// reader has read, many items.
func TestNobodyStarves(t *testing.T) {
	const readers, much = 8, 300
	l := New[uint64](Limits{Messages: 10})
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() { readMuch(t, l, i%2 == 0, much) })
	}
	enough := make(chan struct{})
	go func() {
		defer close(enough)
		all.Wait()
	}()
	for n, read := 0, false; n < 10*much || !read; n++ {
		_, last := l.Kept()
		if err := l.Append(context.Background(), last+1, 1+n%3, 1); err != nil {
			t.Error(err)
		}
		select {
		case <-enough:
			read = true
		default:
		}
	}
}

func readMuch(t *testing.T, l *Log[uint64], behind bool, much int) {
	r := l.From(0)
	for range much {
		if !behind {
			_, last := l.Kept()
			r = l.From(last)
		}
		before := r.After()
		entries, err := r.NextKept(context.Background(), nil)
		if err != nil {
			t.Error(err)
			return
		}
		check(t, max(before, entries[0].First-1), entries)
	}
}

// TestGivingUp has readers and writers that give up while others wake them.
func TestGivingUp(t *testing.T) {
	const rounds = 500
	l := New[uint64](Limits{Messages: 3})
	l.Hold(0)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r := l.From(0)
			for range rounds {
				ctx, cancel := context.WithCancelCause(context.Background())
				all.Go(func() { cancel(errGivenUp) })
				if entries, err := r.NextKept(ctx, nil); (err == nil) != (len(entries) == 1) || err != nil && err != errGivenUp {
					t.Errorf("%v, %v", entries, err)
				}
			}
		})
		all.Go(func() {
			for range rounds {
				ctx, cancel := context.WithCancelCause(context.Background())
				all.Go(func() { cancel(errGivenUp) })
				if err := l.Append(ctx, 0, 2, 2); err != nil && err != errGivenUp {
					t.Error(err)
				}
				_, last := l.Kept()
				l.Hold(last)
			}
		})
	}
	all.Wait()
}
