package hub

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// link is a client of a Hub that needs no socket. It takes everything at once, unless it is
// held.
type link struct {
	t       testing.TB
	said    chan string
	ctx     context.Context
	cancel  context.CancelCauseFunc
	acked   atomic.Int64
	writing atomic.Int64 // calls of Deliver
	done    chan struct{}
	lingers time.Duration // how long CloseSend takes
	late    time.Duration // how long each Deliver takes

	mu   sync.Mutex
	held chan struct{} // Deliver waits until it is closed; nil: it does not wait
	got  []got
	end  error // what CloseSend was called with
	once sync.Once
}

// join adds a client to a Hub, which Serve serves until the client is gone.
func join(t testing.TB, h *Hub, serving *sync.WaitGroup) *link {
	l := newLink(t)
	serving.Go(func() {
		if err := h.Serve(l, Identity{}, "fake"); err != nil && err != ErrNotRunning {
			t.Error(err)
		}
	})
	return l
}

func newLink(t testing.TB) *link {
	l := &link{t: t, said: make(chan string), done: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// say sends a message to the Hub, and returns when it was read.
func (l *link) say(message string) {
	select {
	case l.said <- message:
	case <-l.done:
	}
}

// hold has Deliver wait.
func (l *link) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(chan struct{})
	}
}

// letGo ends what hold began.
func (l *link) letGo() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		close(l.held)
		l.held = nil
	}
}

// take returns what the client has got since the last call, and how it was closed.
func (l *link) take() ([]got, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.got
	l.got = nil
	return all, l.end
}

func (l *link) Receive() ([]bridge.Message, error) {
	select {
	case message := <-l.said:
		return []bridge.Message{{Kind: bridge.Text, Data: []byte(message)}}, nil
	case <-l.done:
		l.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal})
		return nil, context.Cause(l.ctx)
	}
}

func (l *link) Deliver(deliveries []bridge.Delivery) error {
	l.writing.Add(1)
	l.mu.Lock()
	held, late := l.held, l.late
	l.mu.Unlock()
	if late > 0 {
		time.Sleep(late)
	}
	if held != nil {
		select {
		case <-held:
		case <-l.done:
			return io.ErrClosedPipe
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range deliveries {
		d := &deliveries[i]
		if d.Chunk == nil {
			l.add([]byte(d.Note.Said))
			continue
		}
		for m := range d.Chunk.Messages(d.Skip) {
			l.add(m.Data)
		}
	}
	return nil
}

func (l *link) add(data []byte) {
	var m got
	if err := json.Unmarshal(data, &m); err != nil {
		l.t.Errorf("%s: %v", data, err)
	}
	l.got = append(l.got, m)
}

func (l *link) Send([]bridge.Message) error { return errors.ErrUnsupported }

// CloseSend does not end the Context, as long as nobody receives the end.
func (l *link) CloseSend(cause error) error {
	select {
	case <-l.done:
		return errors.ErrUnsupported
	default:
	}
	if l.lingers > 0 {
		time.Sleep(l.lingers)
	}
	l.mu.Lock()
	l.end = cause
	l.mu.Unlock()
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *link) Close() error {
	l.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal})
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *link) Context() context.Context { return l.ctx }

func (l *link) BytesAcked() (int64, bool) { return l.acked.Load(), true }

// run starts a Hub in the goroutines of a test. The caller must call stop.
func run(o Options) (h *Hub, serving *sync.WaitGroup, stop func()) {
	h = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	serving = new(sync.WaitGroup)
	serving.Go(func() { h.Run(ctx) })
	return h, serving, func() {
		cancel()
		serving.Wait()
	}
}
