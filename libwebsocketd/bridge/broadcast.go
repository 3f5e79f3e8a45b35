package bridge

import (
	"fmt"
	"iter"

	"websocketd/libwebsocketd/internal/frame"
)

// Broadcast is a program many clients listen to. Its messages are numbered, and
// what one client gets others get, too: PipeEndpoints hands it to a Listener as it
// is, as io.Copy does with an io.WriterTo.
type Broadcast interface {
	Endpoint

	// Epoch names what the numbers count from: the same number with the same
	// Epoch is the same message.
	Epoch() string

	// After is the number of the last message that Deliveries has yielded, at first
	// of the one before those it will yield. It is for who calls Deliveries.
	After() uint64

	// Deliveries is Receive with numbers.
	Deliveries() ([]Delivery, error)

	// Watch is called once, before Deliveries: taken is the client's Taken.
	Watch(taken func() (count int64, rest bool))
}

// Listener is a client that takes what a Broadcast says as it is.
type Listener interface {
	Endpoint

	// Deliver is Send with numbers.
	Deliver([]Delivery) error

	// BytesAcked returns a count that grows when the client takes something, also while
	// Deliver waits for it to take more, and whether some of what was sent to it is not
	// taken yet: true also where that is not known. It may be called at any time, from
	// anywhere.
	BytesAcked() (count int64, rest bool)
}

// Delivery is what a Broadcast says at once: messages, or one Note.
type Delivery struct {
	Chunk *Chunk // nil with a Note
	First uint64 // the number of the first message of Chunk, or of the one behind Note
	Skip  int    // so many messages of Chunk are not for this client
	Note  *Note
}

// Note is what a client is told between two messages. It has no number.
type Note struct {
	From, To  uint64 // the messages that were dropped, or
	Restarted string // how the process ended that another one has taken the place of
}

// String is the note as a client reads it that has nothing but messages.
func (n *Note) String() string {
	if n.Restarted != "" {
		return "[websocketd: restarted after " + n.Restarted + "]"
	}
	return fmt.Sprintf("[websocketd: %d messages dropped]", n.To-n.From+1)
}

// Chunk is messages for any number of clients, put into frames once. It does not
// change.
type Chunk struct {
	frames []byte
	tally  Tally
}

// NewChunk copies a batch of whole messages.
func NewChunk(batch []Message) *Chunk {
	size := 0
	for i := range batch {
		size += frame.HeaderSize(len(batch[i].Data)) + len(batch[i].Data)
	}
	c := &Chunk{frames: make([]byte, 0, size)}
	for i := range batch {
		m := &batch[i]
		c.frames = append(frame.AppendHeader(c.frames, frame.FinalBit|byte(m.Kind), len(m.Data)), m.Data...)
	}
	c.tally.add(batch)
	return c
}

// Cut returns a Chunk of the first n messages, and one of the others. Nothing is
// copied.
func (c *Chunk) Cut(n int) (head, rest *Chunk) {
	head, rest = &Chunk{}, &Chunk{frames: c.frames, tally: c.tally}
	for range n {
		var data []byte
		data, rest.frames = frame.CutFrame(rest.frames)
		head.tally.Messages++
		head.tally.Bytes += int64(len(data))
	}
	head.frames = c.frames[:len(c.frames)-len(rest.frames)]
	rest.tally.Messages -= head.tally.Messages
	rest.tally.Bytes -= head.tally.Bytes
	return head, rest
}

// Then returns a Chunk of c's messages and then a batch of whole ones, which is copied.
// It may have its place behind c's messages, so that of one Chunk only one other may be
// made by it.
func (c *Chunk) Then(batch []Message) *Chunk {
	then := &Chunk{frames: c.frames, tally: c.tally}
	for i := range batch {
		m := &batch[i]
		then.frames = append(frame.AppendHeader(then.frames, frame.FinalBit|byte(m.Kind), len(m.Data)), m.Data...)
	}
	then.tally.add(batch)
	return then
}

// Tally counts the messages.
func (c *Chunk) Tally() Tally { return c.tally }

// Size is how many bytes of memory the messages take.
func (c *Chunk) Size() int { return cap(c.frames) }

// Messages are the messages behind the first skip ones. Their Data is the Chunk's.
func (c *Chunk) Messages(skip int) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		for rest := c.From(skip); len(rest) > 0; {
			kind := Kind(rest[0] & frame.OpcodeBits)
			var data []byte
			if data, rest = frame.CutFrame(rest); !yield(Message{Kind: kind, Data: data}) {
				return
			}
		}
	}
}

// From is the frames behind the first skip ones.
func (c *Chunk) From(skip int) []byte {
	rest := c.frames
	for range skip {
		_, rest = frame.CutFrame(rest)
	}
	return rest
}

// counts is the Chunk's Tally without the messages that are skipped.
func (d *Delivery) counts() Tally {
	if d.Chunk == nil {
		return Tally{}
	}
	if d.Skip == 0 {
		return d.Chunk.tally
	}
	_, rest := d.Chunk.Cut(d.Skip)
	return rest.tally
}

// deliverToClient does what sendToClient does, without a copy for each client.
func deliverToClient(client Listener, program Broadcast, m *Meter) error {
	program.Watch(client.BytesAcked)
	for {
		deliveries, err := program.Deliveries()
		if err != nil {
			return err
		}
		count := &m.ToClient
		if client.Deliver(deliveries) != nil {
			count = &m.Undelivered
		}
		var sum Tally
		for i := range deliveries {
			n := deliveries[i].counts()
			sum.Messages += n.Messages
			sum.Bytes += n.Bytes
		}
		count.addTally(sum)
	}
}

// Confirmer is a Broadcast that wants to be told which messages a client says it has.
// That is more than its system has acknowledged (Listener.BytesAcked): a page may have
// been reloaded in between. A protocol in which clients confirm calls Confirm for each
// word of theirs, from any goroutine.
type Confirmer interface {
	Broadcast

	// Confirm says that the client has all messages up to a number of Deliveries.
	Confirm(number uint64)
}
