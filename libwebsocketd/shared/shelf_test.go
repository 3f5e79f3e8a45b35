package shared

import (
	"context"
	"errors"
	"math"
	"testing"

	"websocketd/libwebsocketd/record"
)

// shelved returns a hub whose process has written n pieces and has ended.
func shelved(s *Shelf, n int) *Hub {
	h := NewHub(HubOptions{Life: Lifetime{History: 1 << 20}.complete(), Context: context.Background(), Shelf: s})
	for range n {
		h.output.Append(context.Background(), item{}, 1, 1000)
	}
	h.output.Close(errOver)
	return h
}

// TestShelf: over the limit the oldest output is dropped first, even if a viewer still
// reads it. What was taken off the shelf no longer counts.
func TestShelf(t *testing.T) {
	t.Parallel()
	s := NewShelf(2, 10_000)
	first, second, third := shelved(s, 10), shelved(s, 10), shelved(s, 10)
	reader := first.output.From(2)
	gone := s.put(first)
	s.put(second)
	if closed(gone) || first.output.Bytes() != 10_000 {
		t.Error("the first was dropped though there was room")
	}
	s.put(third)
	var late *record.GoneError
	if _, err := reader.Next(context.Background(), make([]record.Entry[item], 0, 1)); !closed(gone) || first.output.Bytes() != 0 || !errors.As(err, &late) {
		t.Errorf("of the first %d bytes are left, and its reader gets %v", first.output.Bytes(), err)
	}
	s.take(second)
	s.take(second)
	if fourth := shelved(s, 10); closed(s.put(fourth)) || third.output.Bytes() != 10_000 {
		t.Error("what was taken away still counts")
	}
	if s.kept.Len() != 2 || s.bytes != 2*(10_000+hubCost) {
		t.Errorf("%d bytes of %d", s.bytes, s.kept.Len())
	}
}

// TestShelfHasALimit: whatever the settings.
func TestShelfHasALimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ processes, history, want int }{
		{10, 1 << 20, 10 * (1<<20 + hubCost)}, {0, 1 << 20, 1024 * (1<<20 + hubCost)}, {-1, 4096, 1024 * (4096 + hubCost)}, {math.MaxInt, math.MaxInt - hubCost, math.MaxInt},
	} {
		if got := NewShelf(test.processes, test.history).limit; got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}
