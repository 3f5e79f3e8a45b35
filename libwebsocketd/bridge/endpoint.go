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

// Pipe bridges a program and a client until the program has ended, and
// returns when both are closed. See the law in doc.go.
func Pipe(program, client Endpoint) Traffic {
	var m Meter
	cause, settle := Run(program, client, &m)
	settle()
	return m.Traffic(cause)
}

// Run returns when the conversation is over, and why: the program is closed, the client
// was told. settle waits for the client to close as well, which may take a while.
func Run(program, client Endpoint, m *Meter) (cause error, settle func()) {
	settleClient := after.Close(client.Context(), program)
	in := input{program: program, sent: &m.ToProgram}
	in.work.Add(1)
	go func() {
		defer in.work.Done()
		sendToProgram(&in, client)
	}()

	cause = sendToClient(client, program, m)
	if gone := context.Cause(client.Context()); gone != nil {
		cause = gone
	}
	client.CloseSend(cause)
	program.Close()
	in.settle()
	return cause, func() {
		in.work.Wait()
		settleClient()
		client.Close()
	}
}

// input is the program as the client sends to it. Sending and counting are one step: a
// program may act on a message and end before Send has returned here.
type input struct {
	program Endpoint
	sent    *Counter
	work    sync.WaitGroup // of the goroutine that sends
	mu      sync.Mutex
}

func (in *input) send(batch []Message) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	err := in.program.Send(batch)
	if err == nil {
		in.sent.add(batch)
	}
	return err
}

// settle waits until a Send at work is counted. It is called after the program's Close,
// which unblocks that.
func (in *input) settle() {
	in.mu.Lock()
	defer in.mu.Unlock()
}

// sendToProgram takes what the client says to the program. A program that takes no more
// does not end the conversation: the client is read on, because its close frame
// and its pongs come on the same way. One that cannot be told what the client says
// does, on the client's account.
func sendToProgram(in *input, client Endpoint) {
	deaf := false
	err := receiveEach(client, func(batch []Message) {
		if deaf {
			return
		}
		err := in.send(batch)
		if deaf = err != nil; !deaf {
			return
		}
		if refused := new(RefusedError); errors.As(err, &refused) {
			client.CloseSend(err)
		}
	})
	if err == io.EOF {
		in.program.CloseSend(err)
	}
}

// sendToClient takes what the program says to the client, to the last byte. A client
// that takes no more does not stop the program from being read: it must be able
// to end.
func sendToClient(client, program Endpoint, m *Meter) error {
	if many, ok := program.(Broadcast); ok {
		if to, ok := client.(Listener); ok {
			return deliverToClient(to, many, m)
		}
	}
	return receiveEach(program, func(batch []Message) {
		if client.Send(batch) == nil {
			m.ToClient.add(batch)
		} else {
			m.Undelivered.add(batch)
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
