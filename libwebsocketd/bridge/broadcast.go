package bridge

import (
	"bytes"
	"fmt"
	"iter"

	"websocketd/libwebsocketd/internal/frame"
)

// Broadcast is a program with many clients. Its messages are numbered, and what one
// client gets the others get too. Pipe passes its deliveries to a Listener as they
// are, as io.Copy does with an io.WriterTo.
type Broadcast interface {
	Endpoint

	// Epoch returns a name for the start of the numbering: the same number with the
	// same Epoch is the same message.
	Epoch() string

	// After returns the number of the last message returned by Deliveries. Before the
	// first call it is one less than the first message to come. Only the goroutine
	// that calls Deliveries may call it.
	After() uint64

	// Deliveries does what Receive does, with numbers.
	Deliveries() ([]Delivery, error)

	// Watch is called once, before Deliveries, with the client's BytesAcked.
	Watch(acked func() (count int64, rest bool))
}

// Listener is a client that takes the deliveries of a Broadcast as they are.
type Listener interface {
	Endpoint

	// Deliver does what Send does, with numbers.
	Deliver([]Delivery) error

	// BytesAcked returns a count that grows when the client acknowledges output, also
	// while Deliver is blocked. rest reports whether some output is not acknowledged
	// yet; it is true where that is not known. It may be called at any time, from any
	// goroutine.
	BytesAcked() (count int64, rest bool)
}

// Delivery is one piece of a Broadcast's output: messages, or one Note.
type Delivery struct {
	Chunk *Chunk // nil with a Note
	First uint64 // the number of the first message of Chunk, or of the one after Note
	Skip  int    // how many messages at the start of Chunk are not for this client
	Note  *Note
}

// Note is sent to a client between two messages. It has no number.
type Note struct {
	From, To  uint64 // the messages that were dropped, or
	Restarted string // how the process ended that was replaced by a new one, or
	Said      string // a text for this client alone, or
	Ended     string // how a process ended that another one will follow: for who asks for that alone
}

// String returns the note as text, for clients that can only be sent messages.
func (n *Note) String() string {
	switch {
	case n.Restarted != "":
		return "[websocketd: restarted after " + n.Restarted + "]"
	case n.Ended != "":
		return "[websocketd: ended with " + n.Ended + "]"
	case n.From == 0:
		return n.Said
	}
	return fmt.Sprintf("[websocketd: %d messages dropped]", n.To-n.From+1)
}

// missed returns how many messages were dropped that the note tells of. n may be nil.
func (n *Note) missed() int64 {
	if n == nil || n.From == 0 || n.Restarted != "" {
		return 0
	}
	return int64(n.To - n.From + 1)
}

// Chunk holds messages for any number of clients, framed once. It is immutable.
type Chunk struct {
	frames []byte
	tally  Tally
}

// ChunkCost is what a Chunk costs to keep in addition to its messages, in bytes.
const ChunkCost = 128

// NewChunk returns a Chunk with a copy of a batch of whole messages.
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

// Cut returns a Chunk of the first n messages, and one of the others. It copies
// nothing.
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

// Then returns a Chunk of c's messages followed by a copy of a batch of whole ones. It
// may append in place to c's memory, so it may be called once for each Chunk.
func (c *Chunk) Then(batch []Message) *Chunk {
	then := &Chunk{frames: c.frames, tally: c.tally}
	for i := range batch {
		m := &batch[i]
		then.frames = append(frame.AppendHeader(then.frames, frame.FinalBit|byte(m.Kind), len(m.Data)), m.Data...)
	}
	then.tally.add(batch)
	return then
}

// MarshalBinary implements encoding.BinaryMarshaler, for another process that goes on with a
// record.
func (c *Chunk) MarshalBinary() ([]byte, error) { return c.frames, nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler. The data must be MarshalBinary's.
func (c *Chunk) UnmarshalBinary(data []byte) error {
	c.frames, c.tally = bytes.Clone(data), Tally{}
	for rest := c.frames; len(rest) > 0; {
		var payload []byte
		payload, rest = frame.CutFrame(rest)
		c.tally.Messages++
		c.tally.Bytes += int64(len(payload))
	}
	return nil
}

// Tally returns the count of the messages and of their bytes.
func (c *Chunk) Tally() Tally { return c.tally }

// Size returns the bytes of memory the messages take.
func (c *Chunk) Size() int { return cap(c.frames) }

// Messages returns the messages after the first skip ones. Their Data belongs to the
// Chunk.
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

// From returns the frames after the first skip ones.
func (c *Chunk) From(skip int) []byte {
	rest := c.frames
	for range skip {
		_, rest = frame.CutFrame(rest)
	}
	return rest
}

// counts returns the Chunk's Tally without the messages that are skipped.
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

// Last returns the number of the last message in deliveries, 0 if there is none.
func Last(deliveries []Delivery) uint64 {
	for i := len(deliveries) - 1; i >= 0; i-- {
		if d := &deliveries[i]; d.Chunk != nil && d.Chunk.tally.Messages > int64(d.Skip) {
			return d.First + uint64(d.Chunk.tally.Messages) - 1
		}
	}
	return 0
}

// deliverToClient does what sendToClient does, without a copy for each client.
func deliverToClient(client Listener, program Broadcast, m *Meter) error {
	program.Watch(client.BytesAcked)
	confirmTo(client, program)
	for {
		deliveries, err := program.Deliveries()
		if err != nil {
			return err
		}
		received := m.begin()
		if client.Deliver(deliveries) != nil {
			m.Undelivered.addDeliveries(deliveries)
			continue
		}
		m.end(received)
		m.ToClient.addDeliveries(deliveries)
		for i := range deliveries {
			if n := deliveries[i].Note.missed(); n > 0 {
				m.Missed.Add(n)
			}
		}
	}
}

func (c *Counter) addDeliveries(deliveries []Delivery) {
	var sum Tally
	for i := range deliveries {
		n := deliveries[i].counts()
		sum.Messages += n.Messages
		sum.Bytes += n.Bytes
	}
	c.addTally(sum)
}
