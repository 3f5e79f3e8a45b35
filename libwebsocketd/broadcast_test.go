package libwebsocketd

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
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

// broadcaster says what a test gives it, to whom it may.
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

// TestDeliver: the frames of a chunk are what somebody else's client reads, behind
// what is skipped; a note is a text message; both are counted as they are.
func TestDeliver(t *testing.T) {
	t.Parallel()
	p := pipePair(t)
	client := newWebSocketEndpoint(context.Background(), p.conn, WebSocketOptions{MaxMessage: 1, PingInterval: -1, Takes: Text})
	batch, c := chunkOf(Text, sizes...)
	note := &Note{From: 3, To: 7}
	program := &broadcaster{deliveries: [][]Delivery{
		{{Chunk: c, First: 1}, {Note: note, First: 8}},
		{{Chunk: c, First: 6, Skip: 2}, {Note: &Note{Restarted: "exit status 1"}}},
	}}
	var traffic Traffic
	told := make(chan error, 1)
	go func() { told <- tell(client, program, &traffic) }()
	var want []string
	for _, m := range append(slices.Clone(batch), append([]Message{{Data: []byte("[websocketd: 5 messages dropped]")}}, batch[2:]...)...) {
		want = append(want, string(m.Data))
	}
	for i, w := range append(want, "[websocketd: restarted after exit status 1]") {
		if _, got, err := p.client.ReadMessage(); err != nil || string(got) != w {
			t.Fatalf("message %d: %.20q of %d bytes, %v; want %.20q of %d", i, got, len(got), err, w, len(w))
		}
	}
	var ended *EndedError
	if err := <-told; !errors.As(err, &ended) {
		t.Error(err)
	}
	if n, _ := program.watched(); n < traffic.ToClient.Bytes {
		t.Errorf("the client has taken %d bytes of %d", n, traffic.ToClient.Bytes)
	}
	if n := traffic.ToClient; n.Messages != int64(2*len(sizes)-2) || n.Bytes != int64(len(strings.Join(want, "")))-int64(len("[websocketd: 5 messages dropped]")) {
		t.Errorf("counted %+v", n)
	}
	client.Close()
}
