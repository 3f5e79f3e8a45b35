package bridge

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// journal records the calls to both sides of a conversation, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

func (j *journal) has(line string) bool { return slices.Contains(j.all(), line) }

// fake is an Endpoint that a test controls. It keeps the contract of Endpoint, and records
// the calls.
type fake struct {
	name    string
	journal *journal
	ctx     context.Context
	cancel  context.CancelCauseFunc

	says   chan []Message // what Receive returns
	takes  func() error   // Send's answer; it may block
	onTold func(error)    // CloseSend's cause; may be nil

	ending  sync.Once
	ended   chan struct{} // Receive fails from here on
	err     error         // with this
	closing sync.Once
	onClose func()        // once, before Close waits for Receive
	closed  chan struct{} // Close was called

	inReceive atomic.Int32
	closes    atomic.Int32
}

func newFake(name string, j *journal) *fake {
	f := &fake{name: name, journal: j, says: make(chan []Message), ended: make(chan struct{}), closed: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancelCause(context.Background())
	return f
}

// newFakes returns a program that ends at once when it is closed, and a client whose
// Receive ends when our half is closed.
func newFakes() (program, client *fake, j *journal) {
	j = new(journal)
	program, client = newFake("program", j), newFake("client", j)
	program.onClose = func() { program.end(errKilled) }
	client.onClose = func() { client.end(errGone) }
	return program, client, j
}

// end makes Receive fail, once all messages were received.
func (f *fake) end(err error) {
	f.ending.Do(func() {
		f.err = err
		close(f.ended)
	})
}

// leave makes the client gone.
func (f *fake) leave(cause error) {
	f.cancel(cause)
	f.end(cause)
}

// Receive implements Endpoint.
func (f *fake) Receive() ([]Message, error) {
	f.inReceive.Add(1)
	defer f.inReceive.Add(-1)
	select {
	case batch := <-f.says:
		return batch, nil
	case <-f.ended:
		return nil, f.err
	}
}

// Send implements Endpoint.
func (f *fake) Send(batch []Message) error {
	if f.takes != nil {
		if err := f.takes(); err != nil {
			f.journal.add(f.name + " does not take " + text(batch))
			return err
		}
	}
	f.journal.add(f.name + " takes " + text(batch))
	return nil
}

// CloseSend implements Endpoint.
func (f *fake) CloseSend(cause error) error {
	f.journal.add(f.name + " is told: " + cause.Error())
	if f.onTold != nil {
		f.onTold(cause)
	}
	if f.name == "client" {
		f.end(errGone) // the answer to our close frame
	}
	return nil
}

// Close implements Endpoint.
func (f *fake) Close() error {
	f.closes.Add(1)
	f.closing.Do(func() {
		f.journal.add(f.name + " is closed")
		close(f.closed)
		if f.onClose != nil {
			f.onClose()
		}
	})
	<-f.ended
	return nil
}

// Context implements Endpoint.
func (f *fake) Context() context.Context { return f.ctx }

func text(batch []Message) string {
	var words []string
	for _, m := range batch {
		words = append(words, string(m.Data))
	}
	return strings.Join(words, "+")
}

func say(words ...string) (batch []Message) {
	for _, w := range words {
		batch = append(batch, Message{Kind: Text, Data: []byte(w)})
	}
	return batch
}
