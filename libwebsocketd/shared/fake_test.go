package shared

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// fakeProgram is a process that a test plays.
type fakeProgram struct {
	says  chan []libwebsocketd.Message
	heard chan string // what was sent, when the test takes it
	ended chan error
	stop  sync.Once
	gone  chan struct{}
}

func newFakeProgram() *fakeProgram {
	return &fakeProgram{
		says: make(chan []libwebsocketd.Message), heard: make(chan string), ended: make(chan error, 1), gone: make(chan struct{}),
	}
}

func (p *fakeProgram) Receive() ([]libwebsocketd.Message, error) {
	select {
	case batch := <-p.says:
		return batch, nil
	case err := <-p.ended:
		return nil, err
	}
}

func (p *fakeProgram) Send(batch []libwebsocketd.Message) error {
	for _, m := range batch {
		if string(m.Data) == "refuse me" {
			return &libwebsocketd.RefusedError{Code: 1008, Reason: "as you wish"}
		}
		select {
		case p.heard <- string(m.Data):
		case <-p.gone:
			return errors.New("it is gone")
		}
	}
	return nil
}

func (p *fakeProgram) CloseSend(error) error    { return nil }
func (p *fakeProgram) Context() context.Context { return context.Background() }

// Close ends it as the ladder would.
func (p *fakeProgram) Close() error {
	p.end(process.Ending{Signal: 2})
	return nil
}

// end is the process's own end.
func (p *fakeProgram) end(how process.Ending) {
	p.stop.Do(func() {
		close(p.gone)
		p.ended <- &libwebsocketd.EndedError{Ending: how}
	})
}

func texts(words ...string) (batch []libwebsocketd.Message) {
	for _, w := range words {
		batch = append(batch, libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(w)})
	}
	return batch
}

// stage is a hub whose processes the test plays.
type stage struct {
	*Hub
	t        *testing.T
	programs chan *fakeProgram // as they are started
	refuse   chan *gate.Refusal
	running  sync.WaitGroup
	goAway   func()
}

// newStage opens a hub with its first process. The test ends when the hub has.
func newStage(t *testing.T, life Lifetime, strict bool) (*stage, *fakeProgram) {
	t.Helper()
	return newStageOf(t, HubOptions{Life: life.complete(), Stays: life.Start == StartEager, Strict: strict, Marks: !strict})
}

// newStageOf does the same for a hub with options of its own.
func newStageOf(t *testing.T, o HubOptions) (*stage, *fakeProgram) {
	t.Helper()
	s := &stage{t: t, programs: make(chan *fakeProgram, 9), refuse: make(chan *gate.Refusal, 9)}
	ctx, cancel := context.WithCancelCause(context.Background())
	s.goAway = func() { cancel(libwebsocketd.ErrGoingAway) }
	o.Context, o.Log, o.Shelf, o.Gone = ctx, slog.New(slog.DiscardHandler), NewShelf(1, o.Life.History), func() {}
	s.Hub = NewHub(o)
	s.Hub.Start = func() (libwebsocketd.Endpoint, *gate.Refusal) {
		select {
		case refusal := <-s.refuse:
			return nil, refusal
		default:
		}
		p := newFakeProgram()
		s.programs <- p
		return p, nil
	}
	s.Hub.open()
	first, _ := s.Hub.Start()
	t.Cleanup(func() {
		s.goAway()
		s.running.Wait()
	})
	return s, first.(*fakeProgram)
}

// run lets the hub live: a test attaches its first viewer before.
func (s *stage) run() {
	first := <-s.programs
	s.running.Go(func() { s.Hub.run(first) })
}

// viewer attaches one that asked for url.
func (s *stage) viewer(url string, about ...func(*libwebsocketd.Attach)) *Subscription {
	s.t.Helper()
	sub, refusal := s.attachTo(url, about...)
	if sub == nil {
		s.t.Fatalf("no viewer for %s: %v", url, refusal)
	}
	s.t.Cleanup(func() {
		s.goAway() // else it waits for more
		sub.Close()
	})
	return sub
}

func (s *stage) attachTo(url string, about ...func(*libwebsocketd.Attach)) (*Subscription, *gate.Refusal) {
	return s.attachRequest(httptest.NewRequest("GET", url, nil), about...)
}

func (s *stage) attachRequest(r *http.Request, about ...func(*libwebsocketd.Attach)) (*Subscription, *gate.Refusal) {
	call := &libwebsocketd.Attach{Request: r, Log: s.Hub.Log, MayStart: true}
	for _, f := range about {
		f(call)
	}
	from, refusal := ReadFrom(call.Request)
	if refusal != nil {
		return nil, refusal
	}
	return s.Hub.Attach(call, from)
}

func statusOf(refusal *gate.Refusal) int {
	if refusal == nil {
		return 0
	}
	return refusal.Status
}

// next is what a viewer gets from one call, as words.
func next(s *Subscription) string {
	deliveries, err := s.Deliveries()
	if err != nil {
		return "error: " + err.Error()
	}
	var words []string
	for _, d := range deliveries {
		if d.Note != nil {
			words = append(words, fmt.Sprintf("%d:%s", d.First, d.Note))
			continue
		}
		n := d.First + uint64(d.Skip)
		for m := range d.Chunk.Messages(d.Skip) {
			words = append(words, fmt.Sprintf("%d:%s", n, m.Data))
			n++
		}
	}
	return strings.Join(words, " ")
}

// expect compares what a viewer gets, however it is divided into calls.
func expect(t *testing.T, s *Subscription, want ...string) {
	t.Helper()
	for _, w := range want {
		got := next(s)
		for len(got) < len(w) && !strings.HasPrefix(got, "error") {
			got += " " + next(s)
		}
		if got != w {
			t.Errorf("got %q, want %q", got, w)
		}
	}
}
