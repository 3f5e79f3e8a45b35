package libwebsocketd

import (
	"context"
	"errors"
	"testing"
)

// isOver reports whether a channel is closed.
func isOver(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestNone: who waits that there are none is told at once, or with the last one.
func TestNone(t *testing.T) {
	var n none
	n.note(0) // nobody waits yet
	first := n.wait(2)
	if n.note(1); isOver(first) {
		t.Error("there was one")
	}
	n.note(0)
	n.note(0)
	if again := n.wait(0); !isOver(first) || !isOver(again) {
		t.Error("there were none")
	}
	if fresh := new(none); !isOver(fresh.wait(0)) {
		t.Error("there were none from the beginning")
	}
}

// TestDrain: a drained server waits for who is there until ctx is done, and can
// be shut down then.
func TestDrain(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Command: []string{"/bin/cat"}})
	if err != nil {
		t.Fatal(err)
	}
	x := &session{}
	if !s.begin() {
		t.Fatal("nothing begins")
	}
	s.enter(x)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with a client: %v", err)
	}
	if !s.GoingAway() {
		t.Error("it does not say so")
	}
	drained := make(chan error)
	go func() { drained <- s.Drain(t.Context()) }()
	s.leave(x)
	s.running.Done()
	if err := <-drained; err != nil {
		t.Errorf("without a client: %v", err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
