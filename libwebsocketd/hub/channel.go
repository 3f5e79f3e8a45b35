package hub

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// Limits bound what a channel keeps. In each field, 0 is the default of the Hub's Options. The
// newest message is kept however large it is, but for its age.
type Limits struct {
	Bytes    int           // of memory
	Messages int           // how many
	Age      time.Duration // older ones are dropped, within a second
}

// Channel is a topic that clients subscribe to. Its methods may be called concurrently.
type Channel struct {
	hub    *Hub
	name   string // "" is what all clients get
	limits atomic.Pointer[Limits]
	record *record.Log[*item]
	count  atomic.Int64 // of subscribers
	opened int          // how often it was opened, and not closed; Hub.mu guards it
	dirty  atomic.Bool  // it is in the Hub's list of what is to be dispatched
	used   atomic.Int64 // when something was published, or a subscriber was there, last; in Unix nanoseconds

	publishing sync.Mutex // guards what follows, and that numbers and status go together
	status     *item      // the last TypeStatus; nil before
	statusSeq  uint64     // its number
	bytes      int64      // that count in Hub.held
	forgotten  bool       // the Hub does not know it any more

	mu          sync.Mutex
	subscribers []*subscription
}

func (h *Hub) newChannel(name string, l Limits) *Channel {
	return h.channelOf(name, record.New[*item](record.Limits{}), l)
}

// channelOf returns a channel with a record.
func (h *Hub) channelOf(name string, kept *record.Log[*item], l Limits) *Channel {
	ch := &Channel{hub: h, name: name, record: kept}
	ch.limit(l)
	ch.touch()
	return ch
}

// limit changes what the channel keeps, from its next message on.
func (ch *Channel) limit(l Limits) {
	ch.limits.Store(&l)
	ch.record.SetLimits(l.ofRecord())
}

// ofRecord returns the limits that the record keeps by itself.
func (l Limits) ofRecord() record.Limits { return record.Limits{Bytes: l.Bytes, Messages: l.Messages} }

// touch marks the channel as used now.
func (ch *Channel) touch() { ch.used.Store(time.Now().UnixNano()) }

// Name returns the name of the channel.
func (ch *Channel) Name() string { return ch.name }

const (
	// mostLines bounds the messages of an item, and of one write to a subscriber.
	mostLines = 256
	// mostBytes bounds what an item, and one write, is made of: it ends with the message that
	// goes beyond.
	mostBytes = 64 << 10
)

// Output publishes what a process has written, one message for each message of the batch. It
// copies the batch. It never waits for a client.
func (ch *Channel) Output(process string, batch []bridge.Message) {
	now := time.Now()
	for len(batch) > 0 {
		n := itemEnd(batch)
		ch.publish(&item{at: now, kind: TypeOutput, process: process, lines: linesOf(batch[:n])}, n)
		batch = batch[n:]
	}
}

// itemEnd returns how many messages of a batch make an item.
func itemEnd(batch []bridge.Message) int {
	bytes := 0
	for i := range batch[:min(len(batch), mostLines)] {
		if bytes += len(batch[i].Data); bytes >= mostBytes {
			return i + 1
		}
	}
	return min(len(batch), mostLines)
}

// Send publishes a message. Its error is that of encoding/json. It never waits for a client.
func (ch *Channel) Send(m Message) error {
	it, err := newItem(m)
	if err != nil {
		return err
	}
	ch.publish(it, 1)
	return nil
}

// publish adds an item to the record, and has it dispatched.
func (ch *Channel) publish(it *item, messages int) {
	if ch.hub.moved.Load() {
		return // nobody would get it
	}
	ch.publishing.Lock()
	ch.record.Append(context.Background(), it, messages, it.size()) // nothing is held: it does not wait
	if it.kind == TypeStatus {
		ch.status = it
		ch.statusSeq = ch.record.Last()
	}
	ch.countBytes()
	ch.publishing.Unlock()
	ch.used.Store(it.at.UnixNano())
	ch.stir()
	ch.hub.makeRoomIfFull()
}

// stir has what was published dispatched.
func (ch *Channel) stir() {
	if ch.count.Load() > 0 && !ch.dirty.Swap(true) {
		ch.hub.dispatchSoon(ch)
	}
}

// countBytes has what is kept count in the Hub; ch.publishing is held.
func (ch *Channel) countBytes() {
	if ch.forgotten {
		return
	}
	now := int64(ch.record.Bytes())
	ch.hub.held.Add(now - ch.bytes)
	ch.bytes = now
}

func (ch *Channel) bytesKept() int64 {
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	return ch.bytes
}

// drop drops the oldest messages until at most so many bytes are kept, and returns how many
// are.
func (ch *Channel) drop(most int64) int64 {
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	left := ch.bytes
	ch.record.DropWhile(func(it *item) bool {
		drops := left > most
		if drops {
			left -= int64(it.size())
		}
		return drops
	})
	ch.countBytes()
	return ch.bytes
}

// expire drops what is too old.
func (ch *Channel) expire(now time.Time) {
	age := ch.limits.Load().Age
	if age <= 0 {
		return
	}
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	ch.record.DropWhile(func(it *item) bool { return now.Sub(it.at) > age })
	ch.countBytes()
}

// atOnce is how many subscribers are woken before others may come and leave.
const atOnce = 256

// dispatch wakes every subscriber for what was published.
func (ch *Channel) dispatch() {
	ch.dirty.Store(false) // before they are woken: what is published later is dispatched again
	for from := 0; ch.wake(from); from += atOnce {
	}
}

// wake wakes some subscribers, and reports whether there are more. One that takes the place of
// another meanwhile is woken by leave.
func (ch *Channel) wake(from int) (more bool) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	end := min(from+atOnce, len(ch.subscribers))
	for i := from; i < end; i++ {
		s := ch.subscribers[i]
		s.client.out.queue(s)
	}
	return end < len(ch.subscribers)
}
