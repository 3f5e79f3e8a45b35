package mcp

import (
	"context"
	"sync"

	"websocketd/libwebsocketd/gate"
)

// turnstile counts the requests that are not to be interrupted, and can let nobody in for a while,
// because another server may go on with what they are for. The zero value lets everybody in.
type turnstile struct {
	mu    sync.Mutex
	in    int
	empty chan struct{} // closed when nobody is in; nil: nobody waits for that
	still chan struct{} // closed when somebody is let in again; nil: everybody is
	gone  bool          // another server goes on with it
}

// enter lets a request in, which must call exit, once. It waits while nobody is let in, and refuses a
// request that is another server's.
func (t *turnstile) enter(ctx context.Context) *gate.Refusal {
	for {
		t.mu.Lock()
		still := t.still
		switch {
		case t.gone:
			t.mu.Unlock()
			return gate.HandedOver
		case still == nil:
			t.in++
			t.mu.Unlock()
			return nil
		}
		t.mu.Unlock()
		select {
		case <-still:
		case <-ctx.Done():
			return gate.HandedOver // its client has left, or the server goes away: nobody reads that
		}
	}
}

// exit ends what enter began.
func (t *turnstile) exit() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in--; t.in == 0 && t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

// shut lets nobody in until open.
func (t *turnstile) shut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.still == nil {
		t.still = make(chan struct{})
	}
}

// vacated returns a channel that is closed when nobody is in.
func (t *turnstile) vacated() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.empty == nil {
		t.empty = make(chan struct{})
	}
	empty := t.empty
	if t.in == 0 {
		close(t.empty)
		t.empty = nil
	}
	return empty
}

// open ends shut; if another server goes on, everybody is refused from now on.
func (t *turnstile) open(gone bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone = gone; t.still != nil {
		close(t.still)
		t.still = nil
	}
}
