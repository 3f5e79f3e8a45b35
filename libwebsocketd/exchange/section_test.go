package exchange

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// counted counts how often a message is formed.
type counted struct {
	events
	count *atomic.Int64
}

func newCounted() counted { return counted{events{epoch: "e"}, new(atomic.Int64)} }

func (c counted) Message(b []byte, number uint64, m *bridge.Message) []byte {
	c.count.Add(1)
	return c.events.Message(b, number, m)
}

// many is a batch of several sections, with messages of all sorts between lines.
func many() (batch []bridge.Message) {
	for i := range 1500 {
		batch = append(batch, said(fmt.Sprint("line ", i))...)
		switch i {
		case 200:
			batch = append(batch, said(testkit.Awkward...)...)
		case 700:
			batch = append(batch, bridge.Message{Kind: bridge.Binary, Data: []byte("\xff\n\n\x00")})
		case 900:
			batch = append(batch, said(strings.Repeat("long\n\n", pieceSize/8))...)
		}
	}
	return batch
}

// formedOneByOne is the text of messages as it is without any sharing.
func formedOneByOne(f events, first uint64, batch []bridge.Message) string {
	var b []byte
	for i := range batch {
		b = f.Message(b, first+uint64(i), &batch[i])
	}
	return string(b)
}

// deliver is what a client of its own gets of deliveries.
func deliver(t *testing.T, f Encoder, deliveries ...bridge.Delivery) string {
	t.Helper()
	w := &flushes{header: http.Header{}}
	c := newClient(t, w, f)
	defer c.Close()
	if err := c.Deliver(deliveries); err != nil {
		t.Error(err)
	}
	if d := deliveries[len(deliveries)-1]; c.number != d.First-1+uint64(d.Chunk.Tally().Messages) {
		t.Errorf("the last message is number %d behind %+v", c.number, d)
	}
	return w.text.String()
}

// TestFormedOnce: whatever the number of clients, a message is formed once for them.
func TestFormedOnce(t *testing.T) {
	t.Parallel()
	const clients, first = 50, 7
	f, batch := newCounted(), many()
	one, other := bridge.NewChunk(batch), bridge.NewChunk(batch)
	next := uint64(first + len(batch))
	want := formedOneByOne(f.events, first, batch) + formedOneByOne(f.events, next, batch)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			if got := deliver(t, f, bridge.Delivery{Chunk: one, First: first}, bridge.Delivery{Chunk: other, First: next}); got != want {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
		})
	}
	all.Wait()
	if n := f.count.Load(); n != int64(2*len(batch)) {
		t.Errorf("%d messages were formed %d times for %d clients", 2*len(batch), n, clients)
	}
}

// TestFormedFromTheMiddle: a client that begins within a section gets what follows, and
// is one of the others from the next Chunk on.
func TestFormedFromTheMiddle(t *testing.T) {
	t.Parallel()
	const first = 7
	f, batch := newCounted(), many()
	one, other := bridge.NewChunk(batch), bridge.NewChunk(batch)
	next := uint64(first + len(batch))
	formedBefore := 0
	for _, skip := range []int{0, 1, 199, 205, 800, 926, 927, 928, len(batch) - 1, len(batch)} {
		for range 2 { // the second of them forms nothing
			got := deliver(t, f, bridge.Delivery{Chunk: one, First: first, Skip: skip}, bridge.Delivery{Chunk: other, First: next})
			if want := formedOneByOne(f.events, first+uint64(skip), batch[skip:]) + formedOneByOne(f.events, next, batch); got != want {
				t.Errorf("behind %d messages: %d bytes, want %d", skip, len(got), len(want))
			}
		}
		formedBefore += len(batch) - skip
		if n := f.count.Load(); n > int64(formedBefore+len(batch)) {
			t.Errorf("behind %d messages: %d formed", skip, n)
		}
	}
}

// TestFormedApart: the same messages under another epoch, with other numbers, or at the
// beginning of a longer Chunk have a text of their own.
func TestFormedApart(t *testing.T) {
	t.Parallel()
	one, other, batch := events{epoch: "one"}, events{epoch: "other"}, said("a", "b")
	chunk := bridge.NewChunk(batch)
	longer := chunk.Then(said("c"))
	for range 2 {
		for _, f := range []events{one, other} {
			for _, first := range []uint64{1, 2} {
				if got, want := deliver(t, f, bridge.Delivery{Chunk: chunk, First: first}), formedOneByOne(f, first, batch); got != want {
					t.Errorf("%q, want %q", got, want)
				}
				if got, want := deliver(t, f, bridge.Delivery{Chunk: longer, First: first}), formedOneByOne(f, first, said("a", "b", "c")); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		}
	}
}

// TestFormedIsBounded: the oldest text goes when there is no room, and what is larger
// than all room at once; both are formed again for a client that comes for them.
func TestFormedIsBounded(t *testing.T) {
	t.Parallel()
	const each = 1000
	s := sections{most: 3*(each+100) + 3*sectionCost, kept: map[sectionKey]*section{}}
	f := newCounted()
	chunks := []*bridge.Chunk{texts(strings.Repeat("x", 10*each))}
	for range 9 {
		chunks = append(chunks, texts(strings.Repeat("x", each)))
	}
	form := func(i int) string {
		number := uint64(i + 1)
		got := s.section(f, chunks[i], number, &remainder{chunks[i], number})
		if got.messages != 1 || len(s.order) != len(s.kept) || s.bytes > s.most {
			t.Errorf("%d messages; %d bytes, %d and %d sections are kept", got.messages, s.bytes, len(s.order), len(s.kept))
		}
		return string(got.text)
	}
	var texts []string
	for i := range chunks {
		texts = append(texts, form(i))
	}
	if n := len(s.kept); n != 3 || s.bytes < 3*each {
		t.Errorf("%d bytes of %d sections are kept", s.bytes, n)
	}
	for _, test := range []struct {
		section int
		formed  int64 // so often, in the end
	}{{9, 10}, {8, 10}, {7, 10}, {1, 11}, {0, 12}, {0, 13}} {
		if form(test.section) != texts[test.section] || f.count.Load() != test.formed {
			t.Errorf("section %d: %d were formed, want %d", test.section, f.count.Load(), test.formed)
		}
	}
}
