package hub

import (
	"context"
	"sync"
	"sync/atomic"

	"websocketd/libwebsocketd/bridge"
)

// mostReplies is how many answers wait for a client before it is read no further.
const mostReplies = 16

// outbox is what there may be to send to a client: answers, and the subscriptions that may have
// something to read.
type outbox struct {
	wake chan struct{} // signals that it is not empty

	mu          sync.Mutex
	first, last *subscription
	replies     [][]byte
	posts       [][]byte      // see Client.Post
	posted      int           // bytes of posts
	all         *atomic.Int64 // of all clients
	room        chan struct{} // closed when there is room for replies; nil if nobody waits
	shut        bool          // nothing is sent any more
}

// queue adds a subscription, unless it is there.
func (o *outbox) queue(s *subscription) {
	if !s.queued.Swap(true) {
		o.push(s)
	}
}

// push adds a subscription that is marked as queued, and is not.
func (o *outbox) push(s *subscription) {
	o.mu.Lock()
	if o.last == nil {
		o.first = s
	} else {
		o.last.behind = s
	}
	o.last = s
	o.mu.Unlock()
	o.stir()
}

func (o *outbox) stir() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// unqueue returns the next subscription that may have something to read; nil is none.
func (o *outbox) unqueue() *subscription {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.first
	if s == nil {
		return nil
	}
	if o.first, s.behind = s.behind, nil; o.first == nil {
		o.last = nil
	}
	s.queued.Store(false) // before it is read: what is published later queues it again
	return s
}

// answer adds a message. It waits while there are mostReplies, until ctx is done or the outbox
// is closed.
func (o *outbox) answer(ctx context.Context, message []byte) {
	for {
		room, ok := o.tryAnswer(message)
		if ok {
			o.stir()
			return
		}
		select {
		case <-room:
		case <-ctx.Done():
			return
		}
	}
}

// tryAnswer adds a message if there is room, or if it is dropped. Otherwise it returns what is
// closed when there is.
func (o *outbox) tryAnswer(message []byte) (room <-chan struct{}, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.shut:
		return nil, true
	case len(o.replies) < mostReplies:
		o.replies = append(o.replies, message)
		return nil, true
	case o.room == nil:
		o.room = make(chan struct{})
	}
	return o.room, false
}

// close drops the answers that wait, and those to come.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shut = true
	o.posts = nil
	o.count(-o.posted)
	o.dropReplies()
}

// dropReplies lets go of the answers; o.mu is held.
func (o *outbox) dropReplies() {
	o.replies = nil
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// take appends the answers that wait, and of what was posted as much as a write may have.
func (o *outbox) take(out []bridge.Delivery) []bridge.Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, message := range o.replies {
		out = append(out, said(message))
	}
	o.dropReplies()
	return o.takePosts(out)
}
