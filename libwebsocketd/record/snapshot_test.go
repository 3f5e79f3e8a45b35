package record

import (
	"context"
	"testing"
)

// TestRestore: a Log goes on elsewhere with the same numbers, also when all that was kept has been
// dropped, and its limits hold.
func TestRestore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l := New[int](Limits{Bytes: 50})
	for i := range 20 {
		l.Append(ctx, i, 1+i%2, 10)
	}
	l.Append(ctx, 100, 0, 0) // a remark
	first, last := l.Kept()
	for _, drop := range []bool{false, true} {
		if drop {
			l.Drop()
			first, last = l.Kept()
		}
		r := Restore(Limits{Bytes: 50}, l.Snapshot())
		if f, n := r.Kept(); r.Epoch() != l.Epoch() || f != first || n != last {
			t.Fatalf("%s %d..%d, want %s %d..%d", r.Epoch(), f, n, l.Epoch(), first, last)
		}
		for range 3 {
			l.Append(ctx, 200, 2, 10)
			r.Append(ctx, 200, 2, 10)
		}
		from, _ := l.Kept()
		want, _ := l.From(from-1).Next(ctx, make([]Entry[int], 0, 50))
		got, err := r.From(from-1).Next(ctx, make([]Entry[int], 0, 50))
		if err != nil || len(got) != len(want) || r.Bytes() != l.Bytes() {
			t.Fatalf("%v %v, want %v", got, err, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%+v, want %+v", got[i], want[i])
			}
		}
	}
}
