package bridge

import (
	"context"
	"errors"
	"io"
	"sync"

	"websocketd/libwebsocketd/internal/after"
)

// BothKinds stands for either kind, where the kind of a message does not matter.
const BothKinds = Text | Binary

// Kind is the kind of a message, as WebSocket knows it (RFC 6455 section 5.6).
type Kind byte

const (
	Text   Kind = 1 // valid UTF-8
	Binary Kind = 2 // anything

	// Verbatim is bytes written to a program's input as they are, without framing,
	// such as the body of a request. They are no message.
	Verbatim Kind = 4
)

// Preface is the kind of what a program is sent before the client's first
// message. It is written as it is, and not counted as a message.
const Preface Kind = 0

// Message is one message, or a piece of one when More is set.
type Message struct {
	Kind Kind
	More bool // the message goes on in the next Message
	Data []byte
}

// Endpoint is one side of a conversation. Messages move in batches: what one read
// of the source returned goes into one write of the sink, and nothing is held back
// to make a batch larger.
//
// One goroutine may Receive and another Send; CloseSend belongs to the sender.
// Close and Context may be called from anywhere, at any time, repeatedly.
type Endpoint interface {
	// Receive blocks for the next batch, which is valid until the next call. Its
	// error says how the side ended, and is always final. io.EOF means that the side
	// sends nothing more, but still listens. A caller that has begun to Receive must
	// go on until that error: Close waits for it.
	Receive() ([]Message, error)

	// Send delivers a batch, and blocks until the side takes it: that is all the flow
	// control there is. After an error nothing is sent.
	Send([]Message) error

	// CloseSend announces that no more messages follow, and why. What was sent is
	// delivered first, unless cause is a RefusedError: what this side sent cannot be
	// accepted. Then the goroutine that receives calls it, perhaps during a Send; the
	// side is notified at once, and Context is done.
	CloseSend(cause error) error

	// Close ends the side and returns when nothing of it remains. It unblocks Receive
	// and Send; a program's Receive still returns what was printed before. Its error
	// names what could not be ended.
	Close() error

	// Context is done when this side wants the conversation to end, even while no
	// goroutine is in Receive: the peer is gone, or the server is going away.
	// context.Cause says which.
	Context() context.Context
}

// ErrGoingAway is the cause of an ending by Server.Shutdown.
var ErrGoingAway = errors.New("server is going away")

// Pipe bridges a program and a client until the program has ended, and
// returns when both are closed. See the law in doc.go.
func Pipe(program, client Endpoint) Traffic {
	var m Meter
	settle, cause := Run(program, client, &m)
	settle()
	return m.Traffic(cause)
}

// Run does what Pipe does, and returns why the conversation is over as soon as the
// program is closed and the client was sent its close. The caller must call settle,
// which closes the client too and may take a while.
func Run(program, client Endpoint, m *Meter) (settle func(), cause error) {
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
	return func() {
		in.work.Wait()
		settleClient()
		client.Close()
	}, cause
}

// input is the program as the sink of the client's messages. Sending and counting are
// one step: a program may act on a message and end before Send has returned here.
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

// settle waits until a Send in progress is counted. It is called after the program's
// Close, which unblocks that Send.
func (in *input) settle() {
	in.mu.Lock()
	defer in.mu.Unlock()
}

// sendToProgram moves the client's messages to the program. A program that has closed
// its input does not end the conversation: the client is read on, because its close
// frame and its pongs come after its messages. A message that the program's framing
// cannot carry does end it, on the client's account.
func sendToProgram(in *input, client Endpoint) {
	deaf := false
	err := ReceiveEach(client, func(batch []Message) {
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
	if p, ok := in.program.(silenced); ok {
		p.ClientSilent()
	}
}

// silenced is a program that wants to know when its client has said all, however it ends.
type silenced interface{ ClientSilent() }

// sendToClient moves the program's output to the client, to the last byte. The program
// is read on when the client takes no more: it must be able to end.
func sendToClient(client, program Endpoint, m *Meter) error {
	if many, ok := program.(Broadcast); ok {
		if to, ok := client.(Listener); ok {
			return deliverToClient(to, many, m)
		}
	}
	return ReceiveEach(program, func(batch []Message) {
		received := m.begin()
		if client.Send(batch) == nil {
			m.ToClient.add(batch)
			m.end(received)
		} else {
			m.Undelivered.add(batch)
		}
	})
}

// forwarder is an Endpoint that passes on what it receives from inside its wait for
// more (see readbuf's stay.go).
type forwarder interface {
	// ReceiveEach calls each with every batch, and returns the error of Receive.
	ReceiveEach(each func([]Message)) error
}

// ReceiveEach calls each with every batch of e, and returns the error of e's Receive.
func ReceiveEach(e Endpoint, each func([]Message)) error {
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
