package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// sizes of messages around every form of a frame's length.
var sizes = []int{0, 1, 125, 126, 127, 65535, 65536, 100000}

func chunkOf(kind Kind, sizes ...int) (batch []Message, c *Chunk) {
	for i, n := range sizes {
		batch = append(batch, Message{Kind: kind, Data: bytes.Repeat([]byte{'a' + byte(i)}, n)})
	}
	return batch, NewChunk(batch)
}

// TestChunk takes out what was put in, from any message on.
func TestChunk(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Text, Binary} {
		batch, c := chunkOf(kind, sizes...)
		if c.Tally().Messages != int64(len(sizes)) || c.Tally().Bytes < 100000 || c.Size() < int(c.Tally().Bytes) {
			t.Errorf("it counts %+v and has %d bytes", c.Tally(), c.Size())
		}
		for skip := range len(batch) + 1 {
			got := slices.Collect(c.Messages(skip))
			if !slices.EqualFunc(got, batch[skip:], func(a, b Message) bool { return a.Kind == b.Kind && bytes.Equal(a.Data, b.Data) }) {
				t.Errorf("behind %d messages there are %d others", skip, len(got))
			}
			head, rest := c.Cut(skip)
			if got := slices.Concat(head.frames, rest.frames); !bytes.Equal(got, c.frames) {
				t.Errorf("cut behind %d messages it is another", skip)
			}
			var first Tally
			first.add(batch[:skip])
			if head.Tally() != first {
				t.Errorf("the first %d messages are %+v, want %+v", skip, head.Tally(), first)
			}
			d := Delivery{Chunk: c, Skip: skip}
			want := Tally{}
			want.add(batch[skip:])
			if got := d.counts(); got != want {
				t.Errorf("behind %d messages: %+v, want %+v", skip, got, want)
			}
		}
		for range c.Messages(0) {
			break
		}
	}
}

// broadcaster is a program that returns deliveries.
type broadcaster struct {
	*fake
	deliveries [][]Delivery
	watched    func() (count int64, rest bool)
}

func (b *broadcaster) Epoch() string { return "e" }

func (b *broadcaster) Watch(taken func() (count int64, rest bool)) { b.watched = taken }

func (b *broadcaster) After() uint64 { return 0 }

func (b *broadcaster) Deliveries() ([]Delivery, error) {
	if len(b.deliveries) == 0 {
		return nil, &EndedError{}
	}
	next := b.deliveries[0]
	b.deliveries = b.deliveries[1:]
	return next, nil
}

// listener is a client that takes a number of deliveries.
type listener struct {
	*fake
	takes int
}

func (l *listener) Deliver([]Delivery) error {
	if l.takes--; l.takes < 0 {
		return errGone
	}
	return nil
}

func (l *listener) BytesAcked() (count int64, rest bool) { return 7, true }

// TestDeliveries: messages are counted as they are delivered, without those that are
// skipped and without notes; what is not taken is counted as undelivered.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	_, c := chunkOf(Text, 1, 10, 100)
	program, client, _ := newFakes()
	many := &broadcaster{fake: program, deliveries: [][]Delivery{
		{{Chunk: c, First: 1}, {Note: &Note{From: 3, To: 7}, First: 8}},
		{{Chunk: c, First: 6, Skip: 2}, {Note: &Note{Restarted: "exit status 1"}}},
		{{Chunk: c, First: 9, Skip: 1}},
	}}
	var moved Meter
	var ended *EndedError
	if err := sendToClient(&listener{client, 2}, many, &moved); !errors.As(err, &ended) {
		t.Error(err)
	}
	expectTally(t, "to the client", moved.ToClient.Tally(), 4, 211)
	expectTally(t, "undelivered", moved.Undelivered.Tally(), 2, 110)
	if n := moved.Traffic(nil).Missed; n != 5 {
		t.Errorf("%d messages are missed, want 5", n)
	}
	if n, rest := many.watched(); n != 7 || !rest {
		t.Errorf("the program is told %d, %v", n, rest)
	}
}

// asking is a broadcaster that is a Confirmer.
type asking struct{ *broadcaster }

func (asking) Confirm(uint64)    {}
func (asking) ConfirmEnd()       {}
func (asking) ConfirmEvery() int { return 8 }

// teller is a listener that can tell what it has.
type teller struct {
	listener
	to []Confirmer
}

func (t *teller) ConfirmTo(c Confirmer) { t.to = append(t.to, c) }

// Deliver takes everything, but not before ConfirmTo.
func (t *teller) Deliver([]Delivery) error {
	if len(t.to) == 0 {
		return errGone
	}
	return nil
}

// TestConfirmTo: a client that can tell what it has is told whom, once and before the
// first delivery; one that cannot is not asked, and a program that does not ask is not
// told.
func TestConfirmTo(t *testing.T) {
	t.Parallel()
	_, c := chunkOf(Text, 1)
	program, client, _ := newFakes()
	many := func() *broadcaster {
		return &broadcaster{fake: program, deliveries: [][]Delivery{{{Chunk: c, First: 1}}, {{Chunk: c, First: 2}}}}
	}
	asks, tells := asking{many()}, &teller{listener: listener{fake: client}}
	var moved Meter
	sendToClient(tells, asks, &moved)
	if !slices.Equal(tells.to, []Confirmer{asks}) {
		t.Errorf("it tells %v", tells.to)
	}
	expectTally(t, "to the client", moved.ToClient.Tally(), 2, 2)
	sendToClient(&listener{client, 2}, asking{many()}, &moved)
	tells.to = nil
	sendToClient(tells, many(), &moved)
	if tells.to != nil {
		t.Errorf("it tells %v", tells.to)
	}
}

// TestLast: notes and messages that are skipped have no number that counts.
func TestLast(t *testing.T) {
	t.Parallel()
	_, c := chunkOf(Text, 1, 1, 1)
	note := Delivery{Note: &Note{From: 3, To: 7}, First: 20}
	for i, test := range []struct {
		deliveries []Delivery
		want       uint64
	}{
		{nil, 0},
		{[]Delivery{note}, 0},
		{[]Delivery{{Chunk: c, First: 5}}, 7},
		{[]Delivery{{Chunk: c, First: 5}, {Chunk: c, First: 8, Skip: 2}, note}, 10},
		{[]Delivery{{Chunk: c, First: 5, Skip: 1}, {Chunk: c, First: 8, Skip: 3}}, 7},
	} {
		if got := Last(test.deliveries); got != test.want {
			t.Errorf("%d: %d, want %d", i, got, test.want)
		}
	}
}

// TestIsEnd tells the end of a program from that of a conversation.
func TestIsEnd(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]bool{
		&EndedError{}: true, &BrokenError{}: true, fmt.Errorf("so: %w", &EndedError{}): true,
		&CloseWith{}: false, &CloseError{}: false, &RefusedError{}: false, ErrGoingAway: false, errGone: false,
	} {
		if IsEnd(cause) != want {
			t.Errorf("%T: %v", cause, !want)
		}
	}
}
