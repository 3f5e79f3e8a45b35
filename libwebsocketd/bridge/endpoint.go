package bridge

import (
	"context"
	"errors"
	"io"
	"sync"

	"websocketd/libwebsocketd/internal/after"
)

// BothKinds is what a client may send where its kind does not matter.
const BothKinds = Text | Binary

// Kind is the kind of a message, as WebSocket knows it (RFC 6455 section 5.6).
type Kind byte

const (
	Text   Kind = 1 // valid UTF-8
	Binary Kind = 2 // anything

	// Verbatim is bytes for a program's input as they are, outside of its framing,
	// as the body of a request. They are no message.
	Verbatim Kind = 4
)

// Preface is the kind of what a program is told before the client's first
// message. It is written as it is, and counted as nobody's message.
const Preface Kind = 0

// Message is one message, or a piece of one when More is set.
type Message struct {
	Kind Kind
	More bool // the message goes on in the next Message
	Data []byte
}

// Endpoint is one side of a conversation. Messages move in batches: what one
// read of the source yielded goes into one write of the sink, and nothing is
// held back to make a batch larger.
//
// One goroutine may Receive and another Send; CloseSend belongs to the sender.
// Close and Context may be called from anywhere, at any time, repeatedly.
type Endpoint interface {
	// Receive blocks for the next batch, which is valid until the next call. Its
	// error says how the side ended; there is none but a final one. io.EOF says
	// that the side has nothing more to say, but still listens. Who has begun to
	// Receive goes on until that error: Close waits for it.
	Receive() ([]Message, error)

	// Send delivers a batch, and blocks as long as the side does not take it:
	// that is all the flow control there is. After an error nothing is sent.
	Send([]Message) error

	// CloseSend says that no more messages follow, and why. What was sent is
	// delivered first, unless the cause is that what the side said cannot be taken:
	// then who receives says so, perhaps while a Send is at work, the side is told
	// at once, and Context is done.
	CloseSend(cause error) error

	// Close ends the side and returns when nothing of it is left. It unblocks
	// Receive and Send; a program's Receive still yields what was said before.
	// An error tells what could not be ended.
	Close() error

	// Context is done when the conversation is to end on this side's account,
	// even while nobody is in Receive: the other end is gone, or the server is
	// going away. context.Cause says which.
	Context() context.Context
}

// ErrGoingAway is the cause of an ending by Server.Shutdown.
var ErrGoingAway = errors.New("server is going away")

// Tally counts what moved in one direction.
type Tally struct{ Messages, Bytes int64 }

func (t *Tally) add(batch []Message) {
	for _, m := range batch {
		if m.Kind == Preface {
			continue
		}
		if !m.More && m.Kind != Verbatim {
			t.Messages++
		}
		t.Bytes += int64(len(m.Data))
	}
}

// counter is the Tally of a direction that may still be at work when it is read.
type counter struct {
	work  sync.WaitGroup // of the goroutine that sends
	mu    sync.Mutex
	total Tally
}

// Send sends a batch to p and counts it, as one step: a program may act on a
// message and end before Send has returned here.
func (c *counter) Send(p Endpoint, batch []Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := p.Send(batch)
	if err == nil {
		c.total.add(batch)
	}
	return err
}

// tally returns the count. It waits for a Send at work, so it is called after
// p.Close, which unblocks that.
func (c *counter) tally() Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// Traffic is what a conversation moved, and why it ended.
type Traffic struct {
	ToClient    Tally
	ToProgram   Tally
	Undelivered Tally // said by the program when nobody listened any more
	Cause       error
}

// Pipe bridges a program and a client until the program has ended, and
// returns when both are closed. See the law in doc.go.
func Pipe(program, client Endpoint) Traffic {
	var t Traffic
	Run(program, client, &t)()
	return t
}

// Run returns when the conversation is over: the program is closed, the client
// was told. settle waits for the client to close as well, which may take a while.
func Run(program, client Endpoint, t *Traffic) (settle func()) {
	settleClient := after.Close(client.Context(), program)
	var toProgram counter
	toProgram.work.Add(1)
	go func() {
		defer toProgram.work.Done()
		sendToProgram(program, client, &toProgram)
	}()

	t.Cause = sendToClient(client, program, t)
	if gone := context.Cause(client.Context()); gone != nil {
		t.Cause = gone
	}
	client.CloseSend(t.Cause)
	program.Close()
	t.ToProgram = toProgram.tally()
	return func() {
		toProgram.work.Wait()
		t.ToProgram = toProgram.tally()
		settleClient()
		client.Close()
	}
}

// sendToProgram takes what the client says to the program. A program that takes no more
// does not end the conversation: the client is read on, because its close frame
// and its pongs come on the same way. One that cannot be told what the client says
// does, on the client's account.
func sendToProgram(program, client Endpoint, sent *counter) {
	deaf := false
	err := receiveEach(client, func(batch []Message) {
		if deaf {
			return
		}
		err := sent.Send(program, batch)
		if deaf = err != nil; !deaf {
			return
		}
		if refused := new(RefusedError); errors.As(err, &refused) {
			client.CloseSend(err)
		}
	})
	if err == io.EOF {
		program.CloseSend(err)
	}
}

// sendToClient takes what the program says to the client, to the last byte. A client
// that takes no more does not stop the program from being read: it must be able
// to end.
func sendToClient(client, program Endpoint, t *Traffic) error {
	if many, ok := program.(Broadcast); ok {
		if to, ok := client.(Listener); ok {
			return deliverToClient(to, many, t)
		}
	}
	return receiveEach(program, func(batch []Message) {
		if client.Send(batch) == nil {
			t.ToClient.add(batch)
		} else {
			t.Undelivered.add(batch)
		}
	})
}

// forwarder is an Endpoint that hands on what it receives without leaving the place where
// it waits.
type forwarder interface {
	// receiveEach is Receive, over and over, until its error.
	ReceiveEach(each func([]Message)) error
}

// receiveEach returns the error of e's Receive, after each was called with every
// batch.
func receiveEach(e Endpoint, each func([]Message)) error {
	if e, ok := e.(forwarder); ok {
		return e.ReceiveEach(each)
	}
	for {
		batch, err := e.Receive()
		if err != nil {
			return err
		}
		each(batch)
	}
}
